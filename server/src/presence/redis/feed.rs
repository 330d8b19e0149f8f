//! The feed: the changes of all shards in one order.

use std::sync::atomic::Ordering::Relaxed;

use redis::cmd;

use super::{RedisError, Shard, Shards};
use crate::{feed::Position, limits};

/// An entry of a stream as Redis tells it: its id, and its fields and values.
type Entry = (String, Vec<Vec<u8>>);

impl Shards {
    /// Moves what is new in the shard's outbox to the end of the feed, in its order, and says how much that was: less than
    /// [`RELAYED_AT_ONCE`](limits::RELAYED_AT_ONCE) is all there was. However many nodes do so, and however often, each change
    /// is in the feed once.
    ///
    /// # Errors
    /// Perhaps it was moved, and is still in the outbox; the next call takes it from there.
    pub(crate) async fn relay(&self, shard: Shard) -> Result<usize, RedisError> {
        let outbox = &self.keys(shard).outbox;
        let mut command = cmd("XRANGE");
        command.arg(outbox).arg("-").arg("+").arg("COUNT").arg(limits::RELAYED_AT_ONCE);
        let waiting: Vec<Entry> = self.0.line.ask(&command).await?;
        let Some((newest, _)) = waiting.last() else { return Ok(0) };
        let beyond = Id::parse(newest)?.next();
        let count = waiting.len();
        self.publish(shard, waiting).await?;
        // By now all of these have been relayed, whoever has done it.
        let () = self.0.line.ask(cmd("XTRIM").arg(outbox).arg("MINID").arg(beyond.to_string())).await?;
        Ok(count)
    }

    /// The newest position. If there is no feed, it begins here: with an epoch greater than any that this node has seen.
    ///
    /// # Errors
    /// Redis cannot be asked, or what lies there is not ours.
    pub(crate) async fn position(&self) -> Result<Position, RedisError> {
        self.publish(Shard(0), Vec::new()).await
    }

    /// What has changed after a position, oldest first, and at most so much.
    ///
    /// # Errors
    /// Redis cannot be asked.
    pub(crate) async fn news(&self, after: Position, most: usize) -> Result<Vec<(Position, Vec<u8>)>, RedisError> {
        let mut command = cmd("XRANGE");
        command.arg(&self.0.stream).arg(format!("({}", Id::from(after))).arg("+").arg("COUNT").arg(most);
        self.told(self.0.line.ask(&command).await?)
    }

    /// What has changed last, oldest first, and at most so much.
    ///
    /// # Errors
    /// Redis cannot be asked.
    pub(crate) async fn newest(&self, most: usize) -> Result<Vec<(Position, Vec<u8>)>, RedisError> {
        let mut command = cmd("XREVRANGE");
        command.arg(&self.0.stream).arg("+").arg("-").arg("COUNT").arg(most);
        let mut entries: Vec<Entry> = self.0.line.ask(&command).await?;
        entries.reverse();
        self.told(entries)
    }

    /// The oldest position of which the feed still knows what has changed; `None`: it knows of none.
    ///
    /// # Errors
    /// Redis cannot be asked.
    pub(crate) async fn oldest(&self) -> Result<Option<Position>, RedisError> {
        let mut command = cmd("XRANGE");
        command.arg(&self.0.stream).arg("-").arg("+").arg("COUNT").arg(1);
        let oldest: Vec<Entry> = self.0.line.ask(&command).await?;
        oldest.first().map(|(id, _)| Ok(Id::parse(id)?.into())).transpose()
    }

    /// Forgets what has changed up to the position: a feed has no gaps.
    ///
    /// # Errors
    /// It is still there, or Redis has not said that it is not.
    pub(crate) async fn forget(&self, last: Position) -> Result<(), RedisError> {
        let beyond = Id::from(last).next().to_string();
        self.0.line.ask(cmd("XTRIM").arg(&self.0.stream).arg("MINID").arg(beyond)).await
    }

    pub(super) async fn publish(&self, shard: Shard, waiting: Vec<Entry>) -> Result<Position, RedisError> {
        let known = self.0.epoch.load(Relaxed).to_string();
        let mut arguments = [&*self.0.layout, &known, &limits::SHARED_FEED.to_string(), &shard.0.to_string()]
            .map(|word| word.as_bytes().to_vec())
            .to_vec();
        for (id, fields) in waiting {
            arguments.push(id.into_bytes());
            arguments.push(change(fields)?);
        }
        let keys = [&*self.0.stream, &self.0.state];
        let (epoch, offset): (u64, u64) = self.0.line.run(&self.0.scripts.publish, &keys, &arguments).await?;
        self.saw(epoch);
        Ok(Position { epoch, offset })
    }

    fn told(&self, entries: Vec<Entry>) -> Result<Vec<(Position, Vec<u8>)>, RedisError> {
        let news = |(id, fields): Entry| Ok((Id::parse(&id)?.into(), change(fields)?));
        let told: Vec<(Position, _)> = entries.into_iter().map(news).collect::<Result<_, RedisError>>()?;
        if let Some((newest, _)) = told.last() {
            self.saw(newest.epoch);
        }
        Ok(told)
    }
}

/// The change in an entry, which has nothing else.
fn change(fields: Vec<Vec<u8>>) -> Result<Vec<u8>, RedisError> {
    let [name, change] = <[_; 2]>::try_from(fields).map_err(|_| RedisError::strange("an entry of another kind"))?;
    if name == b"c" { Ok(change) } else { Err(RedisError::strange("an entry of another kind")) }
}

/// The name of an entry: two numbers, which in the feed are those of its position.
#[derive(Clone, Copy)]
struct Id(u64, u64);

impl Id {
    fn parse(text: &str) -> Result<Self, RedisError> {
        let numbers = text.split_once('-').and_then(|(one, two)| Some(Self(one.parse().ok()?, two.parse().ok()?)));
        numbers.ok_or_else(|| RedisError::strange("an entry of another kind"))
    }

    const fn next(self) -> Self {
        Self(self.0, self.1.saturating_add(1))
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

impl From<Id> for Position {
    fn from(Id(epoch, offset): Id) -> Self {
        Self { epoch, offset }
    }
}

impl From<Position> for Id {
    fn from(at: Position) -> Self {
        Self(at.epoch, at.offset)
    }
}
