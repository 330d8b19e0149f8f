-- What is kept of every stay. A column that ends in _at is a moment of the server's clock, in milliseconds since
-- 1970 (UTC); one that ends in _ms is a length in milliseconds. A status is never stored: it is computed from these.

-- One row for each session, that is one tab's stay.
create table sessions (
    -- Spans and indexes carry this small number and not the sixteen bytes below. It grows in the order of arrival.
    id integer primary key,
    session blob not null unique check (length(session) = 16),
    user text not null,
    channel text not null,
    page text,
    state text not null,
    seq integer not null,
    started_at integer not null,
    last_seen_at integer not null,
    last_active_at integer not null,
    lease_until_at integer not null,
    visible_ms integer not null,
    visible_until_ms integer not null,
    active_ms integer not null,
    recovered integer not null check (recovered in (0, 1)),
    -- All four, or none while the session lasts.
    ended_at integer,
    detected_at integer,
    reason text,
    error_bound_ms integer,
    check ((ended_at is null) = (detected_at is null)),
    check ((ended_at is null) = (reason is null)),
    check ((ended_at is null) = (error_bound_ms is null))
) strict;

-- The lists of sessions: newest first, of everybody, of one user, of one channel. No column that a beat moves is in
-- any of them, so a beat writes one page of the table and no index.
create index sessions_by_start on sessions (started_at);
create index sessions_by_user on sessions (user, started_at);
create index sessions_by_channel on sessions (channel, started_at);

-- What a start reads back. Few sessions are open at any time, so this stays small however long the history grows.
create index sessions_open on sessions (id) where ended_at is null;

-- The intervals in which a session was visible. A span is named by its start on the tab's own clock: told twice, or
-- told again with a later end, it stays one span.
create table spans (
    session_id integer not null references sessions (id) on delete cascade,
    start_ms integer not null,
    end_ms integer not null,
    start_at integer not null,
    end_at integer not null,
    primary key (session_id, start_ms)
) strict, without rowid;

-- Single facts about the server itself.
create table meta (
    name text primary key,
    value integer not null
) strict, without rowid;
