-- What is to be forgotten is looked for by its age, a piece at a time; and so is who went in a range of time. Only sessions
-- that have ended are in the first, so a beat still writes no index.
create index sessions_by_end on sessions (ended_at) where ended_at is not null;
create index visits_by_age on visits (last_at);
