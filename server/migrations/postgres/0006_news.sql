-- The newest changes as watchers were told them, so that a restart can tell who comes back what was missed. Each is
-- written with the batch that it is of, and the oldest go in the same transaction.
create table news (
    -- In the order in which they were told, without gaps: a span of these numbers is a number of rows. The one who
    -- writes counts them, as a sequence of the database's would have gaps after each batch that failed.
    id bigint primary key,
    epoch bigint not null,
    -- A word of the language, so always in quotes.
    "offset" bigint not null,
    at bigint not null,
    name text not null,
    -- Null: it is between its user and the admins.
    channel text collate "C",
    user_id text collate "C" not null,
    json text not null,
    unique (epoch, "offset")
);
