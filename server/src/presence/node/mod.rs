//! One of several servers that share who is here.
//!
//! None of them owns anybody. Each takes up a person when something happens, lets the engine judge it, and puts back what
//! has become of it unless another was faster ([`shard`]). What is lasting is in the store before anybody is told
//! ([`writer`]); what has changed is told to all nodes in one order ([`follower`]).
//!
//! **What a restart looks like:** of a node, to nobody: the others go on, and take up whatever it had not finished. Of a Redis
//! that has forgotten everything: beats are told to try again until one node has put together what the store knows, with
//! leases that are as much longer as after the restart of a single server ([`rebuild`]).

mod ask;
mod crowd;
mod follower;
mod herald;
mod judged;
mod rebuild;
mod record;
mod removal;
mod shard;
mod trouble;
mod turn;
mod waiting;
mod writer;

use std::{
    collections::HashMap,
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

use futures_util::future::join_all;

use stillhere_engine::{
    policy::Policy,
    time::Timestamp,
    tracker::{ChannelCount, Input, Member, PunchRow, Tracker, Way},
    wire::{Accepted, Beat, ChannelName, Refusal, SessionId, UserId},
};
use tokio::sync::{mpsc, oneshot};

use super::redis::{RedisError, Shards};
use crate::{
    driver::{Clock, Members, Person, Swept, Writing},
    feed::{Picture, Position, Topic, Watch},
    limits,
    metrics::Metrics,
    store::{Store, StoreError},
};
use ask::{Ask, Command};
use follower::{Follower, Question};
use shard::{Common, People};
use waiting::Waiting;
use writer::Writer;

/// The way to everybody. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Node {
    common: Arc<Common>,
    clock: Clock,
    people: Arc<[mpsc::UnboundedSender<Command>]>,
    questions: mpsc::UnboundedSender<Question>,
    /// Requests that wait for their turn.
    waiting: Arc<AtomicUsize>,
}

/// Why a node cannot start.
#[derive(Debug)]
pub(crate) enum NodeError {
    Redis(RedisError),
    Store(StoreError),
}

impl Node {
    /// Joins the others.
    ///
    /// # Errors
    /// Redis or the store cannot be used.
    pub(crate) async fn start(
        policy: Policy,
        shards: Shards,
        store: Arc<dyn Store>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, NodeError> {
        let clock = Clock::start_at(shards.now().await?);
        let (told, tellers) = mpsc::unbounded_channel();
        let (questions, asked) = mpsc::unbounded_channel();
        let writer = Writer::start(Arc::clone(&store), clock, Arc::clone(&metrics));
        let built = shards.all().map(|_| AtomicBool::new(false)).collect();
        let common = Arc::new(Common {
            shards,
            policy: Arc::new(policy),
            clock,
            store,
            writer,
            metrics,
            built,
            has_forgotten: AtomicBool::new(false),
            told,
        });
        let people: Arc<[_]> =
            common.shards.all().map(|shard| People::start(Arc::clone(&common), shard)).collect::<Vec<_>>().into();
        rebuild::ensure(&common, &people).await?;
        // The feed is read from its beginning now, whatever Redis may have forgotten before.
        common.has_forgotten.store(false, Relaxed);
        let follower = Follower::open(Arc::clone(&common)).await?;
        tokio::spawn(follower.run(asked, tellers));
        tokio::spawn(rebuild::keep(Arc::clone(&common), people.iter().map(mpsc::UnboundedSender::downgrade).collect()));
        Ok(Self { common, clock, people, questions, waiting: Arc::default() })
    }

    /// The clock by which everything is judged: that of Redis, as all nodes follow it.
    pub(crate) const fn clock(&self) -> Clock {
        self.clock
    }

    /// Takes a beat. The answer may wait until the facts that it states are on disk.
    pub(crate) async fn beat(
        &self,
        user: UserId,
        issued_at: Option<Timestamp>,
        beat: Beat,
    ) -> Result<Accepted, Refusal> {
        let beat = Box::new(beat);
        self.ask(user, Waiting::Beat, move |waiting| Ask::Beat { issued_at, beat, past: None, waiting }).await
    }

    /// Punches the user in or out; the row is on disk when this is answered.
    pub(crate) async fn punch(&self, user: UserId, way: Way) -> Result<Box<PunchRow>, Refusal> {
        self.ask(user, Waiting::Punch, move |waiting| Ask::Punch { way, waiting }).await
    }

    /// Ends the user's session at once. One that is over already is no error.
    pub(crate) async fn sign_out(&self, user: UserId, session: SessionId) -> Result<(), Refusal> {
        let is_ours = self.is_open(user.clone(), session).await?;
        if !is_ours {
            let row = self.common.store.session(session).await.map_err(|_| Refusal::StoreDown)?;
            if row.is_some_and(|row| row.user != user) {
                return Err(Refusal::SessionOfAnother);
            }
        }
        self.ask(user, Waiting::Done, move |waiting| Ask::SignOut { session, waiting }).await
    }

    /// Whether the user has this session open.
    pub(crate) async fn is_open(&self, user: UserId, session: SessionId) -> Result<bool, Refusal> {
        let found = self.take_up(std::slice::from_ref(&user)).await?;
        Ok(found.values().any(|tracker| tracker.explain(&user).iter().any(|one| one.row.session == session)))
    }

    /// Everything about one user.
    pub(crate) async fn person(&self, user: UserId) -> Result<Person, Refusal> {
        let found = self.take_up(std::slice::from_ref(&user)).await?.remove(&user);
        let now = self.clock.now();
        let Some(mut tracker) = found else {
            return Ok(Person { now, members: Vec::new(), explained: Vec::new(), stay: None });
        };
        // What is due by now is judged as it will be; who does so for everybody to see is another matter.
        tracker.handle_input(Input::Timer, now);
        Ok(Person {
            now,
            members: tracker.members_of(&user),
            explained: tracker.explain(&user),
            stay: tracker.stay_of(&user),
        })
    }

    /// Ends what is over now, and says what that was once it is on disk. What another node ends at the same moment, that one says.
    pub(crate) async fn sweep(&self) -> Result<Swept, Refusal> {
        let mut swept = Swept { at: self.clock.now(), ended: 0, auto_outs: Vec::new() };
        for shard in self.common.shards.all() {
            loop {
                let now = self.clock.now();
                let again_at = now.after(limits::SWEPT_WITHIN);
                let due = self.common.shards.due(shard, now, again_at, limits::SWEPT_AT_ONCE).await;
                let due = due.map_err(|why| down(&why))?.people;
                let count = due.len();
                let looks =
                    due.into_iter().map(|(user, _)| self.ask(user, Waiting::Sweep, |waiting| Ask::Sweep { waiting }));
                for found in join_all(looks).await {
                    let found = found?;
                    swept.ended += found.ended;
                    swept.auto_outs.extend(found.auto_outs);
                }
                if count < limits::SWEPT_AT_ONCE {
                    break;
                }
            }
        }
        Ok(swept)
    }

    /// Waits until the store holds all that this node has answered, so that whoever was told of it can read it there; of
    /// other nodes it has what is lasting, and the rest within a second. A store that is down is not waited for.
    pub(crate) async fn settle(&self) -> Result<(), Refusal> {
        self.common.writer.settle().await;
        Ok(())
    }

    /// Whether Redis answers, and what can be written into the store.
    pub(crate) async fn ready(&self) -> Result<Writing, Refusal> {
        self.common.shards.position().await.map_err(|why| down(&why))?;
        if !self.common.built.iter().all(|is_built| is_built.load(Relaxed)) {
            return Err(Refusal::StoreDown);
        }
        Ok(if self.common.writer.is_failing() { Writing::Failing } else { Writing::Good })
    }

    /// How many requests wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// Writes down what can wait. What is lasting lies in Redis until it is written, by whichever node.
    pub(crate) async fn stop(&self) -> io::Result<()> {
        if self.common.writer.settle().await {
            Ok(())
        } else {
            Err(io::Error::other("the store does not take them; what is lasting is written by another node"))
        }
    }

    /// Who is in the channel, or everywhere.
    pub(crate) async fn members(&self, channel: Option<ChannelName>) -> Result<Members, Refusal> {
        let (position, mut members) = self.question(|answer| Question::Members { channel, answer }).await?;
        self.freshen(&mut members).await?;
        Ok(Members { now: self.clock.now(), position, members })
    }

    /// How many are in each channel, and how many of them since before `today` began.
    pub(crate) async fn channels(&self, today: Timestamp) -> Result<Vec<ChannelCount>, Refusal> {
        self.question(|answer| Question::Channels { today, answer }).await
    }

    /// Begins to watch: what has happened after the position if that is still known, otherwise everybody who is here.
    pub(crate) async fn watch(&self, topic: Topic, after: Option<Position>) -> Result<Watch, Refusal> {
        let mut watch = self.question(|answer| Question::Watch { topic, after, answer }).await?;
        if let Some(snapshot) = &mut watch.snapshot
            && let Picture::Members(members) = &mut snapshot.picture
        {
            self.freshen(members).await?;
        }
        Ok(watch)
    }

    /// The feed tells who came and went, and no beat: when somebody was seen last, only Redis knows.
    async fn freshen(&self, members: &mut [Member]) -> Result<(), Refusal> {
        let users: Vec<UserId> = members.iter().map(|member| member.user.clone()).collect();
        let found = self.take_up(&users).await?;
        for member in members {
            let fresh = found.get(&member.user).map(|tracker| tracker.members_of(&member.user));
            if let Some(fresh) = fresh.into_iter().flatten().find(|fresh| fresh.channel == member.channel) {
                *member = fresh;
            }
        }
        Ok(())
    }

    /// What there is of each of these users.
    async fn take_up(&self, users: &[UserId]) -> Result<HashMap<UserId, Tracker>, Refusal> {
        let mut by_shard = HashMap::<_, Vec<UserId>>::new();
        for user in users {
            by_shard.entry(self.common.shards.of(user)).or_default().push(user.clone());
        }
        let mut found = HashMap::new();
        for (shard, users) in by_shard {
            for piece in users.chunks(limits::USERS_AT_ONCE) {
                let kept = self.common.shards.load(shard, piece).await.map_err(|why| down(&why))?;
                for (user, kept) in piece.iter().zip(kept).filter_map(|(user, kept)| Some((user, kept?))) {
                    let holding = record::to_holding(&kept.record).map_err(|why| down(&why))?;
                    found.insert(user.clone(), Tracker::resume(Arc::clone(&self.common.policy), holding));
                }
            }
        }
        Ok(found)
    }

    async fn ask<T>(
        &self,
        user: UserId,
        waiting: impl FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Waiting,
        ask: impl FnOnce(stillhere_engine::tracker::Ticket) -> Ask + Send + 'static,
    ) -> Result<T, Refusal> {
        let _place = Place::take(&self.waiting)?;
        let (answer, answered) = oneshot::channel();
        let people = &self.people[self.common.shards.of(&user).number()];
        people.send(Command::New(user, waiting(answer), Box::new(ask))).map_err(|_| Refusal::Busy)?;
        answered.await.map_err(|_| Refusal::Busy)?
    }

    async fn question<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Question) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.questions.send(question(answer)).map_err(|_| Refusal::Busy)?;
        answered.await.map_err(|_| Refusal::Busy)
    }
}

/// The place of somebody who waits for their turn. Queues have no other bound.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self, Refusal> {
        let place = Self(waiting);
        // Whoever is one too many gives the place back at once.
        if waiting.fetch_add(1, Relaxed) < limits::COMMANDS { Ok(place) } else { Err(Refusal::Busy) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

fn down(why: &RedisError) -> Refusal {
    tracing::debug!(%why, "who is here cannot be read");
    Refusal::StoreDown
}

impl From<RedisError> for NodeError {
    fn from(why: RedisError) -> Self {
        Self::Redis(why)
    }
}

impl From<StoreError> for NodeError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redis(why) => why.fmt(f),
            Self::Store(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for NodeError {}
