//! One side of a transfer: a database that nobody else writes into meanwhile.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::{
    postgres,
    row::Row,
    sqlite,
    table::{Numbers, TABLES, Table},
};
use crate::store::{Sqlite, Store, StoreError, StorePlace, column::unreadable, postgres as databases, sqlite as files};

/// One statement, on a connection to either database.
macro_rules! execute {
    ($connection:expr, $sql:expr) => {
        sqlx::raw_sql($sql).execute($connection).await.map(|_| ())
    };
}

/// A connection to it.
pub(super) enum Side {
    /// With the store that holds the directory's lock, if it was taken.
    Sqlite(SqliteConnection, Option<Sqlite>),
    /// The lock is the connection's own.
    Postgres(PgConnection),
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// All is read as of one moment.
    Read,
    /// All is written, or nothing.
    Write,
}

impl Side {
    /// The store that is there, with the lock of whoever writes, and brought up to date: both as a server does it.
    pub(super) async fn source(place: &StorePlace) -> Result<Self, StoreError> {
        if let StorePlace::Directory(directory) = place
            && !files::is_there(directory)
        {
            return Err(StoreError::new("open its file", "there is none: no server has kept anything here"));
        }
        Self::target(place).await
    }

    /// The same, and made if it is not there.
    pub(super) async fn target(place: &StorePlace) -> Result<Self, StoreError> {
        match place {
            StorePlace::Directory(directory) => {
                let (connection, store) = files::open_alone(directory).await?;
                Ok(Self::Sqlite(connection, Some(store)))
            }
            StorePlace::Database(url) => databases::open_alone(url).await.map(Self::Postgres),
        }
    }

    /// A look at what is there, beside a server that may run. `None`: nothing is there.
    pub(super) async fn beside(place: &StorePlace) -> Result<Option<Self>, StoreError> {
        Ok(match place {
            StorePlace::Directory(directory) if !files::is_there(directory) => None,
            StorePlace::Directory(directory) => Some(Self::Sqlite(files::open_log(directory).await?, None)),
            StorePlace::Database(url) => Some(Self::Postgres(databases::open_log(url).await?)),
        })
    }

    pub(super) async fn begin(&mut self, purpose: Purpose) -> Result<(), StoreError> {
        let begun = match (self, purpose) {
            (Self::Sqlite(file, _), Purpose::Read) => execute!(file, "begin"),
            (Self::Sqlite(file, _), Purpose::Write) => execute!(file, "begin immediate"),
            (Self::Postgres(database), Purpose::Read) => {
                execute!(database, "begin transaction isolation level repeatable read read only")
            }
            (Self::Postgres(database), Purpose::Write) => execute!(database, "begin"),
        };
        begun.map_err(|why| StoreError::new("begin", why))
    }

    /// Makes everything that was written a fact.
    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        self.write("commit").await
    }

    /// Undoes what was written, unless it is a fact; and lets go.
    pub(super) async fn close(mut self) {
        // Without a transaction there is nothing to undo, and whatever is left undone the end of the connection undoes.
        let _ = self.write("rollback").await;
        match self {
            Self::Sqlite(file, store) => {
                let _ = file.close().await;
                if let Some(store) = store {
                    let _ = store.close().await;
                }
            }
            Self::Postgres(database) => {
                let _ = database.close().await;
            }
        }
    }

    /// A page of rows in the order of their keys, after the row `after`.
    pub(super) async fn page(&mut self, table: &Table, after: Option<&Row>) -> Result<Vec<Row>, StoreError> {
        let page = match self {
            Self::Sqlite(file, _) => sqlite::page(file, table, after).await,
            Self::Postgres(database) => postgres::page(database, table, after).await,
        };
        page.map_err(unreadable)
    }

    /// Adds rows as they are.
    pub(super) async fn add(&mut self, table: &Table, rows: &[Row]) -> Result<(), StoreError> {
        let added = match self {
            Self::Sqlite(file, _) => sqlite::write(file, table, rows).await,
            Self::Postgres(database) => postgres::write(database, table, rows).await,
        };
        added.map_err(unwritten)
    }

    /// How many rows there are; none, where there is no such table yet.
    pub(super) async fn count(&mut self, table: &Table) -> Result<i64, StoreError> {
        let has = match self {
            Self::Sqlite(file, _) => sqlite::has(file, table).await,
            Self::Postgres(database) => postgres::has(database, table).await,
        };
        if !has.map_err(unreadable)? {
            return Ok(0);
        }
        let sql = AssertSqlSafe(format!("select count(*) from {}", table.name));
        let count = match self {
            Self::Sqlite(file, _) => sqlx::query_scalar(sql).fetch_one(file).await,
            Self::Postgres(database) => sqlx::query_scalar(sql).fetch_one(database).await,
        };
        count.map_err(unreadable)
    }

    /// The last number that the table has given out.
    pub(super) async fn last_number(&mut self, table: &Table) -> Result<i64, StoreError> {
        if table.numbers == Numbers::Brought {
            return Ok(0);
        }
        let last = match self {
            Self::Sqlite(file, _) => sqlite::last_number(file, table).await,
            Self::Postgres(database) => postgres::last_number(database, table).await,
        };
        last.map_err(unreadable)
    }

    /// Makes it the last number that the table has given out.
    pub(super) async fn number_on(&mut self, table: &Table, last: i64) -> Result<(), StoreError> {
        let numbered = match self {
            Self::Sqlite(file, _) => sqlite::number_on(file, table, last).await,
            Self::Postgres(database) => postgres::number_on(database, table, last).await,
        };
        numbered.map_err(unwritten)
    }

    /// Looks at what was written, so that the first server on it finds its way through the indexes at once. SQLite does that
    /// by itself when it closes.
    pub(super) async fn learn(&mut self) -> Result<(), StoreError> {
        if let Self::Postgres(database) = self {
            let names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
            let sql = AssertSqlSafe(format!("analyze {}", names.join(", ")));
            execute!(database, sql).map_err(unwritten)?;
        }
        Ok(())
    }

    /// Any statement that writes.
    pub(super) async fn write(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let written = match self {
            Self::Sqlite(file, _) => execute!(file, sql),
            Self::Postgres(database) => execute!(database, sql),
        };
        written.map_err(unwritten)
    }
}

fn unwritten(why: sqlx::Error) -> StoreError {
    StoreError::new("write", why)
}
