//! The driver: one task owns the tracker and is the only one to tell it the time.
//!
//! Requests send one [`Command`] each and wait for its answer. After every input the task does what the tracker asks
//! for until the tracker says `Wait`: answers go to those who wait, changes to the feed, rows to the store. The store
//! is never waited for here; its results come back as inputs.

mod clock;
mod removal;
mod restore;
mod sweep;
mod task;
mod unwritten;
mod watching;

use std::{io, sync::Arc};

use stillhere_engine::{
    policy::Policy,
    time::Timestamp,
    tracker::{ChannelCount, Explained, Member, PunchRow, Way},
    wire::{Accepted, Beat, ChannelName, Refusal, SessionId, UserId},
};
use tokio::sync::{mpsc, oneshot};

pub(crate) use clock::Clock;
pub(crate) use sweep::Swept;

use crate::{
    feed::{Position, Topic, Watch},
    limits,
    metrics::Metrics,
    store::{Removed, Store, StoreError},
    webhooks::Drafts,
};

/// What can be asked of the driver.
#[derive(Debug)]
enum Command {
    /// Take a beat.
    Beat { user: UserId, issued_at: Option<Timestamp>, beat: Box<Beat>, answer: oneshot::Sender<Answer> },
    /// Say who is in a channel, or everywhere.
    Members { channel: Option<ChannelName>, answer: oneshot::Sender<Members> },
    /// Say how many are in each channel.
    Channels { today: Timestamp, answer: oneshot::Sender<Vec<ChannelCount>> },
    /// Say everything about one user.
    Person { user: UserId, answer: oneshot::Sender<Person> },
    /// Begin to watch.
    Watch { topic: Topic, after: Option<Position>, answer: oneshot::Sender<Watch> },
    /// Write everything down that has changed; says when that is done.
    Settle { answer: oneshot::Sender<Result<(), Refusal>> },
    /// End a session at once.
    SignOut { user: UserId, session: SessionId, answer: oneshot::Sender<Result<(), Refusal>> },
    /// Punch in or out.
    Punch { user: UserId, way: Way, answer: oneshot::Sender<Result<Box<PunchRow>, Refusal>> },
    /// End what is over.
    Sweep { answer: oneshot::Sender<Result<Swept, Refusal>> },
    /// End what there is of a person, and remove what is kept of them.
    Remove { user: UserId, answer: oneshot::Sender<Result<Removed, Refusal>> },
    /// Say whether the user has this session open.
    IsOpen { user: UserId, session: SessionId, answer: oneshot::Sender<bool> },
    /// Say whether the last batch could be written.
    Ready { answer: oneshot::Sender<Writing> },
    /// Write everything down and stop; says whether that was possible.
    Stop { answer: oneshot::Sender<io::Result<()>> },
}

/// What a beat is answered.
type Answer = Result<Accepted, Refusal>;

/// Who is in a channel or everywhere, and the position in the feed from which on changes are news.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) now: Timestamp,
    pub(crate) position: Position,
    pub(crate) members: Vec<Member>,
}

/// Everything that is known about one user now.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) now: Timestamp,
    /// In each channel that they are in.
    pub(crate) members: Vec<Member>,
    /// Each open session, and the rule that fired.
    pub(crate) explained: Vec<Explained>,
    /// Which stay they are in by the punch clock.
    pub(crate) stay: Option<u64>,
}

/// How the writing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// As it should.
    Good,
    /// The last batch could not be written, and is tried again.
    Failing,
}

/// The way to the driver. Cheap to clone; the driver stops when it is told to, not when the last of these is gone.
#[derive(Clone, Debug)]
pub(crate) struct Driver {
    commands: mpsc::Sender<Command>,
    clock: Clock,
}

impl Driver {
    /// Reads the open sessions back and starts the task.
    pub(crate) async fn start(
        policy: Policy,
        store: Arc<dyn Store>,
        metrics: Arc<Metrics>,
        drafts: Drafts,
    ) -> Result<Self, StoreError> {
        let alive_at = store.alive_at().await?;
        let clock = Clock::start(alive_at.unwrap_or(Timestamp(0)));
        let (commands, inbox) = mpsc::channel(limits::COMMANDS);
        task::start(policy, store, metrics, drafts, clock, alive_at, inbox).await?;
        Ok(Self { commands, clock })
    }

    /// The clock by which everything is judged.
    pub(crate) const fn clock(&self) -> Clock {
        self.clock
    }

    /// How many requests wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.commands.max_capacity() - self.commands.capacity()
    }

    /// Takes a beat. The answer may wait until the facts that it states are on disk.
    pub(crate) async fn beat(&self, user: UserId, issued_at: Option<Timestamp>, beat: Beat) -> Answer {
        let beat = Box::new(beat);
        self.ask(|answer| Command::Beat { user, issued_at, beat, answer }).await?
    }

    /// Who is in the channel, or everywhere.
    pub(crate) async fn members(&self, channel: Option<ChannelName>) -> Result<Members, Refusal> {
        self.ask(|answer| Command::Members { channel, answer }).await
    }

    /// How many are in each channel, and how many of them since before `today` began.
    pub(crate) async fn channels(&self, today: Timestamp) -> Result<Vec<ChannelCount>, Refusal> {
        self.ask(|answer| Command::Channels { today, answer }).await
    }

    /// Everything about one user.
    pub(crate) async fn person(&self, user: UserId) -> Result<Person, Refusal> {
        self.ask(|answer| Command::Person { user, answer }).await
    }

    /// Begins to watch: what has happened after the position if that is still known, otherwise everybody who is here.
    pub(crate) async fn watch(&self, topic: Topic, after: Option<Position>) -> Result<Watch, Refusal> {
        self.ask(|answer| Command::Watch { topic, after, answer }).await
    }

    /// Waits until the store holds all that has happened, so that whoever was told of it can read it there. A store
    /// that is down is not waited for.
    pub(crate) async fn settle(&self) -> Result<(), Refusal> {
        self.ask(|answer| Command::Settle { answer }).await?
    }

    /// Ends the user's session at once. One that is over already is no error.
    pub(crate) async fn sign_out(&self, user: UserId, session: SessionId) -> Result<(), Refusal> {
        self.ask(|answer| Command::SignOut { user, session, answer }).await?
    }

    /// Punches the user in or out; the row is on disk when this is answered.
    pub(crate) async fn punch(&self, user: UserId, way: Way) -> Result<Box<PunchRow>, Refusal> {
        self.ask(|answer| Command::Punch { user, way, answer }).await?
    }

    /// Ends what is over now, and says what that was once it is on disk.
    pub(crate) async fn sweep(&self) -> Result<Swept, Refusal> {
        self.ask(|answer| Command::Sweep { answer }).await?
    }

    /// Ends the person's sessions and removes what is kept of them; it is on disk when this is answered.
    pub(crate) async fn remove(&self, user: UserId) -> Result<Removed, Refusal> {
        self.ask(|answer| Command::Remove { user, answer }).await?
    }

    /// Whether the user has this session open.
    pub(crate) async fn is_open(&self, user: UserId, session: SessionId) -> Result<bool, Refusal> {
        self.ask(|answer| Command::IsOpen { user, session, answer }).await
    }

    /// Whether it answers, and what it can write.
    pub(crate) async fn ready(&self) -> Result<Writing, Refusal> {
        self.ask(|answer| Command::Ready { answer }).await
    }

    /// Writes everything down and stops. Whatever is asked afterwards is refused.
    pub(crate) async fn stop(&self) -> io::Result<()> {
        let (answer, stopped) = oneshot::channel();
        // It waits for its turn: a full queue must not keep the server from stopping.
        if self.commands.send(Command::Stop { answer }).await.is_err() {
            return Ok(());
        }
        stopped.await.unwrap_or(Ok(()))
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.commands.try_send(command(answer)).map_err(|_| Refusal::Busy)?;
        answered.await.map_err(|_| Refusal::Busy)
    }
}

#[cfg(test)]
pub(crate) mod tests;
