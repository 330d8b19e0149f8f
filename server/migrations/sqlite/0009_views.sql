-- Where a session was before it went on to another page or channel: which pages were viewed, and for how long. Where it
-- is now, or was in the end, its own row says, so a session that stays where it began has no row here.
create table views (
    session_id integer not null references sessions (id) on delete cascade,
    -- The beat that told of the change.
    seq integer not null,
    channel text not null,
    page text,
    until_at integer not null,
    primary key (session_id, seq)
) strict, without rowid;

-- Who was on a page, not only who ended there.
create index views_by_page on views (page, session_id) where page is not null;
