//! The one connection that writes.
//!
//! It holds a lock in the database for as long as it lives, so that a second server cannot write into the same tables.
//! Whoever writes has the lock: a server that has lost its connection has lost both, and gets both again, or neither.

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use stillhere_engine::{time::Timestamp, wire::UserId};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use super::{
    record,
    removal::{self, Rest},
    retention, teach,
};
use crate::{
    limits,
    store::{Entry, Removed, StoreError},
};

/// The lock's number. Any would do that no other program takes.
const LOCK: i64 = i64::from_be_bytes(*b"still-he");

/// What the database says when somebody else has had a lock for too long: `lock_not_available`.
const TAKEN: &str = "55P03";

/// Who has the lock, whose number the database shows in two halves.
const HOLDER: &str = "
    select pid, coalesce(host(client_addr), 'its own machine')
    from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted and objsubid = 1
        and database = (select oid from pg_database where datname = current_database())
        and (classid::bigint << 32) | objid::bigint = $1";

/// An acknowledged fact outlives a loss of power, whatever the database's owner has chosen for others; more than that is
/// theirs to choose. A lock is waited for, not only tried: a server that was killed a moment ago may still have it.
const WRITERS_MANNERS: &str = "
    select set_config('lock_timeout', $1, false),
        case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', false) end";

pub(super) struct Writer {
    options: PgConnectOptions,
    /// `None`: it has broken, and the next write makes another one.
    connection: Mutex<Option<PgConnection>>,
}

impl Writer {
    /// Connects, and prepares the database before the first write.
    pub(super) async fn open(
        options: PgConnectOptions,
        prepare: impl AsyncFnOnce(&mut PgConnection) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let connection = prepared(&options, prepare).await?;
        Ok(Self { options, connection: Mutex::new(Some(connection)) })
    }

    /// Writes the entry, all or nothing. After an error the next one has a new connection.
    pub(super) async fn record(&self, entry: &Entry) -> Result<(), StoreError> {
        self.act(async |connection| record::record(connection, entry).await).await
    }

    /// Writes something else, likewise.
    pub(super) async fn act<T>(
        &self,
        act: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let late = |_| Err(StoreError::new("write", "its database has not answered in time"));
        let written = async {
            let mut turn = self.turn().await?;
            let done = act(&mut turn.connection).await.map_err(|why| StoreError::new("write", why))?;
            turn.end();
            Ok(done)
        };
        timeout(limits::STORE_WRITE, written).await.unwrap_or_else(late)
    }

    /// Removes what is kept of a person, with a turn for each piece: batches are written in between.
    pub(super) async fn remove(&self, user: &UserId) -> Result<Removed, StoreError> {
        let mut removed = Removed::default();
        loop {
            let mut turn = self.turn().await?;
            let rest = removal::remove(&mut turn.connection, user, &mut removed).await;
            let rest = rest.map_err(|why| StoreError::new("remove a person", why))?;
            turn.end();
            if rest == Rest::Gone {
                return Ok(removed);
            }
        }
    }

    /// Forgets one piece of what is old.
    pub(super) async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut turn = self.turn().await?;
        let forgotten = retention::forget(&mut turn.connection, before).await;
        let forgotten = forgotten.map_err(|why| StoreError::new("forget what is old", why))?;
        turn.end();
        Ok(forgotten)
    }

    /// Cuts off one piece of the log.
    pub(super) async fn cut(&self, before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
        let mut turn = self.turn().await?;
        let cut = retention::cut(&mut turn.connection, before, now).await;
        let cut = cut.map_err(|why| StoreError::new("cut its log of punches", why))?;
        turn.end();
        Ok(cut)
    }

    async fn turn(&self) -> Result<Turn<'_>, StoreError> {
        let mut place = self.connection.lock().await;
        let connection = match place.take() {
            Some(connection) => connection,
            None => connect(&self.options).await?,
        };
        Ok(Turn { place, connection })
    }

    /// Lets go of the lock.
    pub(super) async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take() {
            let _ = timeout(limits::STORE_PATIENCE, connection.close()).await;
        }
    }
}

/// The connection out of its place while it is in use: when something fails, or nobody waits for the end, it is dropped in
/// the middle of whatever it did, and the database undoes that.
struct Turn<'a> {
    place: MutexGuard<'a, Option<PgConnection>>,
    connection: PgConnection,
}

impl Turn<'_> {
    /// All went well: the next one has the same connection.
    fn end(mut self) {
        *self.place = Some(self.connection);
    }
}

/// A connection that has the lock, to a database that was prepared.
pub(super) async fn prepared(
    options: &PgConnectOptions,
    prepare: impl AsyncFnOnce(&mut PgConnection) -> Result<(), StoreError>,
) -> Result<PgConnection, StoreError> {
    let mut connection = connect(options).await?;
    inspect(&mut connection).await?;
    prepare(&mut connection).await?;
    Ok(connection)
}

/// A connection that has the lock.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let late = |_| Err(StoreError::new("reach its database", "it has not answered in time"));
    let connected = timeout(limits::STORE_PATIENCE, async {
        PgConnection::connect_with(options).await.map_err(|why| StoreError::new("reach its database", why))
    });
    let mut connection = connected.await.unwrap_or_else(late)?;
    if let Err(why) = lock(&mut connection).await {
        let is_taken = why.as_database_error().is_some_and(|refusal| refusal.code().as_deref() == Some(TAKEN));
        return Err(if is_taken { taken(&mut connection).await } else { StoreError::new("lock its database", why) });
    }
    Ok(connection)
}

/// Says who has the lock, as far as the database tells.
async fn taken(connection: &mut PgConnection) -> StoreError {
    let holder = sqlx::query_as::<_, (i32, String)>(HOLDER).bind(LOCK).fetch_optional(connection).await;
    let holder = holder.ok().flatten().map(|(process, from)| format!(" (connection {process}, from {from})"));
    StoreError::new(
        "use its database",
        format!(
            "another stillhere server is using it{}; stop that one, or give this one another `database_url`",
            holder.unwrap_or_default()
        ),
    )
}

async fn lock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    teach(connection, limits::STORE_WRITE).await?;
    let patience = limits::STORE_PATIENCE.as_millis().to_string();
    sqlx::query(WRITERS_MANNERS).bind(patience).execute(&mut *connection).await?;
    sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(connection).await.map(|_| ())
}

/// Refuses a database that cannot hold every name, and complains of one that forgets.
async fn inspect(connection: &mut PgConnection) -> Result<(), StoreError> {
    let settings = "select current_setting('server_encoding'), current_setting('fsync')";
    let (encoding, fsync): (String, String) = sqlx::query_as(settings)
        .fetch_one(connection)
        .await
        .map_err(|why| StoreError::new("look at its database", why))?;
    if encoding != "UTF8" {
        return Err(StoreError::new(
            "use its database",
            format!("its encoding is {encoding}: make one by `create database … encoding 'UTF8' template template0`"),
        ));
    }
    if fsync == "off" {
        tracing::warn!("the database runs with fsync = off: what it has acknowledged does not outlive a loss of power");
    }
    Ok(())
}
