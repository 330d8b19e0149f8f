//! The locks that those who write into one database have against each other. Each is a number that means something only
//! to us, and a connection that ends, however it ends, lets go of what it held.

use std::time::Duration;

use sqlx::PgConnection;

use crate::{limits, store::StoreError};

/// Held by each connection that writes, for as long as it lives.
const SERVER: i64 = i64::from_be_bytes(*b"still-he");

/// Held by whoever prepares the database.
const PREPARING: i64 = i64::from_be_bytes(*b"still-pr");

/// Held by the transaction that writes into the log of punches.
const LOG: i64 = i64::from_be_bytes(*b"still-lo");

/// Held by the node that does what only one may do.
const OFFICE: i64 = i64::from_be_bytes(*b"still-of");

/// What the database says when somebody else has had a lock for too long: `lock_not_available`.
const TAKEN: &str = "55P03";

/// Who has the lock, whose number the database shows in two halves, and whether they hold it together.
const HOLDERS: &str = "
    select pid, coalesce(host(client_addr), 'its own machine'), mode = 'ShareLock'
    from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted and objsubid = 1
        and database = (select oid from pg_database where datname = current_database())
        and (classid::bigint << 32) | objid::bigint = $1
    order by pid";

/// With whom a server writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// With nobody: neither a second server nor nodes.
    Alone,
    /// With other nodes, however many.
    WithNodes,
}

impl Hold {
    const fn sql(self) -> &'static str {
        match self {
            Self::Alone => "select pg_advisory_lock($1)",
            Self::WithNodes => "select pg_advisory_lock_shared($1)",
        }
    }

    /// How long a write waits for somebody else's. Beside a lone server nobody writes who would soon be done. Nodes wait for
    /// each other for as long as anybody waits for them, as whoever gives up begins its whole entry again.
    const fn patience(self) -> Duration {
        match self {
            Self::Alone => limits::STORE_PATIENCE,
            Self::WithNodes => limits::ANSWER_WITHIN,
        }
    }
}

/// Takes the lock of those who write. It is waited for, not only tried: a server that was killed a moment ago may still
/// have it.
pub(super) async fn enter(connection: &mut PgConnection, hold: Hold) -> Result<(), StoreError> {
    let failed = |why| StoreError::new("lock its database", why);
    be_patient(connection, limits::STORE_PATIENCE).await.map_err(failed)?;
    if let Err(why) = sqlx::query(hold.sql()).bind(SERVER).execute(&mut *connection).await {
        let is_taken = why.as_database_error().is_some_and(|refusal| refusal.code().as_deref() == Some(TAKEN));
        return Err(if is_taken { taken(connection, hold).await } else { failed(why) });
    }
    be_patient(connection, hold.patience()).await.map_err(failed)
}

/// For how long each lock is waited for; zero: as long as a statement may take.
async fn be_patient(connection: &mut PgConnection, patience: Duration) -> Result<(), sqlx::Error> {
    let sql = "select set_config('lock_timeout', $1, false)";
    sqlx::query(sql).bind(patience.as_millis().to_string()).execute(connection).await.map(|_| ())
}

/// Says who has the lock, as far as the database tells.
async fn taken(connection: &mut PgConnection, hold: Hold) -> StoreError {
    let holders = sqlx::query_as::<_, (i32, String, bool)>(HOLDERS).bind(SERVER).fetch_all(connection).await;
    let holders = holders.unwrap_or_default();
    let shown = |(process, from, _): &(i32, String, bool)| format!("connection {process}, from {from}");
    let shown: Vec<String> = holders.iter().map(shown).collect();
    let shown = if shown.is_empty() { String::new() } else { format!(" ({})", shown.join("; ")) };
    let are_nodes = holders.first().is_some_and(|(_, _, is_shared)| *is_shared);
    let sentence = match hold {
        Hold::Alone if are_nodes => format!(
            "nodes that share their work are using it{shown}; stop them all, or give this server, which works alone, \
             another `database_url`"
        ),
        Hold::Alone => format!(
            "another stillhere server is using it{shown}; stop that one, or give this one another `database_url`"
        ),
        Hold::WithNodes => format!(
            "a stillhere server that works alone is using it{shown}; stop that one, or give this node another \
             `database_url`"
        ),
    };
    StoreError::new("use its database", sentence)
}

/// Prepares the database while nobody else does: of nodes that start at the same instant the first one finds work, and the
/// others wait until it is done. What the work itself has to wait for stands in everybody's way meanwhile, so that is not
/// waited for as long.
pub(super) async fn preparing(
    connection: &mut PgConnection,
    hold: Hold,
    prepare: impl AsyncFnOnce(&mut PgConnection) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let failed = |why| StoreError::new("wait for who prepares its database", why);
    be_patient(connection, Duration::ZERO).await.map_err(failed)?;
    sqlx::query("select pg_advisory_lock($1)").bind(PREPARING).execute(&mut *connection).await.map_err(failed)?;
    be_patient(connection, limits::STORE_PATIENCE).await.map_err(failed)?;
    // After an error nobody goes on with this connection, and the lock goes with it.
    prepare(connection).await?;
    be_patient(connection, hold.patience()).await.map_err(failed)?;
    sqlx::query("select pg_advisory_unlock($1)").bind(PREPARING).execute(connection).await.map_err(failed).map(|_| ())
}

/// Waits until nobody else writes into the log of punches, and keeps others waiting until this transaction is over.
///
/// It comes before a row has its number: then whoever has the later number sees the seal of the one before, and the chain
/// neither forks nor goes back. Every statement after it sees what was written by who had the lock before.
pub(super) async fn log(transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOG).execute(transaction).await.map(|_| ())
}

/// Takes the office, if no other connection has it.
pub(super) async fn office(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(OFFICE).fetch_one(connection).await
}

/// Lets go of every lock. The end of the connection would do so too, a moment after it is over here.
pub(super) async fn leave(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_unlock_all()").execute(connection).await.map(|_| ())
}
