//! Who is here, in Redis: bytes that are written only if nobody else has written meanwhile. The only place that knows Redis,
//! its commands and its scripts.
//!
//! Users are spread over *shards*, whose keys lie together in a cluster, so that one script can change them together:
//!
//! | key | what it holds |
//! |---|---|
//! | `{p:s}:users` | a hash: each user's tag and record |
//! | `{p:s}:leases` | a sorted set: when something is due for a user |
//! | `{p:s}:outbox` | a stream: changes that are not in the feed yet |
//! | `{p:s}:watch` | a hash: when somebody looked last, and when nobody had for long |
//! | `{p:s}:built` | that the shard's state was put together |
//! | `{p:feed}:stream` | a stream: the changes of all shards in one order, by their positions |
//! | `{p:feed}:state` | a hash: the newest position, and what of each outbox has been relayed |
//! | `{p:feed}:removed` | a sorted set: when users were removed, by prints that name nobody |
//!
//! **What a restart looks like:** a Redis that has forgotten everything has no shard that is built, and its feed begins a
//! greater epoch. So does the feed whenever another server answers for it, as that one may not have all that was told.

mod error;
mod feed;
mod kept;
mod line;
mod removed;
mod scripts;
#[cfg(test)]
mod tests;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use redis::cmd;
use stillhere_engine::{time::Timestamp, wire::UserId};

pub(crate) use error::RedisError;
pub(crate) use kept::{Cursor, Due, Kept, Outage, Outcome, Tag, Write};

use crate::settings::RedisSettings;
use line::Line;
use scripts::Scripts;

/// What the mark of a shard says that was put together.
const BUILT: &[u8] = b"built";

/// All that several nodes share. Clones are the same.
#[derive(Clone)]
pub(crate) struct Shards(Arc<Inner>);

struct Inner {
    line: Line,
    scripts: Scripts,
    shards: Vec<Keys>,
    stream: String,
    state: String,
    removed: String,
    /// What must be the same for every node that writes here.
    layout: String,
    /// The newest epoch of the feed that this node has seen.
    epoch: AtomicU64,
}

/// The keys of one shard.
struct Keys {
    users: String,
    leases: String,
    outbox: String,
    watch: String,
    built: String,
}

/// One part of the users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Shard(u16);

impl Shard {
    /// Which one it is, from 0.
    pub(crate) fn number(self) -> usize {
        usize::from(self.0)
    }
}

impl Shards {
    /// Dials, and makes sure that what lies there is ours.
    ///
    /// # Errors
    /// Redis cannot be used, or not by these settings.
    pub(crate) async fn open(settings: &RedisSettings) -> Result<Self, RedisError> {
        let prefix = settings.prefix();
        let keys = |shard| {
            let key = |name| format!("{{{prefix}:{shard}}}:{name}");
            Keys {
                users: key("users"),
                leases: key("leases"),
                outbox: key("outbox"),
                watch: key("watch"),
                built: key("built"),
            }
        };
        let shards = Self(Arc::new(Inner {
            line: Line::new(settings.place())?,
            scripts: Scripts::default(),
            shards: (0..settings.shards()).map(keys).collect(),
            stream: format!("{{{prefix}:feed}}:stream"),
            state: format!("{{{prefix}:feed}}:state"),
            removed: format!("{{{prefix}:feed}}:removed"),
            layout: format!("1 of {}", settings.shards()),
            epoch: AtomicU64::new(0),
        }));
        shards.position().await?;
        shards.inspect().await?;
        Ok(shards)
    }

    /// Refuses a Redis that throws out whatever nobody has asked for lately: a whole shard is one key.
    async fn inspect(&self) -> Result<(), RedisError> {
        for keys in &self.0.shards {
            let policy: String = self.0.line.run(&self.0.scripts.policy, &[&keys.users], &[]).await?;
            // Our keys never expire, so what throws out only such keys leaves them alone.
            if policy.starts_with("allkeys") {
                return Err(RedisError::Forgetful(policy.into()));
            }
        }
        Ok(())
    }

    /// Each shard once.
    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = Shard> + use<> {
        (0..u16::try_from(self.0.shards.len()).unwrap_or(u16::MAX)).map(Shard)
    }

    /// Where a user's record lies. It must be the same for every node of whatever version: FNV-1a of the id's bytes in 64
    /// bits, its halves laid over each other, and the remainder by the number of shards.
    pub(crate) fn of(&self, user: &UserId) -> Shard {
        let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        let hash = user.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, mix);
        let count = self.0.shards.len() as u64;
        Shard(u16::try_from((hash >> 32 ^ hash & u64::from(u32::MAX)) % count).unwrap_or(0))
    }

    /// What the time is by Redis, which is the clock of all nodes: in a cluster, that of the server which has the feed.
    ///
    /// # Errors
    /// Redis cannot be asked.
    pub(crate) async fn now(&self) -> Result<Timestamp, RedisError> {
        let (seconds, micros): (u64, u64) = self.0.line.run(&self.0.scripts.clock, &[&self.0.state], &[]).await?;
        Ok(Timestamp(seconds * 1_000 + micros / 1_000))
    }

    /// Whether the shard's state was put together, and nothing of it has been lost since. A Redis that was restarted empty
    /// says no.
    ///
    /// # Errors
    /// Redis cannot be asked.
    pub(crate) async fn is_built(&self, shard: Shard) -> Result<bool, RedisError> {
        let mark: Option<Vec<u8>> = self.0.line.ask(cmd("GET").arg(&self.keys(shard).built)).await?;
        Ok(mark.as_deref() == Some(BUILT))
    }

    /// Begins to put the shard's state together. The tag stands for this attempt: whoever begins after us takes over.
    ///
    /// # Errors
    /// Redis has not noted it, or has not said so.
    pub(crate) async fn build(&self, shard: Shard) -> Result<Tag, RedisError> {
        let tag = Tag::by_chance();
        let () = self.0.line.ask(cmd("SET").arg(&self.keys(shard).built).arg(&tag.0)).await?;
        Ok(tag)
    }

    /// Notes that the shard's state was put together; `false`: another has begun since, or Redis has forgotten what there
    /// was.
    ///
    /// # Errors
    /// Redis has not noted it, or has not said so.
    pub(crate) async fn set_built(&self, shard: Shard, attempt: Tag) -> Result<bool, RedisError> {
        let arguments = [attempt.0.to_vec(), BUILT.to_vec()];
        self.0.line.run(&self.0.scripts.built, &[&self.keys(shard).built], &arguments).await
    }

    fn keys(&self, shard: Shard) -> &Keys {
        &self.0.shards[usize::from(shard.0)]
    }

    /// Remembers the newest epoch, so that none that is not greater can follow it.
    fn saw(&self, epoch: u64) {
        self.0.epoch.fetch_max(epoch, Relaxed);
    }
}
