//! Reading: one session, the open ones, and pages of the list.

use sqlx::{Connection, PgConnection, PgPool, Postgres, QueryBuilder, Row, postgres::PgRow};
use stillhere_engine::{
    time::Timestamp,
    tracker::SessionRow,
    wire::{ChannelName, SessionId},
};

use super::totals;
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
    select id, session, user_id, channel, page, state, seq, started_at, last_seen_at, last_active_at, lease_until_at,
        visible_ms, visible_until_ms, active_ms, recovered, ended_at, detected_at, reason, error_bound_ms, punch_epoch
    from sessions";

/// One session.
pub(super) async fn session(pool: &PgPool, session: SessionId) -> Result<Option<SessionRow>, StoreError> {
    let mut query = QueryBuilder::<Postgres>::new(COLUMNS);
    query.push(" where session = ").push_bind(session.0);
    let row = query.build().fetch_optional(pool).await.map_err(unreadable)?;
    row.map(|row| rows::session(&row)).transpose()
}

/// How many there are.
pub(super) async fn open_count(pool: &PgPool) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar::<_, i64>("select count(*) from sessions where ended_at is null");
    count.fetch_one(pool).await.map(from_sql).map_err(unreadable)
}

/// A piece of the open sessions.
pub(super) async fn open_sessions(pool: &PgPool, after: Option<Place>) -> Result<OpenSessions, StoreError> {
    let mut query = QueryBuilder::<Postgres>::new(COLUMNS);
    query.push(" where ended_at is null and id > ").push_bind(after.map_or(0, |place| place.0));
    query.push(" order by id limit ").push_bind(i64::from(limits::RESTORE_ROWS));
    let found = query.build().fetch_all(pool).await.map_err(unreadable)?;
    let full = found.len() as u64 == u64::from(limits::RESTORE_ROWS);
    let next = found.last().filter(|_| full).map(|row| id(row).map(Place)).transpose()?;
    Ok(OpenSessions { rows: ReadRows::new(move || found.iter().map(rows::session).collect()), next })
}

/// The last sign of life.
pub(super) async fn alive_at(pool: &PgPool) -> Result<Option<Timestamp>, StoreError> {
    let found = sqlx::query_scalar::<_, i64>("select value from meta where name = 'alive_at'");
    let found = found.fetch_optional(pool).await.map_err(unreadable)?;
    Ok(found.map(|moment| Timestamp(from_sql(moment))))
}

/// Who has been in each channel.
pub(super) async fn channels(pool: &PgPool, today: Timestamp) -> Result<Vec<ChannelTotals>, StoreError> {
    let sql = "select channel, count(*), count(*) filter (where last_at >= $1) from visits group by channel";
    let found = sqlx::query_as::<_, (String, i64, i64)>(sql).bind(to_sql(today.0));
    let found = found.fetch_all(pool).await.map_err(unreadable)?;
    let totals = found.into_iter().map(|(channel, ever, today)| {
        let channel = ChannelName::parse(&channel).map_err(|_| damaged("channel"))?;
        Ok(ChannelTotals { channel, ever: from_sql(ever), today: from_sql(today) })
    });
    totals.collect()
}

const LEFT: &str = "
    select distinct on (user_id) user_id, channel, last_seen_at, last_active_at from sessions
    where ended_at >= $1 order by user_id, last_seen_at desc limit $2";

/// Who has left lately.
pub(super) async fn left(pool: &PgPool, since: Timestamp) -> Result<Vec<Left>, StoreError> {
    let found = sqlx::query_as::<_, (String, String, i64, i64)>(LEFT).bind(to_sql(since.0));
    let found = found.bind(i64::from(limits::LEFT_ROWS));
    column::to_left(found.fetch_all(pool).await.map_err(unreadable)?)
}

/// A page of the list, and the totals as of the same moment.
pub(super) async fn sessions(pool: &PgPool, query: &SessionQuery) -> Result<SessionList, StoreError> {
    let mut connection = pool.acquire().await.map_err(unreadable)?;
    let same_moment = "begin isolation level repeatable read, read only";
    let mut snapshot = connection.begin_with(same_moment).await.map_err(unreadable)?;
    let page = page(&mut snapshot, query).await?;
    let totals = totals::of(&mut snapshot, query).await?;
    snapshot.rollback().await.map_err(unreadable)?;
    Ok(SessionList { page, totals })
}

/// A page of the list alone.
pub(super) async fn session_page(pool: &PgPool, query: &SessionQuery) -> Result<SessionPage, StoreError> {
    page(&mut *pool.acquire().await.map_err(unreadable)?, query).await
}

async fn page(connection: &mut PgConnection, query: &SessionQuery) -> Result<SessionPage, StoreError> {
    let mut page = QueryBuilder::new("");
    push_page(&mut page, query);
    let mut found = page.build().fetch_all(connection).await.map_err(unreadable)?;
    let more = found.len() > query.limit as usize;
    found.truncate(query.limit as usize);
    let next = found.last().filter(|_| more).map(rows::cursor).transpose()?;
    Ok(SessionPage { rows: found.iter().map(rows::session).collect::<Result<_, _>>()?, next })
}

/// The rows of a page, and one more, which tells whether there is another page.
pub(super) fn push_page(page: &mut QueryBuilder<Postgres>, query: &SessionQuery) {
    page.push(COLUMNS);
    filters::sessions(page, query);
    if let Some(after) = query.after {
        page.push(" and (started_at, id) < (").push_bind(after.started_at);
        page.push(", ").push_bind(after.id).push(")");
    }
    page.push(" order by started_at desc, id desc limit ").push_bind(i64::from(query.limit) + 1);
}

fn id(row: &PgRow) -> Result<i64, StoreError> {
    row.try_get(0).map_err(unreadable)
}
