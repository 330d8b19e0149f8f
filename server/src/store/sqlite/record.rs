//! Writing a batch: one transaction, two statements for all sessions and one for all spans.
//!
//! The rows go in as one JSON text. Twenty thousand rows are then one call into SQLite and one plan, where a
//! statement for each row would be twenty thousand visits to its thread. The text is made binary once, as every row
//! would be parsed again otherwise.

use serde::ser::{Serialize, SerializeSeq, Serializer};
use sqlx::{Connection, Sqlite, SqliteConnection, SqlitePool, Transaction};
use stillhere_engine::{
    tracker::{Batch, SessionRow, SpanRow, VisitRow},
    wire::{PagePath, SessionId},
};

use super::{course, letters, news, punches};
use crate::store::{Entry, column::to_sql};

/// What beats move of sessions that are there, open, and where they were. It is what nearly every row says, and costs a third
/// of [`SESSIONS`], which moves the entries of six indexes along, as it may set what they are of. Says how many sessions
/// it has found: who is not among them is for [`SESSIONS`]. No session may be named twice.
const BEATS: &str = "
    update sessions set
        page = iif(told.value ->> 4 >= seq, told.value ->> 2, page),
        state = iif(told.value ->> 4 >= seq, told.value ->> 3, state),
        lease_until_at = case
            when told.value ->> 4 > seq then told.value ->> 7
            when told.value ->> 4 = seq then max(told.value ->> 7, lease_until_at)
            else lease_until_at
        end,
        seq = max(told.value ->> 4, seq),
        last_seen_at = max(told.value ->> 5, last_seen_at),
        last_active_at = max(told.value ->> 6, last_active_at),
        visible_ms = max(told.value ->> 8, visible_ms),
        visible_until_ms = max(told.value ->> 9, visible_until_ms),
        active_ms = max(told.value ->> 10, active_ms)
    from jsonb_each(jsonb(?1)) as told
    where session = unhex(told.value ->> 0) and ended_at is null and channel = told.value ->> 1";

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
    from jsonb_each(jsonb(?1))
    -- Without those whom the statement before has found.
    where ?2 or not exists (
        select 1 from sessions
        where session = unhex(value ->> 0) and ended_at is null and channel = value ->> 2
    )
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
    from jsonb_each(jsonb(?1)) as told cross join sessions on sessions.session = unhex(told.value ->> 0)
    where true
    on conflict (session_id, start_ms) do update set
        end_ms = excluded.end_ms,
        end_at = max(excluded.end_at, end_at)
    where excluded.end_ms > end_ms";

/// A visit begins once and moves on.
const VISITS: &str = "
    insert into visits (channel, user, first_at, last_at)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 2 from jsonb_each(jsonb(?1))
    where true
    on conflict (channel, user) do update set
        first_at = min(excluded.first_at, first_at), last_at = max(excluded.last_at, last_at)";

/// A sign of life is never taken back.
const ALIVE: &str = "
    insert into meta (name, value) values ('alive_at', ?1)
    on conflict (name) do update set value = max(excluded.value, value)";

/// The rows of a batch as texts for the statements above.
struct Rows<'a> {
    /// Those of which only a beat is to be told, as far as can be seen from here, and how many.
    beats: (Vec<&'a SessionRow>, Option<String>),
    sessions: Option<String>,
    spans: Option<String>,
    visits: Option<String>,
}

impl<'a> Rows<'a> {
    fn new(batch: &'a Batch) -> Result<Self, sqlx::Error> {
        // A first beat is of somebody new, and an end is more than a beat. What else they may have missed, BEATS finds out.
        let is_beat = |row: &&SessionRow| row.seq > 1 && row.end.is_none() && row.punch_epoch.is_none();
        let (mut beats, mut others): (Vec<_>, Vec<_>) = batch.sessions.iter().partition(is_beat);
        // In the order of the index through which they are found; and of two rows of one session BEATS would take either.
        beats.sort_unstable_by_key(|row| row.session.0);
        if beats.windows(2).any(|two| two[0].session == two[1].session) {
            others.append(&mut beats);
        }
        Ok(Self {
            sessions: to_json(others.into_iter().map(AsArray))?,
            spans: to_json(batch.spans.iter().map(AsArray))?,
            visits: to_json(batch.visits.iter().map(AsArray))?,
            beats: (beats.clone(), to_json(beats.into_iter().map(Beat))?),
        })
    }

    async fn write(self, transaction: &mut Transaction<'_, Sqlite>) -> Result<(), sqlx::Error> {
        let Self { beats: (beats, told), sessions, spans, visits } = self;
        if let Some(told) = told {
            let found = sqlx::query(BEATS).bind(told).execute(&mut **transaction).await?.rows_affected();
            if found < beats.len() as u64 {
                let rows = to_json(beats.into_iter().map(AsArray))?;
                sqlx::query(SESSIONS).bind(rows).bind(false).execute(&mut **transaction).await?;
            }
        }
        if let Some(rows) = sessions {
            sqlx::query(SESSIONS).bind(rows).bind(true).execute(&mut **transaction).await?;
        }
        for (sql, rows) in [(SPANS, spans), (VISITS, visits)] {
            if let Some(rows) = rows {
                sqlx::query(sql).bind(rows).execute(&mut **transaction).await?;
            }
        }
        Ok(())
    }
}

/// Writes the entry, all or nothing.
pub(super) async fn record(writer: &SqlitePool, entry: &Entry) -> Result<(), sqlx::Error> {
    // Made before the transaction begins: nothing waits for the writer meanwhile.
    let rows = Rows::new(&entry.batch)?;
    let mut connection = writer.acquire().await?;
    let written = write(&mut connection, entry, rows).await;
    if written.is_err() {
        // A disk that fails in the middle of a transaction makes SQLite undo it unasked, and its driver does not know:
        // it would refuse every further one. The next batch has a new connection.
        let _ = connection.detach().close_hard().await;
    }
    written
}

async fn write(connection: &mut SqliteConnection, entry: &Entry, rows: Rows<'_>) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("begin immediate").await?;
    rows.write(&mut transaction).await?;
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

/// What [`BEATS`] tells of a session, in its order.
struct Beat<'a>(&'a SessionRow);

impl Serialize for Beat<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let mut array = to.serialize_seq(Some(11))?;
        array.serialize_element(&hex(row.session))?;
        array.serialize_element(row.channel.as_str())?;
        array.serialize_element(&row.page.as_ref().map(PagePath::as_str))?;
        array.serialize_element(row.state.as_str())?;
        array.serialize_element(&row.seq)?;
        let moments = [row.last_seen_at.0, row.last_active_at.0, row.lease_until.0];
        for number in moments.into_iter().chain([row.visible.0, row.visible_until.0, row.active.0]) {
            array.serialize_element(&to_sql(number))?;
        }
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

/// As SQLite's `unhex` reads it.
pub(super) fn hex(session: SessionId) -> String {
    format!("{:032x}", u128::from_be_bytes(session.0))
}
