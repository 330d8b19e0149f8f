-- What is to be told to webhooks. A letter is written with the batch that makes it true, and waits here until it is
-- delivered, however often the server starts again meanwhile.
create table letters (
    -- In the order in which they were written. A number is never used again, so it is a place in a list.
    id bigint generated always as identity primary key,
    -- Made of what the letter is about, so that a batch that is written twice has it once.
    message text collate "C" not null unique,
    hook text collate "C" not null,
    event text not null,
    -- Null: it is about nobody, or has been delivered.
    user_id text collate "C",
    body text not null,
    made_at bigint not null,
    attempts bigint not null default 0,
    -- One of three: it waits until `due_at`, it is dead since `failed_at`, or it was delivered at `sent_at`. What was
    -- delivered stays for a while without its contents: a batch that is written late must not bring it back.
    due_at bigint,
    failed_at bigint,
    sent_at bigint,
    -- What was wrong with the newest attempt.
    why text,
    check (num_nonnulls(due_at, failed_at, sent_at) = 1)
);

-- What is next, and what has waited for longest.
create index letters_due on letters (hook, due_at, id) where due_at is not null;
create index letters_waiting on letters (hook, id) where due_at is not null;
create index letters_dead on letters (hook, id) where failed_at is not null;
create index letters_sent on letters (sent_at) where sent_at is not null;
-- Whoever is removed takes theirs along.
create index letters_by_user on letters (user_id) where user_id is not null;
