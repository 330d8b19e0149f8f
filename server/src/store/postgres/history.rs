//! Feeding a history, a slice of time after the other: PostgreSQL gives sessions in the order of their start, and the flow
//! makes of them what happened.

use futures_util::TryStreamExt;
use sqlx::{Connection, PgConnection, PgPool, Row, postgres::PgRow};
use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::EndReason,
    wire::UserId,
};

use crate::{
    limits,
    store::{
        AutoOuts, Event, Range, Shares, StoreError, Trace,
        column::{damaged, from_sql, to_sql, unreadable},
        flow::{Flow, Slices, Stayed},
        rows::Cells,
    },
};

/// All that one history asks for is as of one moment.
const SAME_MOMENT: &str = "begin isolation level repeatable read, read only";

/// Sessions that last, and those that were there already when the range began at `$1` and have ended since. The length of
/// a day is written out, as an index with a condition is only used by who repeats it.
pub(super) const BEFOREHAND: &str = "
    select started_at, user_id, channel, null::bigint, null::text from sessions
    where ended_at is null and started_at < $2
    union all
    select started_at, user_id, channel, ended_at, reason from sessions
    where started_at >= $1 - 86400000 and started_at < $1 and ended_at >= $1
    union all
    select started_at, user_id, channel, ended_at, reason from sessions
    where ended_at - started_at > 86400000 and ended_at >= $1 and started_at < $1 - 86400000";

/// Sessions that are over and began from `$1` until before `$2`, in order: a piece of one index, which holds all of it.
pub(super) const BEGUN: &str = "
    select started_at, user_id, channel, ended_at, reason from sessions
    where ended_at is not null and started_at >= $1 and started_at < $2 order by started_at";

/// When somebody was punched out, in order.
const PUNCHED_OUT: &str = "
    select at from punches where kind = 'AUTO_OUT' and at >= $1 and at < $2 order by at";

const AUTO_OUTS: &str = "
    select user_id, count(*) from punches where kind = 'AUTO_OUT' and at >= $1 and at < $2
    group by user_id order by 2 desc, 1 limit $3";

/// What happened to anybody, and how it is spread.
pub(super) async fn of_all(
    pool: &PgPool,
    range: Range,
    into: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Shares, StoreError> {
    let mut connection = pool.acquire().await.map_err(unreadable)?;
    let mut snapshot = connection.begin_with(SAME_MOMENT).await.map_err(unreadable)?;
    let mut flow = Flow::new(range, into);
    let mut beforehand = bound(BEFOREHAND, range).fetch(&mut *snapshot);
    while let Some(row) = beforehand.try_next().await.map_err(unreadable)? {
        flow.beforehand(&stayed(&row)?);
    }
    drop(beforehand);
    let (mut slices, mut found) = (Slices::of(range), limits::HISTORY_ROWS as usize);
    while let Some(slice) = slices.next(found) {
        for row in bound(PUNCHED_OUT, slice).fetch_all(&mut *snapshot).await.map_err(unreadable)? {
            flow.auto_out(Timestamp(number(&row, 0)?));
        }
        let begun = bound(BEGUN, slice).fetch_all(&mut *snapshot).await.map_err(unreadable)?;
        begun.iter().try_for_each(|row| stayed(row).map(|stayed| flow.begin(&stayed)))?;
        found = begun.len();
        flow.go_on_to(slice.to());
    }
    let auto_outs = auto_outs(&mut snapshot, range).await?;
    snapshot.rollback().await.map_err(unreadable)?;
    flow.finish(auto_outs)
}

type Bound = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn bound(sql: &'static str, range: Range) -> Bound {
    sqlx::query(sql).bind(to_sql(range.from().0)).bind(to_sql(range.to().0))
}

fn stayed(row: &PgRow) -> Result<Stayed<'_>, StoreError> {
    let end = match (row.maybe_integer(3)?, row.maybe_text(4)?) {
        (Some(at), Some(word)) => {
            Some((Timestamp(from_sql(at)), EndReason::parse(word).ok_or_else(|| damaged("reason"))?))
        }
        _ => None,
    };
    Ok(Stayed { started_at: row.moment(0)?, user: row.text(1)?, channel: row.text(2)?, end })
}

async fn auto_outs(snapshot: &mut PgConnection, range: Range) -> Result<Vec<AutoOuts>, StoreError> {
    let found = bound(AUTO_OUTS, range).bind(i64::from(limits::AUTO_OUT_USERS));
    let found = found.fetch_all(snapshot).await.map_err(unreadable)?;
    let auto_out = |row: &PgRow| {
        let user = UserId::parse(row.try_get(0).map_err(unreadable)?).map_err(|_| damaged("user_id"))?;
        Ok(AutoOuts { user, count: number(row, 1)? })
    };
    found.iter().map(auto_out).collect()
}

/// A user's sessions that were there in the range, each until the last evidence of it. None is longer than `$4`, so no older one has to be looked at.
const SESSIONS: &str = "
    select started_at, coalesce(ended_at, last_seen_at), active_ms from sessions
    where user_id = $3 and started_at >= $1 - $4 and started_at < $2 and coalesce(ended_at, last_seen_at) >= $1
    order by started_at";

/// The spans of a user. They are sorted once more: tabs overlap, and a span's start is not in any index.
const SPANS: &str = "
    select start_at, end_at from sessions join spans on session_id = id
    where user_id = $3 and started_at >= $1 - $4 and started_at < $2 and end_at > $1 and start_at < $2
    order by start_at";

/// What is kept of one user.
pub(super) async fn of_user(
    pool: &PgPool,
    user: &UserId,
    range: Range,
    into: &mut (dyn FnMut(Trace) + Send),
) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await.map_err(unreadable)?;
    let mut snapshot = connection.begin_with(SAME_MOMENT).await.map_err(unreadable)?;
    let of_user = |sql| bound(sql, range).bind(user.as_str().to_owned()).bind(to_sql(limits::STAY.0));
    let mut sessions = of_user(SESSIONS).fetch(&mut *snapshot);
    while let Some(row) = sessions.try_next().await.map_err(unreadable)? {
        let (started_at, until) = (Timestamp(number(&row, 0)?), Timestamp(number(&row, 1)?));
        into(Trace::Session { started_at, until, active: Millis(number(&row, 2)?) });
    }
    drop(sessions);
    let mut spans = of_user(SPANS).fetch(&mut *snapshot);
    while let Some(row) = spans.try_next().await.map_err(unreadable)? {
        into(Trace::Span { start_at: Timestamp(number(&row, 0)?), end_at: Timestamp(number(&row, 1)?) });
    }
    drop(spans);
    snapshot.rollback().await.map_err(unreadable)
}

fn number(row: &PgRow, at: usize) -> Result<u64, StoreError> {
    row.try_get::<i64, _>(at).map(from_sql).map_err(unreadable)
}
