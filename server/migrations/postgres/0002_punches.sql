-- The punch clock: an append-only log of who came and went.
create table punches (
    id bigint generated always as identity primary key,
    user_id text collate "C" not null,
    epoch bigint not null,
    kind text not null check (kind in ('IN', 'OUT', 'AUTO_OUT', 'CORRECTION')),
    at bigint not null,
    detected_at bigint not null,
    reason text,
    error_bound_ms bigint not null
);

-- A stay begins once, and each way of ending is there once, whoever writes and however often. Corrections follow each
-- other, each with a later moment.
create unique index punches_once on punches (user_id, epoch, kind) where kind <> 'CORRECTION';
create unique index punches_corrected on punches (user_id, epoch, at) where kind = 'CORRECTION';
create index punches_by_user on punches (user_id, id);
create index punches_by_time on punches (at);

create function punches_are_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'punches are append-only: a correction is a new row, and nothing takes a row out';
end
$$;

-- For each statement and not for each row: then `truncate`, which knows no rows, is refused as well.
create trigger punches_are_not_changed before update or delete or truncate on punches
for each statement execute function punches_are_append_only();

-- Who is in now: what a start reads back, without going through the log of years.
create table stays (
    user_id text collate "C" primary key,
    epoch bigint not null,
    at bigint not null
);
