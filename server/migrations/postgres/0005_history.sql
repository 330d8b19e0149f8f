-- What the history asks for and the lists do not: who was there in a range of time.

-- Who was there already when a range began either came within the day before it, is still there, or is one of these few.
-- Without it, all that has ended since would have to be looked at.
create index sessions_long on sessions (ended_at) where ended_at - started_at > 86400000;
