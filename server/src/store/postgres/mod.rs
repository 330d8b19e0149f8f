//! The store in a PostgreSQL database.

mod course;
mod history;
mod letters;
mod locks;
mod news;
mod punches;
mod read;
mod record;
mod removal;
mod retention;
mod seals;
#[cfg(test)]
mod tests;
mod totals;
mod writer;

use std::{fmt, str::FromStr};

use sqlx::{
    PgConnection, PgPool, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use stillhere_engine::{
    time::Timestamp,
    tracker::{OpenPunch, SessionRow},
    wire::{SessionId, UserId},
};
use tokio::time::timeout;

use super::{
    ChannelTotals, Course, Entry, Event, Left, News, Office, OpenSessions, Outbox, Pending, Place, PunchList,
    PunchQuery, Range, Removed, SessionList, SessionPage, SessionQuery, Shares, Store, StoreError, Trace,
};
use crate::{limits, settings::DatabaseUrl};
use locks::Hold;
pub(super) use seals::{open_log, piece};
use writer::Writer;
pub(super) use writer::give_back;

/// The schema, step by step. A step that has been released is never edited: the next one corrects it.
const STEPS: [(i64, &str, &str); 9] = [
    (1, "sessions", include_str!("../../../migrations/postgres/0001_sessions.sql")),
    (2, "punches", include_str!("../../../migrations/postgres/0002_punches.sql")),
    (3, "sealed punches", include_str!("../../../migrations/postgres/0003_sealed_punches.sql")),
    (4, "old sessions", include_str!("../../../migrations/postgres/0004_old_sessions.sql")),
    (5, "history", include_str!("../../../migrations/postgres/0005_history.sql")),
    (6, "news", include_str!("../../../migrations/postgres/0006_news.sql")),
    (7, "letters", include_str!("../../../migrations/postgres/0007_letters.sql")),
    (8, "views", include_str!("../../../migrations/postgres/0008_views.sql")),
    (9, "past", include_str!("../../../migrations/postgres/0009_past.sql")),
];

/// What every connection is told: no statement may take longer than the milliseconds in `$1`, and when this machine is
/// gone without a word, the database notices within a quarter of a minute and lets go of what the connection held.
const MANNERS: &str = "
    select set_config('statement_timeout', $1, false), set_config('tcp_keepalives_idle', '5', false),
        set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '2', false)";

/// Sessions and spans in a database.
pub struct Postgres {
    writer: Writer,
    /// Readers see the last commit and never wait for the writer. The pool replaces connections that have broken.
    readers: PgPool,
}

impl Postgres {
    /// Whether the address can be followed, wherever it leads.
    pub(crate) fn follows(url: &DatabaseUrl) -> bool {
        PgConnectOptions::from_str(url.expose()).is_ok()
    }

    /// Opens the store in the database for a server that works alone, and makes its tables if they do not exist.
    ///
    /// # Errors
    /// The database cannot be reached or written, another server or a node uses it, or its tables are from a newer version.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Self::open_with(url, Hold::Alone).await
    }

    /// Opens the store in the database for one of several nodes, which all write into it. Any number may start at once.
    ///
    /// # Errors
    /// The database cannot be reached or written, a server that works alone uses it, or its tables are from a newer version.
    pub async fn open_shared(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Self::open_with(url, Hold::WithNodes).await
    }

    async fn open_with(url: &DatabaseUrl, hold: Hold) -> Result<Self, StoreError> {
        let options = options(url)?;
        let writer = Writer::open(options.clone(), hold, migrate).await?;
        let readers = PgPoolOptions::new()
            .max_connections(limits::STORE_READERS)
            .acquire_timeout(limits::STORE_PATIENCE)
            .after_connect(|connection, _| {
                Box::pin(async {
                    teach(connection, limits::STORE_READ).await?;
                    let read_only = "select set_config('default_transaction_read_only', 'on', false)";
                    sqlx::query(read_only).execute(connection).await.map(|_| ())
                })
            })
            .connect_lazy_with(options);
        Ok(Self { writer, readers })
    }
}

fn options(url: &DatabaseUrl) -> Result<PgConnectOptions, StoreError> {
    // What the driver says about an address may repeat parts of it, and one part is a password.
    PgConnectOptions::from_str(url.expose())
        .map_err(|_| StoreError::new("reach its database", "`database_url` is no address"))
}

/// The connection that writes, and has the lock, for whoever carries everything away or here.
pub(super) async fn open_alone(url: &DatabaseUrl) -> Result<PgConnection, StoreError> {
    writer::prepared(&options(url)?, Hold::Alone, migrate).await
}

/// Whether the connection that holds an office still does: it answers.
pub(super) async fn answers(connection: &mut PgConnection) -> bool {
    sqlx::query("select 1").execute(connection).await.is_ok()
}

/// Tells a connection how to behave.
async fn teach(connection: &mut PgConnection, longest: std::time::Duration) -> Result<(), sqlx::Error> {
    sqlx::query(MANNERS).bind(longest.as_millis().to_string()).execute(connection).await.map(|_| ())
}

async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    let steps = STEPS.map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let migrator = Migrator::with_migrations(steps.to_vec());
    migrator.run(&mut *connection).await.map_err(|why| StoreError::new("bring its tables up to date", why))?;
    let sealed = seals::seal_old(connection).await.map_err(|why| StoreError::new("seal its log of punches", why))?;
    if sealed > 0 {
        tracing::info!(sealed, "punches from before there were seals have theirs now");
    }
    Ok(())
}

/// Gives up on a read when nobody can use its result any more, however silent the network.
fn read<'a, T: 'a>(reading: impl Future<Output = Result<T, StoreError>> + Send + 'a) -> Pending<'a, T> {
    Box::pin(async {
        let late = |_| Err(StoreError::new("read", "its database has not answered in time"));
        timeout(limits::STORE_READ, reading).await.unwrap_or_else(late)
    })
}

impl Store for Postgres {
    fn record<'a>(&'a self, entry: &'a Entry) -> Pending<'a, ()> {
        Box::pin(self.writer.record(entry))
    }

    fn remove<'a>(&'a self, user: &'a UserId) -> Pending<'a, Removed> {
        Box::pin(self.writer.remove(user))
    }

    fn forget(&self, before: Timestamp) -> Pending<'_, u64> {
        Box::pin(self.writer.forget(before))
    }

    fn cut(&self, before: Timestamp, now: Timestamp) -> Pending<'_, u64> {
        Box::pin(self.writer.cut(before, now))
    }

    fn session(&self, session: SessionId) -> Pending<'_, Option<SessionRow>> {
        read(read::session(&self.readers, session))
    }

    fn open_count(&self) -> Pending<'_, u64> {
        read(read::open_count(&self.readers))
    }

    fn open_sessions(&self, after: Option<Place>) -> Pending<'_, OpenSessions> {
        read(read::open_sessions(&self.readers, after))
    }

    fn open_punches(&self) -> Pending<'_, Vec<OpenPunch>> {
        read(punches::open(&self.readers))
    }

    fn alive_at(&self) -> Pending<'_, Option<Timestamp>> {
        read(read::alive_at(&self.readers))
    }

    fn news(&self) -> Pending<'_, Vec<News>> {
        read(news::list(&self.readers))
    }

    fn sessions<'a>(&'a self, query: &'a SessionQuery) -> Pending<'a, SessionList> {
        read(read::sessions(&self.readers, query))
    }

    fn session_page<'a>(&'a self, query: &'a SessionQuery) -> Pending<'a, SessionPage> {
        read(read::session_page(&self.readers, query))
    }

    fn punches<'a>(&'a self, query: &'a PunchQuery) -> Pending<'a, PunchList> {
        read(punches::list(&self.readers, query))
    }

    fn channels(&self, today: Timestamp) -> Pending<'_, Vec<ChannelTotals>> {
        read(read::channels(&self.readers, today))
    }

    fn left(&self, since: Timestamp) -> Pending<'_, Vec<Left>> {
        read(read::left(&self.readers, since))
    }

    fn course(&self, session: SessionId) -> Pending<'_, Course> {
        read(course::of_session(&self.readers, session))
    }

    fn history<'a>(&'a self, range: Range, into: &'a mut (dyn FnMut(Event<'_>) + Send)) -> Pending<'a, Shares> {
        read(history::of_all(&self.readers, range, into))
    }

    fn user_history<'a>(
        &'a self,
        user: &'a UserId,
        range: Range,
        into: &'a mut (dyn FnMut(Trace) + Send),
    ) -> Pending<'a, ()> {
        read(history::of_user(&self.readers, user, range, into))
    }

    fn outbox(&self) -> &dyn Outbox {
        self
    }

    fn office(&self) -> Pending<'_, Option<Office>> {
        Box::pin(self.writer.office())
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async {
            // A database that does not say goodbye is left without one: what was acknowledged is there.
            let _ = timeout(limits::STORE_PATIENCE, self.readers.close()).await;
            self.writer.close().await;
            Ok(())
        })
    }
}

/// Without the address: it holds a password.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}
