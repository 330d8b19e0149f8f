-- Makes the log of punches tell whether anybody has tampered with it: each row is sealed, and each seal follows from the
-- one before it. What a seal is made of stands in src/store/chain.rs.
alter table punches
    -- Of chance, so that nobody can find out by trying names whose a row was once its user is erased.
    add column salt bytea check (octet_length(salt) = 16),
    -- What binds the row to its user: it stays when the user is erased.
    add column person bytea check (octet_length(person) = 32),
    -- The seal itself, over the one before it and everything that the row says.
    add column chain bytea check (octet_length(chain) = 32);

-- What is known of the chain besides its rows, so that it is missed if rows at an end are taken away.
--   head     the last seal: of which row, and how many were sealed before it, itself included
--   anchor   the last row that was cut off at the old end, on purpose, and when
--   unsealed the last row that was there before there were seals: whatever comes later has one from the beginning
create table punch_marks (
    name text primary key check (name in ('head', 'anchor', 'unsealed')),
    id bigint not null,
    count bigint not null,
    chain bytea not null check (octet_length(chain) = 32),
    at bigint
);

insert into punch_marks (name, id, count, chain)
select 'unsealed', coalesce(max(id), 0), count(*), decode(repeat('00', 32), 'hex') from punches;

drop trigger punches_are_not_changed on punches;
drop function punches_are_append_only();

-- A row may change in two ways, and says the same afterwards: it is sealed, once; or its user is erased, for good.
create function punches_are_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if (new.id, new.epoch, new.kind, new.at, new.detected_at, new.reason, new.error_bound_ms)
            is not distinct from
            (old.id, old.epoch, old.kind, old.at, old.detected_at, old.reason, old.error_bound_ms)
            and (
                (old.chain is null and new.chain is not null and new.user_id = old.user_id)
                or (
                    (new.person, new.chain) is not distinct from (old.person, old.chain)
                    and starts_with(new.user_id, 'erased-') and new.salt is null and old.salt is not null
                )
            )
        then
            return new;
        end if;
    elsif tg_op = 'DELETE' then
        -- Only what lies before the anchor may be taken out, and never the newest row: what is left has to begin
        -- somewhere.
        if old.id <= (select id from punch_marks where name = 'anchor')
            and old.id < (select id from punch_marks where name = 'head')
        then
            return old;
        end if;
    end if;
    raise exception 'punches are append-only: a correction is a new row, and nothing takes a row out';
end
$$;

create trigger punches_are_not_changed before update or delete on punches
for each row execute function punches_are_append_only();

-- `truncate` knows no rows.
create trigger punches_are_not_emptied before truncate on punches
for each statement execute function punches_are_append_only();
