//! Where a store can be opened, and opened again.

use std::{
    collections::BTreeSet,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqlSafeStr, SqliteConnection, sqlite::SqliteConnectOptions};
use stillhere_test_postgres::{Cluster, Disk};
use tempfile::TempDir;

use crate::{
    settings::DatabaseUrl,
    store::{Postgres, Sqlite, Store, StoreError, StorePlace},
};

pub(super) enum Ground {
    /// A directory that goes away with the test.
    Sqlite(TempDir),
    /// A database of its own in the server of all tests.
    Postgres(DatabaseUrl),
}

/// A new database. The server is started by the first test that asks, and ends with the process.
pub(crate) fn database() -> DatabaseUrl {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    // Nobody cuts the power during these tests.
    let cluster = CLUSTER.get_or_init(|| Cluster::start(Disk::Ignored));
    DatabaseUrl::new(&cluster.database(&format!("test{}", DATABASES.fetch_add(1, Relaxed))))
}

/// A connection beside those of the store.
pub(crate) async fn connect(url: &DatabaseUrl) -> PgConnection {
    PgConnection::connect(url.expose()).await.unwrap()
}

impl Ground {
    pub(super) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub(super) fn postgres() -> Self {
        Self::Postgres(database())
    }

    pub(super) async fn open(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(match self {
            Self::Sqlite(directory) => Box::new(Sqlite::open(directory.path()).await?),
            Self::Postgres(url) => Box::new(Postgres::open(url).await?),
        })
    }

    pub(super) async fn store(&self) -> Box<dyn Store> {
        self.open().await.unwrap()
    }

    /// The spans of all sessions as they lie there: start and end on the tab's clock, start and end on the server's.
    pub(super) async fn spans(&self) -> Vec<(i64, i64, i64, i64)> {
        let sql = "select start_ms, end_ms, start_at, end_at from spans order by start_ms";
        match self {
            Self::Sqlite(_) => sqlx::query_as(sql).fetch_all(&mut self.file().await).await.unwrap(),
            Self::Postgres(url) => sqlx::query_as(sql).fetch_all(&mut connect(url).await).await.unwrap(),
        }
    }

    /// Every column there is, with its table.
    pub(super) async fn columns(&self) -> BTreeSet<(String, String)> {
        let found: Vec<(String, String)> = match self {
            Self::Sqlite(_) => {
                let sql =
                    "select tables.name, columns.name from sqlite_master as tables, pragma_table_info(tables.name) as
                    columns where tables.type = 'table' and tables.name not like 'sqlite_%'";
                sqlx::query_as(sql).fetch_all(&mut self.file().await).await.unwrap()
            }
            Self::Postgres(url) => {
                let sql = "select table_name::text, column_name::text from information_schema.columns
                    where table_schema = current_schema()";
                sqlx::query_as(sql).fetch_all(&mut connect(url).await).await.unwrap()
            }
        };
        // The schema's own diary, which each database has for itself.
        found.into_iter().filter(|(table, _)| table != "_sqlx_migrations").collect()
    }

    /// Does what no store would.
    pub(super) async fn meddle(&self, sql: impl SqlSafeStr) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(_) => sqlx::raw_sql(sql).execute(&mut self.file().await).await.map(|_| ()),
            Self::Postgres(url) => sqlx::raw_sql(sql).execute(&mut connect(url).await).await.map(|_| ()),
        }
    }

    /// Does what only the owner of the database can: takes the guards off the log, does it, and puts them back.
    pub(super) async fn attack(&self, sql: &'static str) {
        match self {
            Self::Sqlite(_) => {
                let file = &mut self.file().await;
                let guards = "select name, sql from sqlite_master where type = 'trigger' and tbl_name = 'punches'";
                let guards: Vec<(String, String)> = sqlx::query_as(guards).fetch_all(&mut *file).await.unwrap();
                for (name, _) in &guards {
                    let off = AssertSqlSafe(format!("drop trigger {name}"));
                    sqlx::raw_sql(off).execute(&mut *file).await.unwrap();
                }
                sqlx::raw_sql(sql).execute(&mut *file).await.unwrap();
                for (_, on) in guards {
                    sqlx::raw_sql(AssertSqlSafe(on)).execute(&mut *file).await.unwrap();
                }
            }
            Self::Postgres(url) => {
                let server = &mut connect(url).await;
                let (off, on) = ("alter table punches disable trigger user", "alter table punches enable trigger user");
                for sql in [off, sql, on] {
                    sqlx::raw_sql(sql).execute(&mut *server).await.unwrap();
                }
            }
        }
    }

    /// Where whoever checks the log finds it.
    pub(super) fn place(&self) -> StorePlace {
        match self {
            Self::Sqlite(directory) => StorePlace::Directory(directory.path().into()),
            Self::Postgres(url) => StorePlace::Database(url.clone()),
        }
    }

    /// Makes every later span fail in the middle of its batch.
    pub(super) async fn break_spans(&self) {
        self.break_table("spans").await;
    }

    /// Makes everything that is told later fail at the end of its entry.
    pub(super) async fn break_news(&self) {
        self.break_table("news").await;
    }

    /// Makes every later letter fail at the end of its entry.
    pub(super) async fn break_letters(&self) {
        self.break_table("letters").await;
    }

    async fn break_table(&self, table: &str) {
        let sql = match self {
            Self::Sqlite(_) => {
                "create trigger refuse before insert on TABLE begin select raise(abort, 'disk full'); end"
            }
            Self::Postgres(_) => {
                "create function refuse() returns trigger language plpgsql as
                    $$ begin raise exception 'disk full'; end $$;
                create trigger refuse before insert on TABLE for each row execute function refuse()"
            }
        };
        self.meddle(AssertSqlSafe(sql.replace("TABLE", table))).await.unwrap();
    }

    async fn file(&self) -> SqliteConnection {
        let Self::Sqlite(directory) = self else { panic!("it has no file") };
        let options = SqliteConnectOptions::new().filename(directory.path().join("stillhere.sqlite"));
        SqliteConnection::connect_with(&options).await.unwrap()
    }
}
