-- What is to be told to webhooks. A letter is written with the batch that makes it true, and waits here until it is
-- delivered, however often the server starts again meanwhile.
create table letters (
    -- In the order in which they were written. A number is never used again, so it is a place in a list.
    id integer primary key autoincrement,
    -- Made of what the letter is about, so that a batch that is written twice has it once.
    message text not null unique,
    hook text not null,
    event text not null,
    -- Null: it is about nobody, or has been delivered.
    user text,
    body text not null,
    made_at integer not null,
    attempts integer not null default 0,
    -- One of three: it waits until `due_at`, it is dead since `failed_at`, or it was delivered at `sent_at`. What was
    -- delivered stays for a while without its contents: a batch that is written late must not bring it back.
    due_at integer,
    failed_at integer,
    sent_at integer,
    -- What was wrong with the newest attempt.
    why text,
    check ((due_at is not null) + (failed_at is not null) + (sent_at is not null) = 1)
) strict;

-- What is next, and what has waited for longest.
create index letters_due on letters (hook, due_at, id) where due_at is not null;
create index letters_waiting on letters (hook, id) where due_at is not null;
create index letters_dead on letters (hook, id) where failed_at is not null;
create index letters_sent on letters (sent_at) where sent_at is not null;
-- Whoever is removed takes theirs along.
create index letters_by_user on letters (user) where user is not null;
