//! Reading: one session, the open ones, and pages of the list.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};
use stillhere_engine::{
    page::PageState,
    time::{Millis, Timestamp},
    tracker::SessionRow,
    wire::{ChannelName, PagePath, SessionId, UserId},
};

use super::{
    packed::{Columns, Packed, packed},
    totals,
};
use crate::{
    limits,
    store::{
        ChannelTotals, Left, OpenSessions, Place, ReadRows, SessionList, SessionPage, SessionQuery, StoreError,
        column::{self, damaged, from_sql, to_sql, unreadable},
        filters, rows,
    },
};

/// The columns in the order of [`rows::session`], the row's own number first.
const COLUMNS: &str = "
    select id, session, user, channel, page, state, seq, started_at, last_seen_at, last_active_at, lease_until_at,
        visible_ms, visible_until_ms, active_ms, recovered, ended_at, detected_at, reason, error_bound_ms, punch_epoch
    from sessions";

/// One session.
pub(super) async fn session(pool: &SqlitePool, session: SessionId) -> Result<Option<SessionRow>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(COLUMNS);
    query.push(" where session = ").push_bind(session.0.to_vec());
    let row = query.build().fetch_optional(pool).await.map_err(unreadable)?;
    row.map(|row| rows::session(&row)).transpose()
}

/// A piece of the open sessions.
const OPEN: &str = packed!(
    [
        "id", "hex(session)", "user", "channel", "state", "seq", "started_at", "last_seen_at", "last_active_at",
        "lease_until_at", "visible_ms", "visible_until_ms", "active_ms", "recovered", "page"
    ]
    "select * from sessions where ended_at is null and id > ?1 order by id limit ?2"
);

/// How many there are.
pub(super) async fn open_count(pool: &SqlitePool) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar::<_, i64>("select count(*) from sessions where ended_at is null");
    count.fetch_one(pool).await.map(from_sql).map_err(unreadable)
}

/// A piece of the open sessions.
pub(super) async fn open_sessions(pool: &SqlitePool, after: Option<Place>) -> Result<OpenSessions, StoreError> {
    let query = sqlx::query(OPEN).bind(after.map_or(0, |place| place.0)).bind(limits::RESTORE_ROWS);
    let mut connection = pool.acquire().await.map_err(unreadable)?;
    let found = Packed::fetch(query, &mut connection).await?;
    let is_full = found.rows()?.count() == limits::RESTORE_ROWS as usize;
    let last = found.rows()?.next_back().filter(|_| is_full);
    let next = last.map(|mut columns| columns.integer("id").map(Place)).transpose()?;
    Ok(OpenSessions { rows: ReadRows::new(move || found.rows()?.map(open_session).collect()), next })
}

fn open_session(mut columns: Columns<'_>) -> Result<SessionRow, StoreError> {
    let _place = columns.integer("id")?;
    let bits = u128::from_str_radix(columns.text("session")?, 16).map_err(|_| damaged("session"))?;
    Ok(SessionRow {
        session: SessionId(bits.to_be_bytes()),
        user: UserId::parse(columns.text("user")?).map_err(|_| damaged("user"))?,
        channel: ChannelName::parse(columns.text("channel")?).map_err(|_| damaged("channel"))?,
        state: PageState::parse(columns.text("state")?).ok_or_else(|| damaged("state"))?,
        seq: u32::try_from(columns.number("seq")?).map_err(|_| damaged("seq"))?,
        started_at: columns.moment("started_at")?,
        last_seen_at: columns.moment("last_seen_at")?,
        last_active_at: columns.moment("last_active_at")?,
        lease_until: columns.moment("lease_until_at")?,
        visible: Millis(columns.number("visible_ms")?),
        visible_until: Millis(columns.number("visible_until_ms")?),
        active: Millis(columns.number("active_ms")?),
        recovered: columns.integer("recovered")? == 1,
        page: columns.maybe_text().map(PagePath::parse).transpose().map_err(|_| damaged("page"))?,
        punch_epoch: None,
        end: None,
    })
}

/// The last sign of life.
pub(super) async fn alive_at(pool: &SqlitePool) -> Result<Option<Timestamp>, StoreError> {
    let found = sqlx::query_scalar::<_, i64>("select value from meta where name = 'alive_at'");
    let found = found.fetch_optional(pool).await.map_err(unreadable)?;
    Ok(found.map(|moment| Timestamp(from_sql(moment))))
}

/// Who has been in each channel.
pub(super) async fn channels(pool: &SqlitePool, today: Timestamp) -> Result<Vec<ChannelTotals>, StoreError> {
    let sql = "select channel, count(*), count(*) filter (where last_at >= ?1) from visits group by channel";
    let found = sqlx::query_as::<_, (String, i64, i64)>(sql).bind(to_sql(today.0));
    let found = found.fetch_all(pool).await.map_err(unreadable)?;
    let totals = found.into_iter().map(|(channel, ever, today)| {
        let channel = ChannelName::parse(&channel).map_err(|_| damaged("channel"))?;
        Ok(ChannelTotals { channel, ever: from_sql(ever), today: from_sql(today) })
    });
    totals.collect()
}

/// Of all rows of a group, SQLite takes the other columns from the one that has the maximum.
const LEFT: &str = "
    select user, channel, max(last_seen_at), last_active_at from sessions
    where ended_at >= ?1 group by user limit ?2";

/// Who has left lately.
pub(super) async fn left(pool: &SqlitePool, since: Timestamp) -> Result<Vec<Left>, StoreError> {
    let found = sqlx::query_as::<_, (String, String, i64, i64)>(LEFT).bind(to_sql(since.0)).bind(limits::LEFT_ROWS);
    column::to_left(found.fetch_all(pool).await.map_err(unreadable)?)
}

/// A page of the list, and the totals as of the same moment.
pub(super) async fn sessions(pool: &SqlitePool, query: &SessionQuery) -> Result<SessionList, StoreError> {
    let mut snapshot = pool.begin().await.map_err(unreadable)?;
    let page = page(&mut snapshot, query).await?;
    let totals = totals::of(&mut snapshot, query).await?;
    snapshot.rollback().await.map_err(unreadable)?;
    Ok(SessionList { page, totals })
}

/// A page of the list alone.
pub(super) async fn session_page(pool: &SqlitePool, query: &SessionQuery) -> Result<SessionPage, StoreError> {
    page(&mut *pool.acquire().await.map_err(unreadable)?, query).await
}

async fn page(connection: &mut SqliteConnection, query: &SessionQuery) -> Result<SessionPage, StoreError> {
    let mut page = QueryBuilder::<Sqlite>::new(COLUMNS);
    filters::sessions(&mut page, query);
    if let Some(after) = query.after {
        page.push(" and (started_at, id) < (").push_bind(after.started_at);
        page.push(", ").push_bind(after.id).push(")");
    }
    // One more than asked for tells whether there is another page.
    page.push(" order by started_at desc, id desc limit ").push_bind(i64::from(query.limit) + 1);
    let mut found = page.build().fetch_all(connection).await.map_err(unreadable)?;
    let more = found.len() > query.limit as usize;
    found.truncate(query.limit as usize);
    let next = found.last().filter(|_| more).map(rows::cursor).transpose()?;
    Ok(SessionPage { rows: found.iter().map(rows::session).collect::<Result<_, _>>()?, next })
}
