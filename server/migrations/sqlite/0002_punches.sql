-- The punch clock: an append-only log of who came and went.

-- The stay in which a session ended, so that late evidence finds the punch that it corrects.
alter table sessions add column punch_epoch integer;
create index sessions_by_stay on sessions (user, punch_epoch) where punch_epoch is not null;

create table punches (
    id integer primary key,
    user text not null,
    epoch integer not null,
    kind text not null check (kind in ('IN', 'OUT', 'AUTO_OUT', 'CORRECTION')),
    at integer not null,
    detected_at integer not null,
    reason text,
    error_bound_ms integer not null
) strict;

-- A stay begins once, and each way of ending is there once, whoever writes and however often. Corrections follow each
-- other, each with a later moment.
create unique index punches_once on punches (user, epoch, kind) where kind <> 'CORRECTION';
create unique index punches_corrected on punches (user, epoch, at) where kind = 'CORRECTION';
create index punches_by_user on punches (user);
create index punches_by_time on punches (at);

create trigger punches_are_not_changed before update on punches
begin
    select raise(abort, 'punches are append-only: a correction is a new row');
end;

create trigger punches_are_not_deleted before delete on punches
begin
    select raise(abort, 'punches are append-only: nothing takes a row out');
end;

-- Who is in now: what a start reads back, without going through the log of years.
create table stays (
    user text primary key,
    epoch integer not null,
    at integer not null
) strict, without rowid;
