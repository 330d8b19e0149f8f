-- Who has ever been in which channel, and when last: what the totals of a channel are counted from. Sessions cannot tell,
-- as one that moves on keeps only its newest channel.
create table visits (
    channel text not null,
    user text not null,
    first_at integer not null,
    last_at integer not null,
    primary key (channel, user)
) strict, without rowid;

create index visits_by_time on visits (channel, last_at);
