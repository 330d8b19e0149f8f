-- What a question needs to know of everything that is over, in the order in which it began: statistics of any range read
-- a piece of this, and nothing of the table. No column that a beat moves may be in any index here, not even of ended
-- sessions: PostgreSQL would write every index anew with every beat.
create index sessions_past on sessions (started_at) include (ended_at, user_id, channel, reason)
where ended_at is not null;
