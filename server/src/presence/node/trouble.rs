//! What is wrong with Redis, said once for as long as it is: who looks twenty times a second would fill a disk with it.

use crate::presence::redis::RedisError;

/// Whether the last that was asked has failed, for one task of a node.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    is_known: bool,
}

impl Trouble {
    /// Whether the last that was asked has failed.
    pub(super) const fn is_known(&self) -> bool {
        self.is_known
    }

    /// Passes on what has come of something, and says so if that is new. `not_done` is what cannot be done.
    pub(super) fn note<T>(&mut self, not_done: &str, done: Result<T, RedisError>) -> Result<T, RedisError> {
        match &done {
            Ok(_) if self.is_known => tracing::info!("Redis answers again"),
            Err(why) if !self.is_known => tracing::warn!(%why, "{not_done}; this is said once until it answers again"),
            _ => {}
        }
        self.is_known = done.is_err();
        done
    }
}
