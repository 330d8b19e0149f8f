//! Removing what is kept of one person.

use sqlx::{Connection, PgConnection};
use stillhere_engine::wire::UserId;

use super::{letters, locks};
use crate::{
    limits,
    store::{Removed, chain::ERASED},
};

/// The spans of the oldest sessions of a user …
const SPANS: &str = "
    delete from spans where session_id in (select id from sessions where user_id = $1 order by started_at, id limit $2)";

/// … and then these sessions.
const SESSIONS: &str = "
    delete from sessions where id in (select id from sessions where user_id = $1 order by started_at, id limit $2)";

const VISITS: &str = "delete from visits where user_id = $1";

/// What watchers were told, all of it: with a gap, who comes back after a restart would miss the leave and never know. So
/// they get a snapshot.
const NEWS: &str = "delete from news";

const STAY: &str = "delete from stays where user_id = $1";

/// The log keeps its rows and their seals, of nobody. One word for all of them, so that each IN still has its OUT.
const PUNCHES: &str = "
    update punches set user_id = told.word, salt = null
    from (select $2 || substr(replace(gen_random_uuid()::text, '-', ''), 1, 12) as word) as told
    where user_id = $1";

/// Whether there is more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Do it again.
    Left,
    /// That was all.
    Gone,
}

/// Removes one piece, whole or not at all, and says what it was. The last one takes all that is no session along.
pub(super) async fn remove(connection: &mut PgConnection, user: &UserId) -> Result<(Removed, Rest), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let piece = i64::from(limits::FORGET_ROWS);
    let spans = sqlx::query(SPANS).bind(user.as_str()).bind(piece).execute(&mut *transaction).await?;
    let sessions = sqlx::query(SESSIONS).bind(user.as_str()).bind(piece).execute(&mut *transaction).await?;
    let (spans, sessions) = (spans.rows_affected(), sessions.rows_affected());
    let mut removed = Removed { sessions, spans, ..Removed::default() };
    let is_last = sessions < u64::from(limits::FORGET_ROWS);
    if is_last {
        removed.visits = sqlx::query(VISITS).bind(user.as_str()).execute(&mut *transaction).await?.rows_affected();
        // In the order in which a batch comes by, so that the two wait for each other and not both.
        locks::log(&mut transaction).await?;
        sqlx::query(STAY).bind(user.as_str()).execute(&mut *transaction).await?;
        let punches = sqlx::query(PUNCHES).bind(user.as_str()).bind(ERASED);
        removed.punches = punches.execute(&mut *transaction).await?.rows_affected();
        sqlx::query(NEWS).execute(&mut *transaction).await?;
        sqlx::query(letters::FORGET).bind(user.as_str()).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok((removed, if is_last { Rest::Gone } else { Rest::Left }))
}
