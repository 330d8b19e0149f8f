//! Who is here: known to this server alone, or shared by several.
//!
//! Both promise the same, and the same claims are held against both. Where it is shared, the rules stay in the engine: a node
//! reads one user's whole live state, lets the engine judge what has happened, and writes the state back if nobody else has
//! written it meanwhile. What lies below knows users, bytes and moments, and nothing of what they mean.

mod node;
mod redis;
#[cfg(test)]
mod tests;

use std::io;

use stillhere_engine::{
    time::Timestamp,
    tracker::{ChannelCount, PunchRow, Way},
    wire::{Accepted, Beat, ChannelName, Refusal, SessionId, UserId},
};

pub(crate) use self::redis::{RedisError, Shards};
use crate::{
    driver::{Clock, Driver, Members, Person, Swept, Writing},
    feed::{Position, Topic, Watch},
    store::Removed,
};
pub(crate) use node::{Node, NodeError};

/// Where it is known who is here.
#[derive(Clone)]
pub(crate) enum Presence {
    /// In this process.
    Local(Driver),
    /// In Redis, for every node.
    Shared(Node),
}

macro_rules! both {
    ($self:ident.$what:ident($($argument:expr),*)) => {
        match $self {
            Self::Local(driver) => driver.$what($($argument),*).await,
            Self::Shared(node) => node.$what($($argument),*).await,
        }
    };
}

impl Presence {
    /// The clock by which everything is judged.
    pub(crate) const fn clock(&self) -> Clock {
        match self {
            Self::Local(driver) => driver.clock(),
            Self::Shared(node) => node.clock(),
        }
    }

    /// Takes a beat. The answer may wait until the facts that it states are on disk.
    pub(crate) async fn beat(
        &self,
        user: UserId,
        issued_at: Option<Timestamp>,
        beat: Beat,
    ) -> Result<Accepted, Refusal> {
        both!(self.beat(user, issued_at, beat))
    }

    /// Who is in the channel, or everywhere.
    pub(crate) async fn members(&self, channel: Option<ChannelName>) -> Result<Members, Refusal> {
        both!(self.members(channel))
    }

    /// How many are in each channel, and how many of them since before `today` began.
    pub(crate) async fn channels(&self, today: Timestamp) -> Result<Vec<ChannelCount>, Refusal> {
        both!(self.channels(today))
    }

    /// Everything about one user.
    pub(crate) async fn person(&self, user: UserId) -> Result<Person, Refusal> {
        both!(self.person(user))
    }

    /// Begins to watch: what has happened after the position if that is still known, otherwise everybody who is here.
    pub(crate) async fn watch(&self, topic: Topic, after: Option<Position>) -> Result<Watch, Refusal> {
        both!(self.watch(topic, after))
    }

    /// Ends the user's session at once. One that is over already is no error.
    pub(crate) async fn sign_out(&self, user: UserId, session: SessionId) -> Result<(), Refusal> {
        both!(self.sign_out(user, session))
    }

    /// Punches the user in or out; the row is on disk when this is answered.
    pub(crate) async fn punch(&self, user: UserId, way: Way) -> Result<Box<PunchRow>, Refusal> {
        both!(self.punch(user, way))
    }

    /// Ends what is over now, and says what that was once it is on disk.
    pub(crate) async fn sweep(&self) -> Result<Swept, Refusal> {
        both!(self.sweep())
    }

    /// Ends the person's sessions and removes what is kept of them; it is on disk when this is answered.
    pub(crate) async fn remove(&self, user: UserId) -> Result<Removed, Refusal> {
        both!(self.remove(user))
    }

    /// Waits until the store holds all that was answered here, so that whoever was told of it can read it there. A store that
    /// is down is not waited for.
    pub(crate) async fn settle(&self) -> Result<(), Refusal> {
        both!(self.settle())
    }

    /// Whether it answers, and what it can write.
    pub(crate) async fn ready(&self) -> Result<Writing, Refusal> {
        both!(self.ready())
    }

    /// How many requests wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        match self {
            Self::Local(driver) => driver.waiting(),
            Self::Shared(node) => node.waiting(),
        }
    }

    /// Writes everything down, before the end.
    pub(crate) async fn stop(&self) -> io::Result<()> {
        both!(self.stop())
    }

    /// Whether the user has this session open.
    pub(crate) async fn is_open(&self, user: UserId, session: SessionId) -> Result<bool, Refusal> {
        both!(self.is_open(user, session))
    }
}
