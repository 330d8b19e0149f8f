//! What only one node at a time may do: send letters to webhooks, forget what is old.

use std::fmt;

use sqlx::PgConnection;
use tokio::time::timeout;

use super::postgres;
use crate::limits;

/// The right to do it, given by [`Store::office`](super::Store::office), and given back when it is dropped.
///
/// A server that works alone always has it. Among nodes on one PostgreSQL it is a lock that belongs to a connection of its
/// own, and the database gives it to one connection at a time. The database takes it back when that connection ends; when
/// the node's machine has vanished without a word, within a quarter of a minute.
///
/// **What that is worth:** a node whose connection has ended believes that it has the office until it asks
/// [`is_held`](Self::is_held), and another may have it by then. So two may be at it for as long as one goes on without
/// asking, and for whatever was begun before. What is done in office must therefore do no harm when two do it: a letter
/// that is sent twice has one name, and what is forgotten twice is forgotten.
pub struct Office(Option<Held>);

enum Held {
    Always,
    /// The lock is the connection's own.
    While(PgConnection),
}

impl Office {
    /// Of a server that works alone.
    pub(crate) const fn always() -> Self {
        Self(Some(Held::Always))
    }

    /// Of a node, whose connection has the lock.
    pub(super) const fn held_by(connection: PgConnection) -> Self {
        Self(Some(Held::While(connection)))
    }

    /// Whether it is still held: the connection answers. Once it has not, or nobody has waited for the answer, the office is
    /// lost for good, and has to be asked for again.
    pub async fn is_held(&mut self) -> bool {
        match self.0.take() {
            None => return false,
            Some(Held::Always) => self.0 = Some(Held::Always),
            Some(Held::While(mut connection)) => {
                if !timeout(limits::STORE_PATIENCE, postgres::answers(&mut connection)).await.unwrap_or(false) {
                    return false;
                }
                self.0 = Some(Held::While(connection));
            }
        }
        true
    }

    /// Gives it back, and waits until the database has taken it: the next one can have it at once.
    pub async fn close(self) {
        if let Some(Held::While(connection)) = self.0 {
            postgres::give_back(connection).await;
        }
    }
}

/// A connection has nothing to show.
impl fmt::Debug for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Office").finish_non_exhaustive()
    }
}
