//! Rows out of a PostgreSQL database, and into one.

use sqlx::{AssertSqlSafe, PgConnection, Row as _, postgres::PgRow};

use super::{
    row::{Cell, Row},
    table::{Dialect::Postgres, Kind, Numbers, Table},
};
use crate::limits;

/// A page of rows in the order of their keys, after the row `after`.
pub(super) async fn page(
    database: &mut PgConnection,
    table: &Table,
    after: Option<&Row>,
) -> Result<Vec<Row>, sqlx::Error> {
    let sql = AssertSqlSafe(table.select(Postgres, after));
    let mut query = sqlx::query(sql);
    for cell in after.map(|row| table.key(row)).unwrap_or_default() {
        query = match cell {
            Cell::Integer(integer) => query.bind(*integer),
            cell => query.bind(cell.text()),
        };
    }
    let found = query.bind(i64::from(limits::TRANSFER_ROWS)).fetch_all(database).await?;
    found.iter().map(|row| to_row(table, row)).collect()
}

fn to_row(table: &Table, row: &PgRow) -> Result<Row, sqlx::Error> {
    let cells = table.columns.iter().enumerate().map(|(at, column)| {
        Ok(match column.kind {
            Kind::Integer | Kind::Flag => row.try_get::<Option<i64>, _>(at)?.into(),
            Kind::Text => row.try_get::<Option<String>, _>(at)?.into(),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.into(),
        })
    });
    cells.collect()
}

/// Adds rows as they are, with the numbers that they have.
pub(super) async fn write(database: &mut PgConnection, table: &Table, rows: &[Row]) -> Result<(), sqlx::Error> {
    let arrays = table.columns.iter().enumerate().map(|(at, column)| format!("${}::{}", at + 1, column.array()));
    let arrays: Vec<_> = arrays.collect();
    let sql = format!("{} overriding system value select * from unnest({})", table.insert(Postgres), arrays.join(", "));
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (at, column) in table.columns.iter().enumerate() {
        let cells = rows.iter().map(|row| &row[at]);
        query = match column.kind {
            Kind::Integer => query.bind(cells.map(Cell::integer).collect::<Vec<_>>()),
            Kind::Flag => query.bind(cells.map(|cell| cell.integer().map(|flag| flag != 0)).collect::<Vec<_>>()),
            Kind::Text => query.bind(cells.map(Cell::text).collect::<Vec<_>>()),
            Kind::Bytes => query.bind(cells.map(Cell::bytes).collect::<Vec<_>>()),
        };
    }
    query.execute(database).await.map(|_| ())
}

/// The last number that was given out.
pub(super) async fn last_number(database: &mut PgConnection, table: &Table) -> Result<i64, sqlx::Error> {
    let sql = "select coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass), 0)";
    sqlx::query_scalar(sql).bind(table.name).fetch_one(database).await
}

/// Makes it the last number that was given out. Rows that bring their numbers do not move it.
pub(super) async fn number_on(database: &mut PgConnection, table: &Table, last: i64) -> Result<(), sqlx::Error> {
    if table.numbers != Numbers::Brought {
        let sql = "select setval(pg_get_serial_sequence($1, 'id'), greatest($2, 1), $2 > 0)";
        sqlx::query(sql).bind(table.name).bind(last).execute(database).await?;
    }
    Ok(())
}

/// Whether there is such a table, where this connection looks for them.
pub(super) async fn has(database: &mut PgConnection, table: &Table) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select to_regclass($1) is not null").bind(table.name).fetch_one(database).await
}
