-- Makes the log of punches tell whether anybody has tampered with it: each row is sealed, and each seal follows from the
-- one before it. What a seal is made of stands in src/store/chain.rs.

-- Of chance, so that nobody can find out by trying names whose a row was once its user is erased.
alter table punches add column salt blob check (length(salt) = 16);
-- What binds the row to its user: it stays when the user is erased.
alter table punches add column person blob check (length(person) = 32);
-- The seal itself, over the one before it and everything that the row says.
alter table punches add column chain blob check (length(chain) = 32);

-- What is known of the chain besides its rows, so that it is missed if rows at an end are taken away.
--   head     the last seal: of which row, and how many were sealed before it, itself included
--   anchor   the last row that was cut off at the old end, on purpose, and when
--   unsealed the last row that was there before there were seals: whatever comes later has one from the beginning
create table punch_marks (
    name text primary key check (name in ('head', 'anchor', 'unsealed')),
    id integer not null,
    count integer not null,
    chain blob not null check (length(chain) = 32),
    at integer
) strict, without rowid;

insert into punch_marks (name, id, count, chain)
select 'unsealed', coalesce(max(id), 0), count(*), zeroblob(32) from punches;

-- A row may change in two ways, and says the same afterwards: it is sealed, once; or its user is erased, for good.
drop trigger punches_are_not_changed;
create trigger punches_are_not_changed before update on punches
when not (
    (new.id, new.epoch, new.kind, new.at, new.detected_at, new.reason, new.error_bound_ms)
        is (old.id, old.epoch, old.kind, old.at, old.detected_at, old.reason, old.error_bound_ms)
    and (
        (old.chain is null and new.chain is not null and new.user is old.user)
        or (
            (new.person, new.chain) is (old.person, old.chain)
            and new.user glob 'erased-*' and new.salt is null and old.salt is not null
        )
    )
)
begin
    select raise(abort, 'punches are append-only: a correction is a new row');
end;

-- Only what lies before the anchor may be taken out, and never the newest row: the next one has its number from it.
drop trigger punches_are_not_deleted;
create trigger punches_are_not_deleted before delete on punches
when old.id > coalesce((select id from punch_marks where name = 'anchor'), 0)
    or old.id >= coalesce((select id from punch_marks where name = 'head'), 0)
begin
    select raise(abort, 'punches are append-only: nothing takes a row out');
end;
