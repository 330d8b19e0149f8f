//! The punch clock's log as it lies there, for whoever checks its seals: read beside a server that runs, without its lock,
//! and changing nothing.

use std::{fmt, path::PathBuf};

use sqlx::{PgConnection, SqliteConnection};
use stillhere_engine::time::Timestamp;

use super::{
    StoreError,
    chain::{LogRow, Mark},
    postgres, sqlite,
};
use crate::{limits, moment, settings::DatabaseUrl};

/// Where facts are kept.
#[derive(Clone, Debug)]
pub enum StorePlace {
    /// In SQLite, in this directory.
    Directory(PathBuf),
    /// In this PostgreSQL database.
    Database(DatabaseUrl),
}

/// Without the password of a database.
impl fmt::Display for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => write!(f, "SQLite in {}", directory.display()),
            Self::Database(url) => write!(f, "PostgreSQL at {url}"),
        }
    }
}

/// A way to read the log.
pub struct Log(Connection);

enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// What was cut off at the old end of the log, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The last row that was cut off.
    pub mark: Mark,
    /// When.
    pub at: Timestamp,
}

impl Cut {
    /// When, as text.
    #[must_use]
    pub fn moment(&self) -> String {
        moment::to_text(self.at)
    }
}

/// Some rows, oldest first, and what is known of the chain at the same moment.
#[derive(Debug, Default)]
pub(crate) struct LogPiece {
    pub(crate) rows: Vec<LogRow>,
    /// `None`: nothing was ever sealed.
    pub(crate) head: Option<Mark>,
    pub(crate) cut: Option<Cut>,
    /// The last row that was there before there were seals.
    pub(super) unsealed: i64,
}

impl LogPiece {
    /// Takes a mark as it lies there.
    pub(super) fn note(&mut self, name: &str, mark: Mark, at: Option<Timestamp>) {
        match name {
            "head" => self.head = Some(mark),
            "unsealed" => self.unsealed = mark.id,
            "anchor" => self.cut = Some(Cut { mark, at: at.unwrap_or(Timestamp(0)) }),
            _ => {}
        }
    }

    /// Whether more rows may follow.
    pub(crate) fn is_last(&self) -> bool {
        (self.rows.len() as u64) < u64::from(limits::AUDIT_ROWS)
    }
}

impl Log {
    /// Begins to read.
    ///
    /// # Errors
    /// There is no store, or it cannot be read.
    pub async fn open(place: &StorePlace) -> Result<Self, StoreError> {
        Ok(Self(match place {
            StorePlace::Directory(directory) => Connection::Sqlite(sqlite::open_log(directory).await?),
            StorePlace::Database(url) => Connection::Postgres(postgres::open_log(url).await?),
        }))
    }

    /// The rows after the one with the number `after`.
    pub(crate) async fn piece(&mut self, after: i64) -> Result<LogPiece, StoreError> {
        let piece = match &mut self.0 {
            Connection::Sqlite(connection) => sqlite::piece(connection, after).await?,
            Connection::Postgres(connection) => postgres::piece(connection, after).await?,
        };
        if piece.head.map_or(0, |head| head.id) < piece.unsealed {
            let why = "it was written before there were seals, and a server has to seal it first: start one";
            return Err(StoreError::new("check its log of punches", why));
        }
        Ok(piece)
    }
}
