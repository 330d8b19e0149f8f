//! The seals of the punch clock's log: made with the rows, and read by whoever checks them.

use std::path::Path;

use sqlx::{
    Connection, Row, Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use stillhere_engine::time::Timestamp;

use super::record::to_json;
use crate::{
    limits,
    store::{
        StoreError,
        chain::{Digest, LogRow, Mark},
        column::{from_sql, unreadable},
        log::LogPiece,
    },
};

/// The columns in the order of [`to_row`].
const ROWS: &str =
    "select id, user, epoch, kind, at, detected_at, reason, error_bound_ms, salt, person, chain from punches";

/// Rows that were just written, with the salt that they are given.
const WRITTEN: &str = "
    select id, user, epoch, kind, at, detected_at, reason, error_bound_ms, randomblob(16), person, chain from punches
    where id in (select value from json_each(?1))
    order by id";

/// Rows that were there before there were seals, and have none yet.
const OLD: &str = "
    select id, user, epoch, kind, at, detected_at, reason, error_bound_ms, randomblob(16), person, chain from punches
    where id > ?1 and id <= (select id from punch_marks where name = 'unsealed')
    order by id limit ?2";

const SEAL: &str = "
    update punches set salt = unhex(told.value ->> 1), person = unhex(told.value ->> 2), chain = unhex(told.value ->> 3)
    from json_each(?1) as told where punches.id = told.value ->> 0";

const MARK: &str = "
    insert into punch_marks (name, id, count, chain) values ('head', ?1, ?2, ?3)
    on conflict (name) do update set id = excluded.id, count = excluded.count, chain = excluded.chain";

/// Seals the rows with these numbers, which were just written: nothing else, as a row that somebody else has put in is to
/// be found and not to be sealed.
pub(super) async fn seal(transaction: &mut Transaction<'_, Sqlite>, ids: &[i64]) -> Result<(), sqlx::Error> {
    let Some(ids) = to_json(ids.iter())? else { return Ok(()) };
    let rows = sqlx::query(WRITTEN).bind(ids).fetch_all(&mut **transaction).await?;
    seal_rows(transaction, &rows).await
}

/// Seals what was there before there were seals, in pieces. Says how many rows that were.
pub(super) async fn seal_old(writer: &SqlitePool) -> Result<u64, sqlx::Error> {
    let mut sealed = 0;
    loop {
        let mut transaction = writer.begin_with("begin immediate").await?;
        let head = mark_of(&mut transaction, "head").await?.map_or(0, |head| head.id);
        let rows = sqlx::query(OLD).bind(head).bind(i64::from(limits::AUDIT_ROWS)).fetch_all(&mut *transaction).await?;
        seal_rows(&mut transaction, &rows).await?;
        transaction.commit().await?;
        if rows.is_empty() {
            return Ok(sealed);
        }
        sealed += rows.len() as u64;
    }
}

async fn seal_rows(transaction: &mut Transaction<'_, Sqlite>, rows: &[SqliteRow]) -> Result<(), sqlx::Error> {
    let mut mark = mark_of(transaction, "head").await?.unwrap_or_default();
    let mut told = Vec::with_capacity(rows.len());
    for row in rows {
        let row = to_row(row)?;
        let seal = row.seal(mark.chain);
        mark = Mark { id: row.id, count: mark.count + 1, chain: seal.chain };
        let salt: String = row.salt.iter().flatten().map(|byte| format!("{byte:02x}")).collect();
        told.push((row.id, salt, seal.person.to_string(), seal.chain.to_string()));
    }
    let Some(told) = to_json(told.iter())? else { return Ok(()) };
    sqlx::query(SEAL).bind(told).execute(&mut **transaction).await?;
    sqlx::query(MARK)
        .bind(mark.id)
        .bind(mark.count)
        .bind(mark.chain.bytes())
        .execute(&mut **transaction)
        .await
        .map(|_| ())
}

/// What is known of the chain under this name.
pub(super) async fn mark_of(connection: &mut SqliteConnection, name: &str) -> Result<Option<Mark>, sqlx::Error> {
    let sql = "select id, count, chain from punch_marks where name = ?1";
    let row = sqlx::query(sql).bind(name).fetch_optional(connection).await?;
    row.map(|row| mark(&row)).transpose()
}

/// A connection that reads the log beside the server's.
pub(in crate::store) async fn open_log(directory: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(directory.join("stillhere.sqlite"))
        .busy_timeout(limits::STORE_PATIENCE)
        .read_only(true);
    SqliteConnection::connect_with(&options).await.map_err(|why| StoreError::new("open its file", why))
}

/// The rows after `after`, and all marks of the same moment.
pub(in crate::store) async fn piece(connection: &mut SqliteConnection, after: i64) -> Result<LogPiece, StoreError> {
    let mut snapshot = connection.begin().await.map_err(unreadable)?;
    let sql = format!("{ROWS} where id > ?1 order by id limit ?2");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(after).bind(i64::from(limits::AUDIT_ROWS));
    let rows = rows.fetch_all(&mut *snapshot).await.map_err(unreadable)?;
    let marks = sqlx::query("select id, count, chain, name, at from punch_marks");
    let marks = marks.fetch_all(&mut *snapshot).await.map_err(unreadable)?;
    snapshot.rollback().await.map_err(unreadable)?;
    let rows = rows.iter().map(to_row).collect::<Result<_, _>>().map_err(unreadable)?;
    let mut piece = LogPiece { rows, ..LogPiece::default() };
    for row in &marks {
        let at: Option<i64> = row.try_get(4).map_err(unreadable)?;
        piece.note(
            row.try_get(3).map_err(unreadable)?,
            mark(row).map_err(unreadable)?,
            at.map(from_sql).map(Timestamp),
        );
    }
    Ok(piece)
}

fn mark(row: &SqliteRow) -> Result<Mark, sqlx::Error> {
    let chain = Digest::from_bytes(row.try_get(2)?);
    let chain = chain.ok_or_else(|| sqlx::Error::Decode("a mark's `chain` is no digest".into()))?;
    Ok(Mark { id: row.try_get(0)?, count: row.try_get(1)?, chain })
}

fn to_row(row: &SqliteRow) -> Result<LogRow, sqlx::Error> {
    Ok(LogRow {
        id: row.try_get(0)?,
        user: row.try_get(1)?,
        epoch: row.try_get(2)?,
        kind: row.try_get(3)?,
        at: row.try_get(4)?,
        detected_at: row.try_get(5)?,
        reason: row.try_get(6)?,
        error_bound_ms: row.try_get(7)?,
        salt: row.try_get(8)?,
        person: row.try_get(9)?,
        chain: row.try_get(10)?,
    })
}
