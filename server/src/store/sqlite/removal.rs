//! Removing what is kept of one person.

use sqlx::{Sqlite, SqlitePool, Transaction};
use stillhere_engine::wire::UserId;

use super::letters;
use crate::{
    limits,
    store::{Removed, chain::ERASED},
};

/// The spans of the oldest sessions of a user …
const SPANS: &str = "
    delete from spans where session_id in (select id from sessions where user = ?1 order by started_at, id limit ?2)";

/// … and then these sessions.
const SESSIONS: &str = "
    delete from sessions where id in (select id from sessions where user = ?1 order by started_at, id limit ?2)";

const VISITS: &str = "delete from visits where user = ?1";

/// What watchers were told, all of it: with a gap, who comes back after a restart would miss the leave and never know. So
/// they get a snapshot.
const NEWS: &str = "delete from news";

const STAY: &str = "delete from stays where user = ?1";

/// The log keeps its rows and their seals, of nobody. One word for all of them, so that each IN still has its OUT.
const PUNCHES: &str = "update punches set user = ?2, salt = null where user = ?1";

/// Removes it piece by piece, each whole or not at all. Done again after a failure it goes on where it stopped.
pub(super) async fn remove(writer: &SqlitePool, user: &UserId) -> Result<Removed, sqlx::Error> {
    let mut removed = Removed::default();
    loop {
        let mut transaction = writer.begin_with("begin immediate").await?;
        let spans = sqlx::query(SPANS).bind(user.as_str()).bind(i64::from(limits::FORGET_ROWS));
        removed.spans += spans.execute(&mut *transaction).await?.rows_affected();
        let sessions = sqlx::query(SESSIONS).bind(user.as_str()).bind(i64::from(limits::FORGET_ROWS));
        let sessions = sessions.execute(&mut *transaction).await?.rows_affected();
        removed.sessions += sessions;
        if sessions < u64::from(limits::FORGET_ROWS) {
            remove_rest(&mut transaction, user, &mut removed).await?;
            transaction.commit().await?;
            return Ok(removed);
        }
        transaction.commit().await?;
    }
}

async fn remove_rest(
    transaction: &mut Transaction<'_, Sqlite>,
    user: &UserId,
    removed: &mut Removed,
) -> Result<(), sqlx::Error> {
    removed.visits = sqlx::query(VISITS).bind(user.as_str()).execute(&mut **transaction).await?.rows_affected();
    sqlx::query(STAY).bind(user.as_str()).execute(&mut **transaction).await?;
    sqlx::query(letters::FORGET).bind(user.as_str()).execute(&mut **transaction).await?;
    sqlx::query(NEWS).execute(&mut **transaction).await?;
    let chance: String = sqlx::query_scalar("select lower(hex(randomblob(8)))").fetch_one(&mut **transaction).await?;
    let word = format!("{ERASED}{chance}");
    let punches = sqlx::query(PUNCHES).bind(user.as_str()).bind(word);
    removed.punches = punches.execute(&mut **transaction).await?.rows_affected();
    Ok(())
}
