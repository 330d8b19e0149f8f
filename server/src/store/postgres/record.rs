//! Writing a batch: one transaction, one statement for all sessions and one for all spans.
//!
//! The rows go in as one array for each column. That is one journey and one plan however many they are, and costs the
//! database half of what the same rows as JSON do, which has to be read as text first.
//!
//! A statement touches its rows in the order of their keys, and a transaction the tables in one order, so that two nodes
//! that meet wait for each other instead of standing in each other's way. Letters are the exception, as their order means
//! something; where two nodes stand in each other's way after all, one of them writes again. A statement may touch a row
//! only once, so rows that say more about the same thing are merged here, or go into a statement of their own.

use std::collections::BTreeMap;

use sqlx::{Connection, PgConnection};
use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::{SessionRow, SpanRow, VisitRow},
    wire::{PagePath, SessionId},
};

use super::{course, letters, news, punches};
use crate::store::{Entry, column::to_sql};

/// Counts and moments only grow. The newer beat decides about the rest; of two rows from the same beat, the later
/// lease (a restart extends it). So the order in which rows come, and how often, makes no difference.
const SESSIONS: &str = "
    insert into sessions as kept (
        session, user_id, channel, page, state, seq, started_at, last_seen_at, last_active_at, lease_until_at,
        visible_ms, visible_until_ms, active_ms, recovered, ended_at, detected_at, reason, error_bound_ms, punch_epoch
    )
    select * from unnest(
        $1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
        $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::boolean[], $15::bigint[],
        $16::bigint[], $17::text[], $18::bigint[], $19::bigint[]
    ) as told (session)
    order by told.session
    on conflict (session) do update set
        channel = case when excluded.seq >= kept.seq then excluded.channel else kept.channel end,
        page = case when excluded.seq >= kept.seq then excluded.page else kept.page end,
        state = case when excluded.seq >= kept.seq then excluded.state else kept.state end,
        lease_until_at = case
            when excluded.seq > kept.seq then excluded.lease_until_at
            when excluded.seq = kept.seq then greatest(excluded.lease_until_at, kept.lease_until_at)
            else kept.lease_until_at
        end,
        seq = greatest(excluded.seq, kept.seq),
        last_seen_at = greatest(excluded.last_seen_at, kept.last_seen_at),
        last_active_at = greatest(excluded.last_active_at, kept.last_active_at),
        visible_ms = greatest(excluded.visible_ms, kept.visible_ms),
        visible_until_ms = greatest(excluded.visible_until_ms, kept.visible_until_ms),
        active_ms = greatest(excluded.active_ms, kept.active_ms),
        punch_epoch = coalesce(excluded.punch_epoch, kept.punch_epoch),
        -- An end stays. Later evidence moves it, and brings its own reason along.
        detected_at = case
            when kept.ended_at is null or excluded.ended_at >= kept.ended_at then excluded.detected_at else kept.detected_at
        end,
        reason = case
            when kept.ended_at is null or excluded.ended_at >= kept.ended_at then excluded.reason else kept.reason
        end,
        error_bound_ms = case
            when kept.ended_at is null or excluded.ended_at >= kept.ended_at then excluded.error_bound_ms else kept.error_bound_ms
        end,
        ended_at = case
            when kept.ended_at is null or excluded.ended_at >= kept.ended_at then excluded.ended_at else kept.ended_at
        end";

/// A span's start is placed once, by the beat that told it first; its end moves on. The row of its session is there:
/// it was written in the statement before, or long ago.
const SPANS: &str = "
    insert into spans as kept (session_id, start_ms, end_ms, start_at, end_at)
    select sessions.id, told.start_ms, told.end_ms, told.start_at, told.end_at
    from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
        as told (session, start_ms, end_ms, start_at, end_at)
    join sessions on sessions.session = told.session
    order by sessions.id, told.start_ms
    on conflict (session_id, start_ms) do update set
        end_ms = excluded.end_ms,
        end_at = greatest(excluded.end_at, kept.end_at)
    where excluded.end_ms > kept.end_ms";

/// A visit begins once and moves on.
const VISITS: &str = "
    insert into visits as kept (channel, user_id, first_at, last_at)
    select told.channel, told.user_id, told.first_at, told.last_at
    from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) as told (channel, user_id, first_at, last_at)
    order by told.channel, told.user_id
    on conflict (channel, user_id) do update set
        first_at = least(excluded.first_at, kept.first_at), last_at = greatest(excluded.last_at, kept.last_at)";

/// A sign of life is never taken back.
///
/// Every node writes this one row. It is locked by the last statement of a transaction, so nodes wait here for each other's
/// commits, and for nothing else that they do: a node has one entry under way, so that is at most one commit of each.
const ALIVE: &str = "
    insert into meta as kept (name, value) values ('alive_at', $1)
    on conflict (name) do update set value = greatest(excluded.value, kept.value)";

/// Writes the entry, all or nothing.
pub(super) async fn record(connection: &mut PgConnection, entry: &Entry) -> Result<(), sqlx::Error> {
    let batch = &entry.batch;
    let mut transaction = connection.begin().await?;
    for rows in rounds(&batch.sessions) {
        record_sessions(&mut transaction, &rows).await?;
    }
    if !batch.spans.is_empty() {
        record_spans(&mut transaction, &batch.spans).await?;
    }
    if !batch.visits.is_empty() {
        record_visits(&mut transaction, &batch.visits).await?;
    }
    punches::record(&mut transaction, &batch.punches).await?;
    course::record(&mut transaction, &batch.views).await?;
    news::record(&mut transaction, &entry.news).await?;
    letters::record(&mut transaction, &entry.letters).await?;
    if let Some(alive_at) = batch.alive_at {
        sqlx::query(ALIVE).bind(to_sql(alive_at.0)).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// The rows in which each session is there once; what is told of it again comes in a later round. There are few: the
/// tracker tells of a session once, and once more when it ends.
fn rounds(rows: &[SessionRow]) -> Vec<Vec<&SessionRow>> {
    let mut rounds: Vec<Vec<&SessionRow>> = Vec::new();
    let mut told = BTreeMap::<SessionId, usize>::new();
    for row in rows {
        let round = told.entry(row.session).or_default();
        match rounds.get_mut(*round) {
            Some(rows) => rows.push(row),
            None => rounds.push(vec![row]),
        }
        *round += 1;
    }
    rounds
}

async fn record_sessions(connection: &mut PgConnection, rows: &[&SessionRow]) -> Result<(), sqlx::Error> {
    let moments = |of: fn(&SessionRow) -> Timestamp| column(rows, |row| to_sql(of(row).0));
    let lengths = |of: fn(&SessionRow) -> Millis| column(rows, |row| to_sql(of(row).0));
    sqlx::query(SESSIONS)
        .bind(column(rows, |row| row.session.0))
        .bind(column(rows, |row| row.user.as_str()))
        .bind(column(rows, |row| row.channel.as_str()))
        .bind(column(rows, |row| row.page.as_ref().map(PagePath::as_str)))
        .bind(column(rows, |row| row.state.as_str()))
        .bind(column(rows, |row| i64::from(row.seq)))
        .bind(moments(|row| row.started_at))
        .bind(moments(|row| row.last_seen_at))
        .bind(moments(|row| row.last_active_at))
        .bind(moments(|row| row.lease_until))
        .bind(lengths(|row| row.visible))
        .bind(lengths(|row| row.visible_until))
        .bind(lengths(|row| row.active))
        .bind(column(rows, |row| row.recovered))
        .bind(column(rows, |row| row.end.map(|end| to_sql(end.ended_at.0))))
        .bind(column(rows, |row| row.end.map(|end| to_sql(end.detected_at.0))))
        .bind(column(rows, |row| row.end.map(|end| end.reason.as_str())))
        .bind(column(rows, |row| row.end.map(|end| to_sql(end.error_bound.0))))
        .bind(column(rows, |row| row.punch_epoch.map(to_sql)))
        .execute(connection)
        .await
        .map(|_| ())
}

async fn record_spans(connection: &mut PgConnection, rows: &[SpanRow]) -> Result<(), sqlx::Error> {
    let mut spans = BTreeMap::<(SessionId, Millis), SpanRow>::new();
    for row in rows {
        let kept = spans.entry((row.session, row.span.start)).or_insert(*row);
        // As the statement does it with a row that is there.
        if row.span.end > kept.span.end {
            kept.span.end = row.span.end;
            kept.end_at = kept.end_at.max(row.end_at);
        }
    }
    let rows: Vec<SpanRow> = spans.into_values().collect();
    sqlx::query(SPANS)
        .bind(column(&rows, |row| row.session.0))
        .bind(column(&rows, |row| to_sql(row.span.start.0)))
        .bind(column(&rows, |row| to_sql(row.span.end.0)))
        .bind(column(&rows, |row| to_sql(row.start_at.0)))
        .bind(column(&rows, |row| to_sql(row.end_at.0)))
        .execute(connection)
        .await
        .map(|_| ())
}

async fn record_visits(connection: &mut PgConnection, rows: &[VisitRow]) -> Result<(), sqlx::Error> {
    let mut visits = BTreeMap::new();
    for row in rows {
        let place = (row.channel.as_str(), row.user.as_str());
        let (first, last) = visits.entry(place).or_insert((row.at, row.at));
        (*first, *last) = ((*first).min(row.at), (*last).max(row.at));
    }
    let rows: Vec<_> = visits.into_iter().collect();
    sqlx::query(VISITS)
        .bind(column(&rows, |((channel, _), _)| *channel))
        .bind(column(&rows, |((_, user), _)| *user))
        .bind(column(&rows, |(_, (first, _))| to_sql(first.0)))
        .bind(column(&rows, |(_, (_, last))| to_sql(last.0)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// One column of all rows.
pub(super) fn column<'a, Row, T>(rows: &'a [Row], of: impl Fn(&'a Row) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}
