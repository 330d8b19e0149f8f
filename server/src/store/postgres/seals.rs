//! The seals of the punch clock's log: made with the rows, and read by whoever checks them.

use sqlx::{Connection, PgConnection, Row, postgres::PgRow};
use stillhere_engine::time::Timestamp;
use tokio::time::timeout;

use super::{locks, options, record::column, teach};
use crate::{
    limits,
    settings::DatabaseUrl,
    store::{
        StoreError,
        chain::{Digest, LogRow, Mark},
        column::{from_sql, unreadable},
        log::LogPiece,
    },
};

/// The columns in the order of [`to_row`].
const ROWS: &str = "
    select id, user_id, epoch, kind, at, detected_at, reason, error_bound_ms, salt, person, chain from punches
    where id > $1 order by id limit $2";

/// Rows that were just written, with the salt that they are given.
const WRITTEN: &str = "
    select id, user_id, epoch, kind, at, detected_at, reason, error_bound_ms, uuid_send(gen_random_uuid()), person, chain
    from punches where id = any($1) order by id";

/// Rows that were there before there were seals, and have none yet.
const OLD: &str = "
    select id, user_id, epoch, kind, at, detected_at, reason, error_bound_ms, uuid_send(gen_random_uuid()), person, chain
    from punches where id > $1 and id <= (select id from punch_marks where name = 'unsealed')
    order by id limit $2";

const SEAL: &str = "
    update punches set salt = told.salt, person = told.person, chain = told.chain
    from unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[]) as told (id, salt, person, chain)
    where punches.id = told.id";

const MARK: &str = "
    insert into punch_marks (name, id, count, chain) values ('head', $1, $2, $3)
    on conflict (name) do update set id = excluded.id, count = excluded.count, chain = excluded.chain";

/// Seals the rows with these numbers, which were just written: nothing else, as a row that somebody else has put in is to
/// be found and not to be sealed. Whoever has written them has had the log's lock since before that.
pub(super) async fn seal(connection: &mut PgConnection, ids: &[i64]) -> Result<(), sqlx::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(WRITTEN).bind(ids).fetch_all(&mut *connection).await?;
    seal_rows(connection, &rows).await
}

/// Seals what was there before there were seals, in pieces. Says how many rows that were. Who begins while somebody else is
/// at it goes on where that one has come to, so whoever is back from here finds nothing left.
pub(super) async fn seal_old(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let mut sealed = 0;
    loop {
        let mut transaction = connection.begin().await?;
        locks::log(&mut transaction).await?;
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

async fn seal_rows(connection: &mut PgConnection, rows: &[PgRow]) -> Result<(), sqlx::Error> {
    let mut mark = mark_of(connection, "head").await?.unwrap_or_default();
    let mut told = Vec::with_capacity(rows.len());
    for row in rows {
        let row = to_row(row)?;
        let seal = row.seal(mark.chain);
        mark = Mark { id: row.id, count: mark.count + 1, chain: seal.chain };
        told.push((row.id, row.salt, seal));
    }
    if told.is_empty() {
        return Ok(());
    }
    sqlx::query(SEAL)
        .bind(column(&told, |(id, _, _)| *id))
        .bind(column(&told, |(_, salt, _)| salt.as_deref()))
        .bind(column(&told, |(_, _, seal)| seal.person.bytes()))
        .bind(column(&told, |(_, _, seal)| seal.chain.bytes()))
        .execute(&mut *connection)
        .await?;
    sqlx::query(MARK).bind(mark.id).bind(mark.count).bind(mark.chain.bytes()).execute(connection).await.map(|_| ())
}

/// What is known of the chain under this name.
pub(super) async fn mark_of(connection: &mut PgConnection, name: &str) -> Result<Option<Mark>, sqlx::Error> {
    let sql = "select id, count, chain from punch_marks where name = $1";
    let row = sqlx::query(sql).bind(name).fetch_optional(connection).await?;
    row.map(|row| mark(&row)).transpose()
}

/// A connection that reads the log beside the server's.
pub(in crate::store) async fn open_log(url: &DatabaseUrl) -> Result<PgConnection, StoreError> {
    let unreachable = |why| StoreError::new("reach its database", why);
    let options = options(url)?;
    let late = |_| Err(StoreError::new("reach its database", "it has not answered in time"));
    let connected = async { PgConnection::connect_with(&options).await.map_err(unreachable) };
    let mut connection = timeout(limits::STORE_PATIENCE, connected).await.unwrap_or_else(late)?;
    teach(&mut connection, limits::STORE_READ).await.map_err(unreachable)?;
    Ok(connection)
}

/// The rows after `after`, and all marks of the same moment.
pub(in crate::store) async fn piece(connection: &mut PgConnection, after: i64) -> Result<LogPiece, StoreError> {
    let snapshot = connection.begin_with("begin transaction isolation level repeatable read read only").await;
    let mut snapshot = snapshot.map_err(unreadable)?;
    let rows = sqlx::query(ROWS).bind(after).bind(i64::from(limits::AUDIT_ROWS));
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

fn mark(row: &PgRow) -> Result<Mark, sqlx::Error> {
    let chain = Digest::from_bytes(row.try_get(2)?);
    let chain = chain.ok_or_else(|| sqlx::Error::Decode("a mark's `chain` is no digest".into()))?;
    Ok(Mark { id: row.try_get(0)?, count: row.try_get(1)?, chain })
}

fn to_row(row: &PgRow) -> Result<LogRow, sqlx::Error> {
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
