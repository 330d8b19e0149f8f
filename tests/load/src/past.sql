-- A past of COUNT sessions that are over, evenly from FIRST for as long as LENGTH, written in one go: what a server would
-- have written in months.
insert into sessions (
    id, session, user, channel, page, state, seq, started_at, last_seen_at, last_active_at, lease_until_at,
    visible_ms, visible_until_ms, active_ms, recovered, ended_at, detected_at, reason, error_bound_ms
)
with recursive
    numbers (number) as (select 0 union all select number + 1 from numbers where number + 1 < COUNT),
    -- Times an odd number within 32 bits, everybody changes places, and nobody's is taken: a spread as if by chance.
    spread as (
        select number, number * 2654435761 & 4294967295 as chance, (number * 7919 & 4294967295) % PEOPLE as person,
            FIRST + number * LENGTH / COUNT as started_at
        from numbers
    ),
    -- From half a minute to an hour.
    past as (select *, 30000 + chance % 3570000 as length from spread)
select
    number + 1, unhex(printf('%08x%024x', chance, number)), printf('user-%07d', person),
    'room-' || (person % CHANNELS), '/orders/' || (number % PAGES), 'active', 2, started_at, started_at + length,
    started_at + length, started_at + length + 20000, length, length, length, 0, started_at + length,
    started_at + length + 20000, 'timeout', 20000
from past;

insert into spans (session_id, start_ms, end_ms, start_at, end_at)
select id, 0, visible_ms, started_at, ended_at from sessions order by id;

-- Who was where, as beats would have told it: everybody is among the first, and again among the last.
insert into visits (channel, user, first_at, last_at)
select channel, user, min(started_at), max(ended_at) from sessions
where id <= 2 * PEOPLE or id > COUNT - 2 * PEOPLE group by channel, user order by channel, user;
