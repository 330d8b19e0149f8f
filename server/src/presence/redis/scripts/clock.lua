-- What the time is. A script, as it has a key: so all nodes ask the same server.
-- KEYS: one of the server that is asked
-- Answers seconds since 1970, and microseconds.
return redis.call('TIME')
