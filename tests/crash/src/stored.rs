//! What is on the disk, read by a second connection, past the server.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::{
    Connection, PgConnection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};

use crate::process::Place;

/// All that the checks look at.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// By the id's sixteen bytes, in hexadecimal.
    pub sessions: BTreeMap<String, Row>,
    /// The log of punches.
    pub punches: Vec<PunchRow>,
    /// Who is in, and by which stay.
    pub stays: Vec<(String, u64)>,
}

/// A session's row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whose.
    pub user: String,
    /// Where.
    pub channel: String,
    /// The page's state.
    pub state: String,
    /// Its newest beat.
    pub seq: u32,
    /// Visible time.
    pub visible_ms: u64,
    /// Active time.
    pub active_ms: u64,
    /// The end, if it has one.
    pub end: Option<End>,
    /// The lengths of its spans, added up.
    pub spans_ms: u64,
}

/// How a session has ended.
#[derive(Clone, Debug)]
pub struct End {
    /// The last evidence.
    pub ended_at: u64,
    /// When it was known.
    pub detected_at: u64,
    /// Why.
    pub reason: String,
}

/// A row of the punch clock's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PunchRow {
    /// Who.
    pub user: String,
    /// Which stay.
    pub epoch: u64,
    /// IN, OUT, AUTO_OUT or CORRECTION.
    pub kind: String,
    /// When it was known.
    pub detected_at: u64,
}

/// What is asked of SQLite. Each is one JSON text.
const OF_SQLITE: [&str; 3] = [
    "select json_group_array(json_array(
        lower(hex(session)), user, channel, state, seq, visible_ms, active_ms, ended_at, detected_at, reason,
        (select coalesce(sum(end_ms - start_ms), 0) from spans where session_id = sessions.id)
    )) from sessions",
    "select json_group_array(json_array(user, epoch, kind, detected_at)) from punches",
    "select json_group_array(json_array(user, epoch)) from stays",
];

/// The same of PostgreSQL.
const OF_POSTGRES: [&str; 3] = [
    "select coalesce(json_agg(json_build_array(
        encode(session, 'hex'), user_id, channel, state, seq, visible_ms, active_ms, ended_at, detected_at, reason,
        (select coalesce(sum(end_ms - start_ms), 0) from spans where session_id = sessions.id)
    )), '[]')::text from sessions",
    "select coalesce(json_agg(json_build_array(user_id, epoch, kind, detected_at)), '[]')::text from punches",
    "select coalesce(json_agg(json_build_array(user_id, epoch)), '[]')::text from stays",
];

/// Reads everything as it was at one moment.
///
/// # Errors
/// It cannot be read, or SQLite finds its file damaged.
pub async fn read(place: &Place) -> Result<Stored, String> {
    let texts = match &place.database_url {
        Some(url) => of_postgres(url).await,
        None => of_sqlite(place).await,
    };
    let [sessions, punches, stays] = texts.map_err(|why| format!("the store cannot be read: {why}"))?;
    Ok(Stored {
        sessions: rows(&sessions).iter().map(|row| (text(&row[0]), session(row))).collect(),
        punches: rows(&punches).iter().map(punch).collect(),
        stays: rows(&stays).iter().map(|row| (text(&row[0]), number(&row[1]))).collect(),
    })
}

async fn of_sqlite(place: &Place) -> Result<[String; 3], sqlx::Error> {
    let options =
        SqliteConnectOptions::new().filename(place.file()).read_only(true).journal_mode(SqliteJournalMode::Wal);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let health: String = sqlx::query_scalar("pragma integrity_check").fetch_one(&mut connection).await?;
    if health != "ok" {
        return Err(sqlx::Error::Protocol(format!("integrity_check says: {health}")));
    }
    let mut found = [const { String::new() }; 3];
    let mut moment = connection.begin().await?;
    for (text, sql) in found.iter_mut().zip(OF_SQLITE) {
        *text = sqlx::query_scalar(sql).fetch_one(&mut *moment).await?;
    }
    moment.commit().await?;
    connection.close().await?;
    Ok(found)
}

async fn of_postgres(url: &str) -> Result<[String; 3], sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let mut found = [const { String::new() }; 3];
    let mut moment = connection.begin_with("begin isolation level repeatable read read only").await?;
    for (text, sql) in found.iter_mut().zip(OF_POSTGRES) {
        *text = sqlx::query_scalar(sql).fetch_one(&mut *moment).await?;
    }
    moment.commit().await?;
    connection.close().await?;
    Ok(found)
}

fn rows(json: &str) -> Vec<Value> {
    serde_json::from_str(json).expect("the database writes JSON")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

fn session(row: &Value) -> Row {
    Row {
        user: text(&row[1]),
        channel: text(&row[2]),
        state: text(&row[3]),
        seq: u32::try_from(number(&row[4])).expect("a beat's number"),
        visible_ms: number(&row[5]),
        active_ms: number(&row[6]),
        end: row[7].as_u64().map(|ended_at| End { ended_at, detected_at: number(&row[8]), reason: text(&row[9]) }),
        spans_ms: number(&row[10]),
    }
}

fn punch(row: &Value) -> PunchRow {
    PunchRow { user: text(&row[0]), epoch: number(&row[1]), kind: text(&row[2]), detected_at: number(&row[3]) }
}
