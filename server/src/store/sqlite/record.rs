//! Writing a batch: one transaction, one statement for all sessions and one for all spans.
//!
//! The rows go in as one JSON text. Twenty thousand rows are then one call into SQLite and one plan, where a
//! statement for each row would be twenty thousand visits to its thread.

use std::fmt::Write;

use serde::ser::{Serialize, SerializeSeq, Serializer};
use sqlx::{Connection, SqliteConnection, SqlitePool};
use stillhere_engine::{
    tracker::{SessionRow, SpanRow, VisitRow},
    wire::{PagePath, SessionId},
};

use super::{course, letters, news, punches};
use crate::store::{Entry, column::to_sql};

/// Counts and moments only grow. The newer beat decides about the rest; of two rows from the same beat, the later
/// lease (a restart extends it). So the order in which rows come, and how often, makes no difference.
const SESSIONS: &str = "
    insert into sessions (
        session, user, channel, page, state, seq, started_at, last_seen_at, last_active_at, lease_until_at,
        visible_ms, visible_until_ms, active_ms, recovered, ended_at, detected_at, reason, error_bound_ms, punch_epoch
    )
    select
        unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
        value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13,
        value ->> 14, value ->> 15, value ->> 16, value ->> 17,
        value ->> 18
    -- Taken apart once for each row, not once for each of its columns.
    from (select jsonb(value) as value from json_each(?1))
    where true
    on conflict (session) do update set
        channel = iif(excluded.seq >= seq, excluded.channel, channel),
        page = iif(excluded.seq >= seq, excluded.page, page),
        state = iif(excluded.seq >= seq, excluded.state, state),
        lease_until_at = case
            when excluded.seq > seq then excluded.lease_until_at
            when excluded.seq = seq then max(excluded.lease_until_at, lease_until_at)
            else lease_until_at
        end,
        seq = max(excluded.seq, seq),
        last_seen_at = max(excluded.last_seen_at, last_seen_at),
        last_active_at = max(excluded.last_active_at, last_active_at),
        visible_ms = max(excluded.visible_ms, visible_ms),
        visible_until_ms = max(excluded.visible_until_ms, visible_until_ms),
        active_ms = max(excluded.active_ms, active_ms),
        punch_epoch = coalesce(excluded.punch_epoch, punch_epoch),
        -- An end stays. Later evidence moves it, and brings its own reason along.
        detected_at = iif(ended_at is null or excluded.ended_at >= ended_at, excluded.detected_at, detected_at),
        reason = iif(ended_at is null or excluded.ended_at >= ended_at, excluded.reason, reason),
        error_bound_ms =
            iif(ended_at is null or excluded.ended_at >= ended_at, excluded.error_bound_ms, error_bound_ms),
        ended_at = iif(ended_at is null or excluded.ended_at >= ended_at, excluded.ended_at, ended_at)";

/// A span's start is placed once, by the beat that told it first; its end moves on. The row of its session is there:
/// it was written in the statement before, or long ago.
const SPANS: &str = "
    insert into spans (session_id, start_ms, end_ms, start_at, end_at)
    select sessions.id, told.value ->> 1, told.value ->> 2, told.value ->> 3, told.value ->> 4
    from json_each(?1) as told cross join sessions on sessions.session = unhex(told.value ->> 0)
    where true
    on conflict (session_id, start_ms) do update set
        end_ms = excluded.end_ms,
        end_at = max(excluded.end_at, end_at)
    where excluded.end_ms > end_ms";

/// A visit begins once and moves on.
const VISITS: &str = "
    insert into visits (channel, user, first_at, last_at)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 2 from json_each(?1)
    where true
    on conflict (channel, user) do update set
        first_at = min(excluded.first_at, first_at), last_at = max(excluded.last_at, last_at)";

/// A sign of life is never taken back.
const ALIVE: &str = "
    insert into meta (name, value) values ('alive_at', ?1)
    on conflict (name) do update set value = max(excluded.value, value)";

/// Writes the entry, all or nothing.
pub(super) async fn record(writer: &SqlitePool, entry: &Entry) -> Result<(), sqlx::Error> {
    let batch = &entry.batch;
    // Made before the transaction begins: nothing waits for the writer meanwhile.
    let sessions = to_json(batch.sessions.iter().map(AsArray))?;
    let spans = to_json(batch.spans.iter().map(AsArray))?;
    let visits = to_json(batch.visits.iter().map(AsArray))?;
    let mut connection = writer.acquire().await?;
    let written = write(&mut connection, entry, [(SESSIONS, sessions), (SPANS, spans), (VISITS, visits)]).await;
    if written.is_err() {
        // A disk that fails in the middle of a transaction makes SQLite undo it unasked, and its driver does not know:
        // it would refuse every further one. The next batch has a new connection.
        let _ = connection.detach().close_hard().await;
    }
    written
}

async fn write(
    connection: &mut SqliteConnection,
    entry: &Entry,
    rows: [(&'static str, Option<String>); 3],
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("begin immediate").await?;
    for (sql, rows) in rows {
        if let Some(rows) = rows {
            sqlx::query(sql).bind(rows).execute(&mut *transaction).await?;
        }
    }
    let batch = &entry.batch;
    punches::record(&mut transaction, &batch.punches).await?;
    course::record(&mut transaction, &batch.views).await?;
    news::record(&mut transaction, &entry.news).await?;
    letters::record(&mut transaction, &entry.letters).await?;
    if let Some(alive_at) = batch.alive_at {
        sqlx::query(ALIVE).bind(to_sql(alive_at.0)).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// The rows as a JSON array of arrays; `None` when there are none.
pub(super) fn to_json<T: Serialize>(rows: impl ExactSizeIterator<Item = T>) -> Result<Option<String>, sqlx::Error> {
    if rows.len() == 0 {
        return Ok(None);
    }
    let mut text = Vec::with_capacity(rows.len() * 256);
    let mut json = serde_json::Serializer::new(&mut text);
    json.collect_seq(rows).map_err(|why| sqlx::Error::Encode(why.into()))?;
    String::from_utf8(text).map(Some).map_err(|why| sqlx::Error::Encode(why.into()))
}

/// A row as a JSON array, in the order of the statements above.
pub(super) struct AsArray<'a, T>(pub(super) &'a T);

impl Serialize for AsArray<'_, SessionRow> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let end = row.end.as_ref();
        let mut array = to.serialize_seq(Some(19))?;
        array.serialize_element(&hex(row.session))?;
        array.serialize_element(row.user.as_str())?;
        array.serialize_element(row.channel.as_str())?;
        array.serialize_element(&row.page.as_ref().map(PagePath::as_str))?;
        array.serialize_element(row.state.as_str())?;
        array.serialize_element(&row.seq)?;
        let numbers = [
            row.started_at.0,
            row.last_seen_at.0,
            row.last_active_at.0,
            row.lease_until.0,
            row.visible.0,
            row.visible_until.0,
            row.active.0,
            u64::from(row.recovered),
        ];
        for number in numbers {
            array.serialize_element(&to_sql(number))?;
        }
        array.serialize_element(&end.map(|end| to_sql(end.ended_at.0)))?;
        array.serialize_element(&end.map(|end| to_sql(end.detected_at.0)))?;
        array.serialize_element(&end.map(|end| end.reason.as_str()))?;
        array.serialize_element(&end.map(|end| to_sql(end.error_bound.0)))?;
        array.serialize_element(&row.punch_epoch.map(to_sql))?;
        array.end()
    }
}

impl Serialize for AsArray<'_, VisitRow> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (self.0.channel.as_str(), self.0.user.as_str(), to_sql(self.0.at.0)).serialize(to)
    }
}

impl Serialize for AsArray<'_, SpanRow> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let mut array = to.serialize_seq(Some(5))?;
        array.serialize_element(&hex(row.session))?;
        for number in [row.span.start.0, row.span.end.0, row.start_at.0, row.end_at.0] {
            array.serialize_element(&to_sql(number))?;
        }
        array.end()
    }
}

pub(super) fn hex(session: SessionId) -> String {
    session.0.iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
