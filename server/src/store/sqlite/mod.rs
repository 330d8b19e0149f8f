//! The store in one file on this machine's disk, with nothing to install.

mod course;
mod history;
mod letters;
mod news;
mod packed;
mod punches;
mod read;
mod record;
mod removal;
mod retention;
mod seals;
#[cfg(test)]
mod tests;
mod totals;

use std::{
    fs::{File, TryLockError, create_dir_all, read_to_string},
    io::Write,
    path::Path,
    process,
};

use sqlx::{
    SqlSafeStr, SqliteConnection, SqlitePool,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use stillhere_engine::{
    time::Timestamp,
    tracker::{OpenPunch, SessionRow},
    wire::{SessionId, UserId},
};

use super::{
    ChannelTotals, Course, Entry, Event, Left, News, Office, OpenSessions, Outbox, Pending, Place, PunchList,
    PunchQuery, Range, Removed, SessionList, SessionPage, SessionQuery, Shares, Store, StoreError, Trace,
};
use crate::limits;
pub(super) use seals::{open_log, piece};

/// The schema, step by step. A step that has been released is never edited: the next one corrects it.
const STEPS: [(i64, &str, &str); 10] = [
    (1, "sessions", include_str!("../../../migrations/sqlite/0001_sessions.sql")),
    (2, "punches", include_str!("../../../migrations/sqlite/0002_punches.sql")),
    (3, "visits", include_str!("../../../migrations/sqlite/0003_visits.sql")),
    (4, "sealed punches", include_str!("../../../migrations/sqlite/0004_sealed_punches.sql")),
    (5, "old sessions", include_str!("../../../migrations/sqlite/0005_old_sessions.sql")),
    (6, "history", include_str!("../../../migrations/sqlite/0006_history.sql")),
    (7, "news", include_str!("../../../migrations/sqlite/0007_news.sql")),
    (8, "letters", include_str!("../../../migrations/sqlite/0008_letters.sql")),
    (9, "views", include_str!("../../../migrations/sqlite/0009_views.sql")),
    (10, "past", include_str!("../../../migrations/sqlite/0010_past.sql")),
];

/// The file in the directory.
const FILE: &str = "stillhere.sqlite";

/// Sessions and spans in `stillhere.sqlite`.
#[derive(Debug)]
pub struct Sqlite {
    /// One connection: SQLite has one writer, and waiting for it here is fairer than its own busy loop.
    writer: SqlitePool,
    /// Readers see the last commit and never wait for the writer.
    readers: SqlitePool,
    /// Held for as long as this lives, so that no second server writes into the same directory.
    _lock: File,
}

impl Sqlite {
    /// Opens the store in the directory, and makes both if they do not exist.
    ///
    /// # Errors
    /// The directory cannot be written, another server uses it, or the file is from a newer version.
    pub async fn open(directory: &Path) -> Result<Self, StoreError> {
        create_dir_all(directory).map_err(|why| StoreError::new("make its directory", why))?;
        let lock = lock(directory)?;
        let options = SqliteConnectOptions::new()
            .filename(directory.join(FILE))
            .busy_timeout(limits::STORE_PATIENCE)
            .foreign_keys(true);
        let writer = options
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged fact outlives a loss of power, not only of the process.
            .synchronous(SqliteSynchronous::Full)
            .pragma("cache_size", limits::STORE_CACHE)
            .pragma("wal_autocheckpoint", limits::STORE_LOG_PAGES)
            // What is removed is overwritten, and not only forgotten about.
            .pragma("secure_delete", "on")
            .optimize_on_close(true, limits::ANALYSIS_ROWS);
        let writer = pool(1).connect_with(writer).await.map_err(|why| StoreError::new("open its file", why))?;
        let steps = STEPS.map(|(version, name, sql)| {
            Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        });
        let migrator = Migrator::with_migrations(steps.to_vec());
        migrator.run(&writer).await.map_err(|why| StoreError::new("bring its file up to date", why))?;
        let sealed = seals::seal_old(&writer).await.map_err(|why| StoreError::new("seal its log of punches", why))?;
        if sealed > 0 {
            tracing::info!(sealed, "punches from before there were seals have theirs now");
        }
        let readers = pool(limits::STORE_READERS)
            .connect_with(options.read_only(true))
            .await
            .map_err(|why| StoreError::new("open its file", why))?;
        Ok(Self { writer, readers, _lock: lock })
    }
}

/// Whether a server has ever kept anything in the directory.
pub(super) fn is_there(directory: &Path) -> bool {
    directory.join(FILE).is_file()
}

/// The connection that writes, for whoever carries everything away or here. The lock is held for as long as the store lives.
pub(super) async fn open_alone(directory: &Path) -> Result<(SqliteConnection, Sqlite), StoreError> {
    let store = Sqlite::open(directory).await?;
    let connection = store.writer.acquire().await.map_err(|why| StoreError::new("open its file", why))?;
    Ok((connection.detach(), store))
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(limits::STORE_PATIENCE)
        // A file does not go away as a network does: nothing to ping, nothing to renew.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Takes the lock of the directory, and says in its file who has it.
fn lock(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join("stillhere.lock");
    let unwritable = |why| StoreError::new("write into its directory", why);
    // What is in it was written by whoever has the lock.
    let mut file = File::options().write(true).create(true).truncate(false).open(&path).map_err(unwritable)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).and_then(|()| write!(file, "{}", process::id())).map_err(unwritable)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let holder = read_to_string(path).unwrap_or_default();
            let holder = holder.parse::<u32>().map_or(String::new(), |process| format!(" (process {process})"));
            Err(StoreError::new(
                "use its directory",
                format!("another stillhere server is using it{holder}; stop that one, or give this one another --data"),
            ))
        }
        Err(TryLockError::Error(why)) => Err(StoreError::new("lock its directory", why)),
    }
}

impl Store for Sqlite {
    fn record<'a>(&'a self, entry: &'a Entry) -> Pending<'a, ()> {
        Box::pin(async { record::record(&self.writer, entry).await.map_err(|why| StoreError::new("write", why)) })
    }

    fn remove<'a>(&'a self, user: &'a UserId) -> Pending<'a, Removed> {
        let unremoved = |why| StoreError::new("remove a person", why);
        Box::pin(async move { removal::remove(&self.writer, user).await.map_err(unremoved) })
    }

    fn forget(&self, before: Timestamp) -> Pending<'_, u64> {
        let unforgotten = |why| StoreError::new("forget what is old", why);
        Box::pin(async move { retention::forget(&self.writer, before).await.map_err(unforgotten) })
    }

    fn cut(&self, before: Timestamp, now: Timestamp) -> Pending<'_, u64> {
        let uncut = |why| StoreError::new("cut its log of punches", why);
        Box::pin(async move { retention::cut(&self.writer, before, now).await.map_err(uncut) })
    }

    fn session(&self, session: SessionId) -> Pending<'_, Option<SessionRow>> {
        Box::pin(read::session(&self.readers, session))
    }

    fn open_count(&self) -> Pending<'_, u64> {
        Box::pin(read::open_count(&self.readers))
    }

    fn open_sessions(&self, after: Option<Place>) -> Pending<'_, OpenSessions> {
        Box::pin(read::open_sessions(&self.readers, after))
    }

    fn open_punches(&self) -> Pending<'_, Vec<OpenPunch>> {
        Box::pin(punches::open(&self.readers))
    }

    fn alive_at(&self) -> Pending<'_, Option<Timestamp>> {
        Box::pin(read::alive_at(&self.readers))
    }

    fn news(&self) -> Pending<'_, Vec<News>> {
        Box::pin(news::list(&self.readers))
    }

    fn sessions<'a>(&'a self, query: &'a SessionQuery) -> Pending<'a, SessionList> {
        Box::pin(read::sessions(&self.readers, query))
    }

    fn session_page<'a>(&'a self, query: &'a SessionQuery) -> Pending<'a, SessionPage> {
        Box::pin(read::session_page(&self.readers, query))
    }

    fn punches<'a>(&'a self, query: &'a PunchQuery) -> Pending<'a, PunchList> {
        Box::pin(punches::list(&self.readers, query))
    }

    fn channels(&self, today: Timestamp) -> Pending<'_, Vec<ChannelTotals>> {
        Box::pin(read::channels(&self.readers, today))
    }

    fn left(&self, since: Timestamp) -> Pending<'_, Vec<Left>> {
        Box::pin(read::left(&self.readers, since))
    }

    fn course(&self, session: SessionId) -> Pending<'_, Course> {
        Box::pin(course::of_session(&self.readers, session))
    }

    fn history<'a>(&'a self, range: Range, into: &'a mut (dyn FnMut(Event<'_>) + Send)) -> Pending<'a, Shares> {
        Box::pin(history::of_all(&self.readers, range, into))
    }

    fn user_history<'a>(
        &'a self,
        user: &'a UserId,
        range: Range,
        into: &'a mut (dyn FnMut(Trace) + Send),
    ) -> Pending<'a, ()> {
        Box::pin(history::of_user(&self.readers, user, range, into))
    }

    fn outbox(&self) -> &dyn Outbox {
        self
    }

    fn office(&self) -> Pending<'_, Option<Office>> {
        Box::pin(async { Ok(Some(Office::always())) })
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async {
            self.readers.close().await;
            self.writer.close().await;
            Ok(())
        })
    }
}
