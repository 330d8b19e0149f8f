//! Feeding a history, row by row: SQLite merges what its indexes give in order, and nothing is held here.

use futures_util::TryStreamExt;
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::EndReason,
    wire::{ChannelName, UserId},
};

use crate::{
    limits,
    store::{
        AutoOuts, ChannelShare, Event, Range, Shares, StoreError, Trace,
        column::{damaged, from_sql, to_sql, unreadable},
    },
};

/// What happened from `?1` until before `?2`, in order: each part comes in the order of its index, and the parts are
/// merged. The sign before a column keeps the index out that would lead through the whole past. The length of a day is
/// written out, as an index with a condition is only used by who repeats it.
pub(super) const EVENTS: &str = "
    select 0 as rank, ?1 as at, user, 0, '' from sessions
    where started_at >= ?1 - 86400000 and started_at < ?1 and (ended_at is null or ended_at >= ?1)
    union all
    select 0, ?1, user, 0, '' from sessions
    where ended_at - started_at > 86400000 and ended_at >= ?1 and +started_at < ?1 - 86400000
    union all
    select 0, ?1, user, 0, '' from sessions where ended_at is null and +started_at < ?1 - 86400000
    union all
    select 1, started_at, user, 0, '' from sessions where started_at >= ?1 and started_at < ?2
    union all
    select 2, at, user, 0, '' from punches where kind = 'AUTO_OUT' and at >= ?1 and at < ?2
    union all
    select 3, ended_at, user, started_at, reason from sessions where ended_at >= ?1 and ended_at < ?2
    order by 2, 1";

/// The sessions that were there, found in the same three ways.
macro_rules! there {
    ($rest:literal) => {
        concat!(
            "with there (user, channel, duration_ms) as (
                select user, channel, max(0, min(coalesce(ended_at, ?2), ?2) - max(started_at, ?1)) from sessions
                where started_at >= ?1 - 86400000 and started_at < ?2 and (ended_at is null or ended_at >= ?1)
                union all
                select user, channel, max(0, min(ended_at, ?2) - ?1) from sessions
                where ended_at - started_at > 86400000 and ended_at >= ?1 and +started_at < ?1 - 86400000
                union all
                select user, channel, ?2 - ?1 from sessions where ended_at is null and +started_at < ?1 - 86400000
            )",
            $rest
        )
    };
}

pub(super) const TOTALS: &str =
    there!("select count(*), count(distinct user), total(duration_ms), count(distinct channel) from there");

pub(super) const CHANNELS: &str = there!(
    "select channel, count(*), count(distinct user), total(duration_ms) from there
    group by channel order by 4 desc, 1 limit ?3"
);

pub(super) const AUTO_OUTS: &str = "
    select user, count(*) from punches where kind = 'AUTO_OUT' and at >= ?1 and at < ?2
    group by user order by 2 desc, 1 limit ?3";

/// What happened to anybody, and how it is spread.
pub(super) async fn of_all(
    pool: &SqlitePool,
    range: Range,
    into: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Shares, StoreError> {
    let mut snapshot = pool.begin().await.map_err(unreadable)?;
    let mut events = bound(EVENTS, range).fetch(&mut *snapshot);
    while let Some(row) = events.try_next().await.map_err(unreadable)? {
        into(event(&row)?);
    }
    drop(events);
    let shares = shares(&mut snapshot, range).await?;
    snapshot.rollback().await.map_err(unreadable)?;
    Ok(shares)
}

type Bound = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bound(sql: &'static str, range: Range) -> Bound {
    sqlx::query(sql).bind(to_sql(range.from().0)).bind(to_sql(range.to().0))
}

fn event(row: &SqliteRow) -> Result<Event<'_>, StoreError> {
    let at = Timestamp(number(row, 1)?);
    let user = row.try_get(2).map_err(unreadable)?;
    Ok(match number(row, 0)? {
        0 => Event::Here { user },
        1 => Event::Begin { at, user },
        2 => Event::AutoOut { at },
        _ => {
            let reason = EndReason::parse(row.try_get(4).map_err(unreadable)?).ok_or_else(|| damaged("reason"))?;
            Event::End { at, user, started_at: Timestamp(number(row, 3)?), reason }
        }
    })
}

async fn shares(snapshot: &mut SqliteConnection, range: Range) -> Result<Shares, StoreError> {
    let totals = bound(TOTALS, range).fetch_one(&mut *snapshot).await.map_err(unreadable)?;
    let channels = bound(CHANNELS, range).bind(limits::CHANNEL_SHARES);
    let channels = channels.fetch_all(&mut *snapshot).await.map_err(unreadable)?;
    let auto_outs = bound(AUTO_OUTS, range).bind(limits::AUTO_OUT_USERS);
    let auto_outs = auto_outs.fetch_all(&mut *snapshot).await.map_err(unreadable)?;
    let channel = |row: &SqliteRow| {
        Ok(ChannelShare {
            channel: ChannelName::parse(row.try_get(0).map_err(unreadable)?).map_err(|_| damaged("channel"))?,
            sessions: number(row, 1)?,
            users: number(row, 2)?,
            duration: length(row, 3)?,
        })
    };
    let auto_out = |row: &SqliteRow| {
        let user = UserId::parse(row.try_get(0).map_err(unreadable)?).map_err(|_| damaged("user"))?;
        Ok(AutoOuts { user, count: number(row, 1)? })
    };
    Ok(Shares {
        sessions: number(&totals, 0)?,
        users: number(&totals, 1)?,
        duration: length(&totals, 2)?,
        channels_in_all: number(&totals, 3)?,
        channels: channels.iter().map(channel).collect::<Result<_, StoreError>>()?,
        auto_outs: auto_outs.iter().map(auto_out).collect::<Result<_, StoreError>>()?,
    })
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

/// `total` counts in floating point, as a sum of every stay ever could leave 64 bits; exact up to 285,000 years.
fn length(row: &SqliteRow, at: usize) -> Result<Millis, StoreError> {
    row.try_get::<f64, _>(at).map(|sum| Millis(sum as u64)).map_err(unreadable)
}
