//! What is kept of users.

use redis::{Value, cmd};
use stillhere_engine::{time::Timestamp, wire::UserId};

use super::{RedisError, Shard, Shards};
use crate::{identity, limits};

/// What stands for one write of a record, and for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag(pub(super) [u8; 8]);

impl Tag {
    /// A new one.
    pub(crate) fn by_chance() -> Self {
        Self(identity::chance())
    }
}

/// What is known of a user: opaque here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) tag: Tag,
    pub(crate) record: Vec<u8>,
}

/// What is to be known of a user from now on, unless somebody else has written meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) user: UserId,
    /// The tag of what was read; `None`: nothing was there.
    pub(crate) before: Option<Tag>,
    /// What is to be there, with a new tag; `None`: nothing.
    pub(crate) after: Option<Kept>,
    /// When something is due for the user; `None`: never.
    pub(crate) due: Option<Timestamp>,
    /// What has changed for watchers, in this order.
    pub(crate) changes: Vec<Vec<u8>>,
}

/// What somebody finds who looks at a shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// When nobody had looked for long, the last time.
    pub(crate) outage: Option<Outage>,
    /// Those for whom something is due.
    pub(crate) people: Vec<(UserId, Kept)>,
}

/// A time in which nobody looked at a shard, as no node was there or none had a Redis: so nobody could be heard either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

/// What has become of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All of it was written, now or when this very write came before.
    Written,
    /// Nothing of it was written: this is there instead.
    Changed(Option<Kept>),
}

/// A user's id, and tag and record, as Redis tells them.
type Found = (Vec<u8>, Vec<u8>);

/// How far somebody has come who goes through everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(u64);

impl Cursor {
    /// The beginning.
    pub(crate) const START: Self = Self(0);
}

impl Shards {
    /// What is there of each of these users, in their order.
    ///
    /// # Errors
    /// Redis cannot be asked.
    pub(crate) async fn load(&self, shard: Shard, users: &[UserId]) -> Result<Vec<Option<Kept>>, RedisError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = cmd("HMGET");
        command.arg(&self.keys(shard).users);
        for user in users {
            command.arg(user.as_str());
        }
        let found: Vec<Option<Vec<u8>>> = self.0.line.ask(&command).await?;
        found.into_iter().map(|value| value.map(Kept::parse).transpose()).collect()
    }

    /// Writes, of each user everything or nothing, and says what has become of each. A user may be in it once.
    ///
    /// It may come twice where a line breaks: then the first has written, and the second finds its own tag. Only of who was
    /// removed it finds nothing, which is [`Outcome::Changed`] to nothing.
    ///
    /// # Errors
    /// With [`RedisError::Unreachable`] and [`RedisError::Slow`] it is not known whether all of it was written, or nothing;
    /// [`load`](Self::load) tells. With any other nothing was. A Redis that is full still takes writes of which the first
    /// takes something away.
    pub(crate) async fn commit(&self, shard: Shard, writes: Vec<Write>) -> Result<Vec<Outcome>, RedisError> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.keys(shard);
        let mut arguments = vec![limits::OUTBOX.to_string().into_bytes()];
        writes.into_iter().for_each(|write| write.put(&mut arguments));
        let keys = [&*keys.users, &keys.leases, &keys.outbox];
        let answers: Vec<Value> = self.0.line.run(&self.0.scripts.commit, &keys, &arguments).await?;
        answers.into_iter().map(Outcome::parse).collect()
    }

    /// Those for whom something is due by now, who has waited longest first, and at most so many. Nobody else is handed them
    /// until `again_at`, unless they are written before. Of whom there is no record, the lease goes too.
    ///
    /// # Errors
    /// Nobody was handed out, or they were and the answer was lost: then they are again at `again_at`. A Redis that is full
    /// hands nobody out, as nobody can be heard by it.
    pub(crate) async fn due(
        &self,
        shard: Shard,
        now: Timestamp,
        again_at: Timestamp,
        most: usize,
    ) -> Result<Due, RedisError> {
        let keys = self.keys(shard);
        let numbers = [now.0, again_at.0, most as u64, limits::UNWATCHED.0, limits::WATCH_NOTED.0];
        let arguments = numbers.map(|number| number.to_string().into_bytes());
        let answer: Vec<Vec<u8>> =
            self.0.line.run(&self.0.scripts.due, &[&keys.leases, &keys.users, &keys.watch], &arguments).await?;
        let (outage, found) =
            answer.split_at_checked(2).ok_or_else(|| RedisError::strange("an answer of another kind"))?;
        let moment = |text: &Vec<u8>| std::str::from_utf8(text).ok()?.parse().ok().map(Timestamp);
        let outage = moment(&outage[0]).zip(moment(&outage[1])).map(|(since, until)| Outage { since, until });
        let (pairs, _) = found.as_chunks();
        Ok(Due { outage, people: users(pairs.iter().cloned().map(|[user, there]| (user, there)).collect())? })
    }

    /// A piece of everybody in the shard, and where the next one begins. Who is there all the while comes at least once;
    /// who comes or goes meanwhile, perhaps.
    ///
    /// # Errors
    /// Redis cannot be asked.
    pub(crate) async fn users(
        &self,
        shard: Shard,
        from: Cursor,
    ) -> Result<(Vec<(UserId, Kept)>, Option<Cursor>), RedisError> {
        let mut command = cmd("HSCAN");
        command.arg(&self.keys(shard).users).arg(from.0).arg("COUNT").arg(limits::USERS_AT_ONCE);
        let (next, found): (u64, Vec<Found>) = self.0.line.ask(&command).await?;
        Ok((users(found)?, (next != 0).then_some(Cursor(next))))
    }
}

fn users(found: Vec<Found>) -> Result<Vec<(UserId, Kept)>, RedisError> {
    let user = |(id, value): Found| {
        let id = std::str::from_utf8(&id).ok().and_then(|id| UserId::parse(id).ok());
        Ok((id.ok_or_else(|| RedisError::strange("somebody who cannot be a user"))?, Kept::parse(value)?))
    };
    found.into_iter().map(user).collect()
}

impl Kept {
    fn parse(mut value: Vec<u8>) -> Result<Self, RedisError> {
        let strange = || RedisError::strange("a record without a tag");
        let tag = *value.first_chunk().ok_or_else(strange)?;
        value.drain(..size_of_val(&tag));
        Ok(Self { tag: Tag(tag), record: value })
    }
}

impl Write {
    /// As the script reads it.
    fn put(self, arguments: &mut Vec<Vec<u8>>) {
        let tag = |tag: Tag| tag.0.to_vec();
        arguments.push(self.user.as_str().into());
        arguments.push(self.before.map(tag).unwrap_or_default());
        arguments.push(self.after.map(|kept| [&kept.tag.0, &*kept.record].concat()).unwrap_or_default());
        arguments.push(self.due.map(|due| due.0.to_string().into_bytes()).unwrap_or_default());
        arguments.push(self.changes.len().to_string().into_bytes());
        arguments.extend(self.changes);
    }
}

impl Outcome {
    fn parse(answer: Value) -> Result<Self, RedisError> {
        match answer {
            Value::Int(1) => Ok(Self::Written),
            Value::Nil => Ok(Self::Changed(None)),
            Value::BulkString(value) => Ok(Self::Changed(Some(Kept::parse(value)?))),
            _ => Err(RedisError::strange("an answer of another kind")),
        }
    }
}
