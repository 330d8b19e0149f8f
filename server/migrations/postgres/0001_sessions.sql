-- What is kept of every stay, with the meaning that it has in SQLite. A column that ends in _at is a moment of the
-- server's clock, in milliseconds since 1970 (UTC); one that ends in _ms is a length in milliseconds. A status is never
-- stored: it is computed from these.
--
-- Names are compared byte by byte (collate "C"): an order by language is slower, and an update of the operating system
-- can change it under an index.

-- One row for each session, that is one tab's stay. The column is named user_id as a bare `user` is a word of the
-- language: it would name whoever is logged in, and no error would tell.
create table sessions (
    -- Spans and indexes carry this small number and not the sixteen bytes below. It grows in the order of arrival.
    id bigint generated always as identity primary key,
    session bytea not null unique check (octet_length(session) = 16),
    user_id text collate "C" not null,
    channel text collate "C" not null,
    page text,
    state text not null,
    seq bigint not null,
    started_at bigint not null,
    last_seen_at bigint not null,
    last_active_at bigint not null,
    lease_until_at bigint not null,
    visible_ms bigint not null,
    visible_until_ms bigint not null,
    active_ms bigint not null,
    recovered boolean not null,
    -- All four, or none while the session lasts.
    ended_at bigint,
    detected_at bigint,
    reason text,
    error_bound_ms bigint,
    -- The stay in which a session ended, so that late evidence finds the punch that it corrects.
    punch_epoch bigint,
    check (num_nulls(ended_at, detected_at, reason, error_bound_ms) in (0, 4))
)
-- A beat writes its row anew. With room for that in the same page no index has to be touched.
with (fillfactor = 70);

-- The lists of sessions: newest first, of everybody, of one user, of one channel. No column that a beat moves is in
-- any of them.
create index sessions_by_start on sessions (started_at, id);
create index sessions_by_user on sessions (user_id, started_at, id);
create index sessions_by_channel on sessions (channel, started_at, id);

-- What a start reads back. Few sessions are open at any time, so this stays small however long the history grows.
create index sessions_open on sessions (id) where ended_at is null;
create index sessions_by_stay on sessions (user_id, punch_epoch) where punch_epoch is not null;

-- The intervals in which a session was visible. A span is named by its start on the tab's own clock: told twice, or
-- told again with a later end, it stays one span.
create table spans (
    session_id bigint not null references sessions (id) on delete cascade,
    start_ms bigint not null,
    end_ms bigint not null,
    start_at bigint not null,
    end_at bigint not null,
    primary key (session_id, start_ms)
);

-- Who has ever been in which channel, and when last: what the totals of a channel are counted from. Sessions cannot
-- tell, as one that moves on keeps only its newest channel.
create table visits (
    channel text collate "C" not null,
    user_id text collate "C" not null,
    first_at bigint not null,
    last_at bigint not null,
    primary key (channel, user_id)
);

create index visits_by_time on visits (channel, last_at);

-- Single facts about the server itself.
create table meta (
    name text primary key,
    value bigint not null
);
