//! A long past in a store, written by SQLite itself: ten million sessions through the server's own code would take a
//! quarter of an hour and more.

use std::{error::Error, path::Path};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use stillhere_server::store::{Sqlite, Store};

use crate::{
    crowd::{self, CHANNELS, PAGES},
    progress::Progress,
};

/// People who have been here.
pub(crate) const PEOPLE: u32 = 100_000;

/// How far back the past goes, in days.
pub(crate) const DAYS: u64 = 90;

const DAY_MS: u64 = 24 * 3_600 * 1_000;

const ROWS: &str = include_str!("past.sql");

/// What a server does when it stops.
const LEARN: &str = "pragma analysis_limit = 400; analyze";

/// Sessions that are over, evenly over ninety days, of a hundred thousand people.
///
/// # Errors
/// A sentence: the store cannot be written.
pub(crate) async fn fill(folder: &Path, count: u32, progress: &Progress) -> Result<(), String> {
    // The schema is the server's own.
    Sqlite::open(folder).await.map_err(said)?.close().await.map_err(said)?;
    // Whatever becomes of it in a loss of power: nobody waits for this disk.
    let options = SqliteConnectOptions::new()
        .filename(folder.join("stillhere.sqlite"))
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", "-1048576");
    let mut store = options.connect().await.map_err(said)?;
    let indexes = indexes(&mut store).await?;
    for (name, _) in &indexes {
        run(&mut store, &format!("drop index {name}")).await?;
    }
    let (first, length) = (crowd::now().0 - DAYS * DAY_MS, (DAYS - 1) * DAY_MS);
    let words = [("COUNT", u64::from(count)), ("FIRST", first), ("LENGTH", length), ("PEOPLE", u64::from(PEOPLE))];
    let words = words.into_iter().chain([("CHANNELS", u64::from(CHANNELS)), ("PAGES", u64::from(PAGES))]);
    let rows = words.fold(ROWS.to_owned(), |rows, (word, number)| rows.replace(word, &number.to_string()));
    progress.say(&format!("{count} sessions are written"));
    run(&mut store, &rows).await?;
    // Sorted once and written in order, each takes a tenth of the time that as many single entries would.
    for (name, index) in &indexes {
        progress.say(&format!("{name} is made"));
        run(&mut store, index).await?;
    }
    run(&mut store, LEARN).await?;
    store.close().await.map_err(said)
}

/// The indexes of the sessions, and how each is made; but for the one of their ids, which is a rule.
async fn indexes(store: &mut SqliteConnection) -> Result<Vec<(String, String)>, String> {
    let made = "select name, sql from sqlite_schema where type = 'index' and tbl_name = 'sessions' and sql is not null";
    let rows = sqlx::raw_sql(made).fetch_all(store).await.map_err(said)?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

async fn run(store: &mut SqliteConnection, sql: &str) -> Result<(), String> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(store).await.map(drop).map_err(|why| format!("{sql}: {why}"))
}

#[allow(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn said(why: impl Error) -> String {
    why.to_string()
}
