-- What a question needs to know of everything that is over, in the order in which it began: totals and statistics of any
-- range read a piece of this, and nothing of the table. A beat writes none of it, as only what has ended is in it.
create index sessions_past on sessions (started_at, ended_at, user, channel, reason, visible_ms, active_ms)
where ended_at is not null;
