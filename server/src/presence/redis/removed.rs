//! Who was removed, and when: by prints that name nobody, for as long as a tab could tell of the time before.

use redis::cmd;
use sha2::{Digest, Sha256};
use stillhere_engine::{limits::SESSION_AGE, time::Timestamp, wire::UserId};

use super::{RedisError, Shards};
use crate::limits;

impl Shards {
    /// Notes that the user was removed now.
    ///
    /// # Errors
    /// It is not noted, or Redis has not said so.
    pub(crate) async fn note_removed(&self, user: &UserId, now: Timestamp) -> Result<(), RedisError> {
        let key = &self.0.removed;
        let oldest = now.before(SESSION_AGE).0;
        let () = self.0.line.ask(cmd("ZREMRANGEBYSCORE").arg(key).arg("-inf").arg(format!("({oldest}"))).await?;
        let () = self.0.line.ask(cmd("ZADD").arg(key).arg("GT").arg(now.0).arg(print(user))).await?;
        let most = isize::try_from(limits::REMOVALS).unwrap_or(isize::MAX);
        self.0.line.ask(cmd("ZREMRANGEBYRANK").arg(key).arg(0).arg(-1 - most)).await
    }

    /// When the user was removed last, if ever.
    ///
    /// # Errors
    /// Redis cannot be asked.
    pub(crate) async fn removed_at(&self, user: &UserId) -> Result<Option<Timestamp>, RedisError> {
        let at: Option<u64> = self.0.line.ask(cmd("ZSCORE").arg(&self.0.removed).arg(print(user))).await?;
        Ok(at.map(Timestamp))
    }
}

/// Of the id and of what it is for: the same print lies nowhere else.
fn print(user: &UserId) -> Vec<u8> {
    Sha256::new().chain_update(b"removed\n").chain_update(user.as_str()).finalize()[..16].to_vec()
}
