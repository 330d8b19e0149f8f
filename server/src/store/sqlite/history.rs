//! Feeding a history, a slice of time after the other: SQLite gives sessions in the order of their start, and the flow makes
//! of them what happened.

use futures_util::TryStreamExt;
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::EndReason,
    wire::UserId,
};

use super::packed::{Columns, Packed, packed};
use crate::{
    limits,
    store::{
        AutoOuts, Event, Range, Shares, StoreError, Trace,
        column::{damaged, from_sql, to_sql, unreadable},
        flow::{Flow, Slices, Stayed},
    },
};

/// Sessions that last, in pieces: few of all, and as many as a start reads back.
pub(super) const LASTING: &str = packed!(
    ["id", "started_at", "user", "channel"]
    "select id, started_at, user, channel from sessions
    where ended_at is null and id > ?3 and +started_at < ?2 order by id limit ?4"
);

/// Sessions that were there already when the range began at `?1`, and have ended since. The length of a day is written
/// out, as an index with a condition is only used by who repeats it; the sign before a column keeps the index out that
/// would lead through the whole past.
pub(super) const BEFORE: &str = packed!(
    ["started_at", "user", "channel", "ended_at", "reason"]
    "select started_at, user, channel, ended_at, reason from sessions
    where ended_at >= ?1 and started_at >= ?1 - 86400000 and started_at < ?1
    union all
    select started_at, user, channel, ended_at, reason from sessions
    where ended_at - started_at > 86400000 and ended_at >= ?1 and +started_at < ?1 - 86400000"
);

/// Sessions that are over and began from `?1` until before `?2`, in order: a piece of one index, which holds all of it.
pub(super) const BEGUN: &str = packed!(
    ["started_at", "user", "channel", "ended_at", "reason"]
    "select started_at, user, channel, ended_at, reason from sessions
    where ended_at is not null and started_at >= ?1 and started_at < ?2 order by started_at"
);

/// When somebody was punched out, in order.
pub(super) const PUNCHED_OUT: &str = packed!(
    ["at"]
    "select at from punches where kind = 'AUTO_OUT' and at >= ?1 and at < ?2 order by at"
);

pub(super) const AUTO_OUTS: &str = "
    select user, count(*) from punches where kind = 'AUTO_OUT' and at >= ?1 and at < ?2
    group by user order by 2 desc, 1 limit ?3";

/// A row of the first three; of what lasts, after its number.
fn stayed<'a>(columns: &mut Columns<'a>) -> Result<Stayed<'a>, StoreError> {
    let started_at = columns.moment("started_at")?;
    let (user, channel) = (columns.text("user")?, columns.text("channel")?);
    let Some(ended_at) = columns.maybe_text() else { return Ok(Stayed { user, channel, started_at, end: None }) };
    let ended_at = ended_at.parse().map(from_sql).map_err(|_| damaged("ended_at"))?;
    let reason = EndReason::parse(columns.text("reason")?).ok_or_else(|| damaged("reason"))?;
    Ok(Stayed { user, channel, started_at, end: Some((Timestamp(ended_at), reason)) })
}

/// What happened to anybody, and how it is spread.
pub(super) async fn of_all(
    pool: &SqlitePool,
    range: Range,
    into: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Shares, StoreError> {
    let mut snapshot = pool.begin().await.map_err(unreadable)?;
    let mut flow = Flow::new(range, into);
    let mut after = Some(0);
    while let Some(place) = after {
        let piece = bound(LASTING, range).bind(place).bind(limits::RESTORE_ROWS);
        let piece = Packed::fetch(piece, &mut snapshot).await?;
        let (mut last, mut found) = (0, 0);
        for mut columns in piece.rows()? {
            last = columns.integer("id")?;
            found += 1;
            flow.beforehand(&stayed(&mut columns)?);
        }
        after = (found == limits::RESTORE_ROWS).then_some(last);
    }
    for mut columns in Packed::fetch(bound(BEFORE, range), &mut snapshot).await?.rows()? {
        flow.beforehand(&stayed(&mut columns)?);
    }
    let (mut slices, mut found) = (Slices::of(range), limits::HISTORY_ROWS as usize);
    while let Some(slice) = slices.next(found) {
        for mut columns in Packed::fetch(bound(PUNCHED_OUT, slice), &mut snapshot).await?.rows()? {
            flow.auto_out(columns.moment("at")?);
        }
        found = 0;
        for mut columns in Packed::fetch(bound(BEGUN, slice), &mut snapshot).await?.rows()? {
            flow.begin(&stayed(&mut columns)?);
            found += 1;
        }
        flow.go_on_to(slice.to());
    }
    let auto_outs = auto_outs(&mut snapshot, range).await?;
    snapshot.rollback().await.map_err(unreadable)?;
    flow.finish(auto_outs)
}

type Bound = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bound(sql: &'static str, range: Range) -> Bound {
    sqlx::query(sql).bind(to_sql(range.from().0)).bind(to_sql(range.to().0))
}

async fn auto_outs(snapshot: &mut SqliteConnection, range: Range) -> Result<Vec<AutoOuts>, StoreError> {
    let found = bound(AUTO_OUTS, range).bind(limits::AUTO_OUT_USERS);
    let found = found.fetch_all(snapshot).await.map_err(unreadable)?;
    let auto_out = |row: &SqliteRow| {
        let user = UserId::parse(row.try_get(0).map_err(unreadable)?).map_err(|_| damaged("user"))?;
        Ok(AutoOuts { user, count: number(row, 1)? })
    };
    found.iter().map(auto_out).collect()
}

/// A user's sessions that were there in the range, each until the last evidence of it. None is longer than `?4`, so no older one has to be looked at.
pub(super) const SESSIONS: &str = "
    select started_at, coalesce(ended_at, last_seen_at), active_ms from sessions
    where user = ?3 and started_at >= ?1 - ?4 and started_at < ?2 and coalesce(ended_at, last_seen_at) >= ?1
    order by started_at";

/// The spans of a user. They are sorted once more: tabs overlap, and a span's start is not in any index.
pub(super) const SPANS: &str = "
    select start_at, end_at from sessions cross join spans on session_id = id
    where user = ?3 and started_at >= ?1 - ?4 and started_at < ?2 and end_at > ?1 and start_at < ?2
    order by start_at";

/// What is kept of one user.
pub(super) async fn of_user(
    pool: &SqlitePool,
    user: &UserId,
    range: Range,
    into: &mut (dyn FnMut(Trace) + Send),
) -> Result<(), StoreError> {
    let mut snapshot = pool.begin().await.map_err(unreadable)?;
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

fn number(row: &SqliteRow, at: usize) -> Result<u64, StoreError> {
    row.try_get::<i64, _>(at).map(from_sql).map_err(unreadable)
}
