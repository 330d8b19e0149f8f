-- The newest changes as watchers were told them, so that a restart can tell who comes back what was missed. Each is
-- written with the batch that it is of, and the oldest go in the same transaction.
create table news (
    -- In the order in which they were told, without gaps: a span of these numbers is a number of rows.
    id integer primary key,
    epoch integer not null,
    offset integer not null,
    at integer not null,
    name text not null,
    -- Null: it is between its user and the admins.
    channel text,
    user text not null,
    json text not null,
    unique (epoch, offset)
) strict;
