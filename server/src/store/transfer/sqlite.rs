//! Rows out of a SQLite file, and into one.

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    row::{Cell, Row},
    table::{Dialect::Sqlite, Kind, Numbers, Table},
};
use crate::limits;

/// A page of rows in the order of their keys, after the row `after`.
pub(super) async fn page(
    file: &mut SqliteConnection,
    table: &Table,
    after: Option<&Row>,
) -> Result<Vec<Row>, sqlx::Error> {
    let sql = AssertSqlSafe(table.select(Sqlite, after));
    let mut query = sqlx::query(sql);
    for cell in after.map(|row| table.key(row)).unwrap_or_default() {
        query = match cell {
            Cell::Integer(integer) => query.bind(*integer),
            cell => query.bind(cell.text()),
        };
    }
    let found = query.bind(i64::from(limits::TRANSFER_ROWS)).fetch_all(file).await?;
    found.iter().map(|row| to_row(table, row)).collect()
}

fn to_row(table: &Table, row: &SqliteRow) -> Result<Row, sqlx::Error> {
    let cells = table.columns.iter().enumerate().map(|(at, column)| {
        Ok(match column.kind {
            Kind::Integer | Kind::Flag => row.try_get::<Option<i64>, _>(at)?.into(),
            Kind::Text => row.try_get::<Option<String>, _>(at)?.into(),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.into(),
        })
    });
    cells.collect()
}

/// Adds rows as they are.
pub(super) async fn write(file: &mut SqliteConnection, table: &Table, rows: &[Row]) -> Result<(), sqlx::Error> {
    let columns = table.columns.iter().enumerate().map(|(at, column)| match column.kind {
        Kind::Bytes => format!("unhex(value ->> {at})"),
        _ => format!("value ->> {at}"),
    });
    let columns: Vec<_> = columns.collect();
    let sql = format!("{} select {} from json_each(?1)", table.insert(Sqlite), columns.join(", "));
    let rows = serde_json::to_string(rows).map_err(|why| sqlx::Error::Encode(why.into()))?;
    sqlx::query(AssertSqlSafe(sql)).bind(rows).execute(file).await.map(|_| ())
}

/// The last number that was given out.
pub(super) async fn last_number(file: &mut SqliteConnection, table: &Table) -> Result<i64, sqlx::Error> {
    let sql = match table.numbers {
        Numbers::UsedOnce => {
            format!("select coalesce(max(seq), 0) from sqlite_sequence where name = '{}'", table.name)
        }
        Numbers::Brought | Numbers::Counted => format!("select coalesce(max(id), 0) from {}", table.name),
    };
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(file).await
}

/// Makes it the last number that was given out. Where numbers may come again it is the greatest anyway.
pub(super) async fn number_on(file: &mut SqliteConnection, table: &Table, last: i64) -> Result<(), sqlx::Error> {
    if table.numbers == Numbers::UsedOnce {
        sqlx::query("delete from sqlite_sequence where name = ?1").bind(table.name).execute(&mut *file).await?;
        let sql = "insert into sqlite_sequence (name, seq) values (?1, ?2)";
        sqlx::query(sql).bind(table.name).bind(last).execute(file).await?;
    }
    Ok(())
}

/// Whether there is such a table.
pub(super) async fn has(file: &mut SqliteConnection, table: &Table) -> Result<bool, sqlx::Error> {
    let sql = "select count(*) from sqlite_master where type = 'table' and name = ?1";
    let found: i64 = sqlx::query_scalar(sql).bind(table.name).fetch_one(file).await?;
    Ok(found > 0)
}
