//! The one connection that writes.
//!
//! It holds a lock in the database for as long as it lives: alone, so that no second server can write into the same
//! tables, or with other nodes, so that no server can that does not know of them. Whoever writes has the lock: a server
//! that has lost its connection has lost both, and gets both again, or neither.
//!
//! Nodes may stand in each other's way, and the database then undoes what one of them has done so far. That one does it
//! again, with the other one out of the way: everything that is written is right when it is written again.

use sqlx::{Connection, PgConnection, error::DatabaseError, postgres::PgConnectOptions};
use stillhere_engine::{time::Timestamp, wire::UserId};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use super::{
    locks::{self, Hold},
    record,
    removal::{self, Rest},
    retention, teach,
};
use crate::{
    limits,
    store::{Entry, Office, Removed, StoreError},
};

/// What the database says to whom it has undone because of somebody else: two have waited for each other
/// (`deadlock_detected`); what one has changed the other has, too (`serialization_failure`); or a session is gone that a
/// span was just found to be of (`foreign_key_violation`), and the next time it will not be found.
const UNDONE: [&str; 3] = ["40P01", "40001", "23503"];

/// An acknowledged fact outlives a loss of power, whatever the database's owner has chosen for others; more than that is
/// theirs to choose. Each statement sees what was written before it, which is what makes a lock worth waiting for.
const WRITERS_MANNERS: &str = "
    select set_config('default_transaction_isolation', 'read committed', false),
        case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', false) end";

/// A node that is stopped in the middle of a transaction must not stop all others, who wait for what it has locked.
const NODES_MANNERS: &str = "select set_config('idle_in_transaction_session_timeout', $1, false)";

pub(super) struct Writer {
    options: PgConnectOptions,
    hold: Hold,
    /// `None`: it has broken, and the next write makes another one.
    connection: Mutex<Option<PgConnection>>,
}

impl Writer {
    /// Connects, and prepares the database before the first write.
    pub(super) async fn open(
        options: PgConnectOptions,
        hold: Hold,
        prepare: impl AsyncFnOnce(&mut PgConnection) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let connection = prepared(&options, hold, prepare).await?;
        Ok(Self { options, hold, connection: Mutex::new(Some(connection)) })
    }

    /// Writes the entry, all or nothing. After an error the next one has a new connection.
    pub(super) async fn record(&self, entry: &Entry) -> Result<(), StoreError> {
        self.act(async |connection| record::record(connection, entry).await).await
    }

    /// Writes something else, likewise. It is done again when somebody else has stood in its way.
    pub(super) async fn act<T>(
        &self,
        act: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error> + Clone,
    ) -> Result<T, StoreError> {
        let late = |_| Err(StoreError::new("write", "its database has not answered in time"));
        timeout(limits::STORE_WRITE, self.done("write", act)).await.unwrap_or_else(late)
    }

    /// Removes what is kept of a person, with a turn for each piece: batches are written in between.
    pub(super) async fn remove(&self, user: &UserId) -> Result<Removed, StoreError> {
        let mut removed = Removed::default();
        loop {
            let piece = async |connection: &mut PgConnection| removal::remove(connection, user).await;
            let (piece, rest) = self.done("remove a person", piece).await?;
            removed.add(piece);
            if rest == Rest::Gone {
                return Ok(removed);
            }
        }
    }

    /// Forgets one piece of what is old.
    pub(super) async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.done("forget what is old", async |connection| retention::forget(connection, before).await).await
    }

    /// Cuts off one piece of the log.
    pub(super) async fn cut(&self, before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
        self.done("cut its log of punches", async |connection| retention::cut(connection, before, now).await).await
    }

    /// What only one node at a time may do.
    pub(super) async fn office(&self) -> Result<Option<Office>, StoreError> {
        match self.hold {
            Hold::Alone => Ok(Some(Office::always())),
            Hold::WithNodes => {
                // It comes with the lock of those who write: no server works alone beside one who is in office.
                let mut connection = connect(&self.options, self.hold).await?;
                let is_ours = locks::office(&mut connection).await;
                let is_ours = is_ours.map_err(|why| StoreError::new("ask its database for the office", why))?;
                if is_ours {
                    return Ok(Some(Office::held_by(connection)));
                }
                give_back(connection).await;
                Ok(None)
            }
        }
    }

    async fn done<T>(
        &self,
        doing: &'static str,
        act: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error> + Clone,
    ) -> Result<T, StoreError> {
        let mut turn = self.turn().await?;
        let mut clashes = 0;
        loop {
            match act.clone()(&mut turn.connection).await {
                Ok(done) => {
                    turn.end();
                    return Ok(done);
                }
                // Without a pause: the other one goes on as soon as this one is undone.
                Err(why) if is_clash(&why) && clashes < limits::CLASHES => {
                    clashes += 1;
                    tracing::debug!(%why, doing, "somebody else has stood in the way");
                }
                Err(why) => return Err(StoreError::new(doing, why)),
            }
        }
    }

    async fn turn(&self) -> Result<Turn<'_>, StoreError> {
        let mut place = self.connection.lock().await;
        let connection = match place.take() {
            Some(connection) => connection,
            None => connect(&self.options, self.hold).await?,
        };
        Ok(Turn { place, connection })
    }

    /// Lets go of the lock.
    pub(super) async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take() {
            give_back(connection).await;
        }
    }
}

fn is_clash(why: &sqlx::Error) -> bool {
    let code = why.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| UNDONE.contains(&&*code))
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
    hold: Hold,
    prepare: impl AsyncFnOnce(&mut PgConnection) -> Result<(), StoreError>,
) -> Result<PgConnection, StoreError> {
    let mut connection = connect(options, hold).await?;
    inspect(&mut connection).await?;
    locks::preparing(&mut connection, hold, prepare).await?;
    Ok(connection)
}

/// A connection that has the lock.
async fn connect(options: &PgConnectOptions, hold: Hold) -> Result<PgConnection, StoreError> {
    let late = |_| Err(StoreError::new("reach its database", "it has not answered in time"));
    let connected = timeout(limits::STORE_PATIENCE, async {
        PgConnection::connect_with(options).await.map_err(|why| StoreError::new("reach its database", why))
    });
    let mut connection = connected.await.unwrap_or_else(late)?;
    learn(&mut connection, hold).await.map_err(|why| StoreError::new("reach its database", why))?;
    locks::enter(&mut connection, hold).await?;
    Ok(connection)
}

/// Tells a connection how one behaves that writes.
async fn learn(connection: &mut PgConnection, hold: Hold) -> Result<(), sqlx::Error> {
    teach(connection, limits::STORE_WRITE).await?;
    sqlx::query(WRITERS_MANNERS).execute(&mut *connection).await?;
    if hold == Hold::WithNodes {
        let longest = limits::NODE_STALL.as_millis().to_string();
        sqlx::query(NODES_MANNERS).bind(longest).execute(connection).await?;
    }
    Ok(())
}

/// Gives back what the connection has locked, and says goodbye. A database that does not answer is left without one.
pub(in crate::store) async fn give_back(mut connection: PgConnection) {
    let goodbye = async {
        locks::leave(&mut connection).await?;
        connection.close().await
    };
    let _ = timeout(limits::STORE_PATIENCE, goodbye).await;
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
