//! The driver's task.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
    io,
    pin::Pin,
    sync::Arc,
};

use stillhere_engine::{
    policy::Policy,
    time::Timestamp,
    tracker::{Batch, Input, Output, Past, PunchRow, Report, Ticket, Tracker, Why},
    wire::{Refusal, UserId},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
    time::{Instant, Sleep, sleep, timeout},
};

use super::{Answer, Clock, Command, Members, Person, Writing, removal::Removals, sweep::Sweep, unwritten::Unwritten};
use crate::{
    feed::Feed,
    limits,
    metrics::Metrics,
    store::{Entry, Removed, Store, StoreError},
    webhooks::Drafts,
};

/// What the store was asked and has now answered.
#[derive(Debug)]
pub(super) enum Return {
    /// The past of a report's session is known.
    LookedUp(Box<Report>),
    /// It could not be read.
    LookUpFailed(Ticket),
    /// The entry is on disk.
    Recorded,
    /// The entry could not be written.
    RecordFailed(Box<Entry>),
    /// What was kept of a person is removed, or could not be.
    Removed(UserId, Result<Removed, StoreError>),
}

/// Whether everything that was noted is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disk {
    /// Up to the last batch.
    Kept,
    /// A batch is under way.
    Writing,
    /// The last batch failed and will be tried again.
    Failing,
    /// It is being tried again. Nobody is better off before that has gone well: a try may take seconds.
    Retrying,
}

pub(super) struct Task {
    pub(super) tracker: Tracker,
    pub(super) clock: Clock,
    pub(super) feed: Feed,
    pub(super) unwritten: Unwritten,
    pub(super) drafts: Drafts,
    pub(super) store: Arc<dyn Store>,
    waiting: HashMap<Ticket, oneshot::Sender<Answer>>,
    settling: HashMap<Ticket, oneshot::Sender<Result<(), Refusal>>>,
    punching: HashMap<Ticket, oneshot::Sender<Result<Box<PunchRow>, Refusal>>>,
    pub(super) sweeps: HashMap<Ticket, Sweep>,
    pub(super) removals: Removals,
    tickets: u64,
    disk: Disk,
    metrics: Arc<Metrics>,
    pub(super) returns: mpsc::UnboundedSender<Return>,
}

/// Reads the open sessions back, then runs the task beside everything else.
pub(super) async fn start(
    policy: Policy,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    drafts: Drafts,
    clock: Clock,
    alive_at: Option<Timestamp>,
    commands: mpsc::Receiver<Command>,
) -> Result<(), StoreError> {
    // Without a bound, yet bounded: nothing comes back but what a waiting beat or the one batch has asked for.
    let (returns, returned) = mpsc::unbounded_channel();
    let log = store.news().await?;
    let first = policy.ladder.status(0).to_owned();
    let mut task = Task {
        // Outsiders choose names and ids; what they cannot know is where those fall in a hash table.
        tracker: Tracker::new(policy, RandomState::new().build_hasher().finish(), clock.now()),
        clock,
        feed: Feed::new(clock.started_at(), log, Arc::clone(&metrics)),
        unwritten: Unwritten::default(),
        drafts,
        store,
        waiting: HashMap::new(),
        settling: HashMap::new(),
        punching: HashMap::new(),
        sweeps: HashMap::new(),
        removals: Removals::default(),
        tickets: 0,
        disk: Disk::Kept,
        metrics,
        returns,
    };
    task.restore(alive_at).await?;
    task.drafts.begin(&first, || task.tracker.members(None));
    tokio::spawn(task.run(commands, returned));
    Ok(())
}

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>, mut returned: mpsc::UnboundedReceiver<Return>) {
        let mut batch = Vec::with_capacity(limits::COMMANDS_AT_ONCE);
        let mut timer = Box::pin(sleep(limits::KEEP_ALIVE));
        loop {
            let (until, _) = self.drain();
            let until = until.min(self.tell_counts(self.clock.now()));
            self.metrics.live(self.tracker.live());
            set(timer.as_mut(), self.clock.instant_of(until));
            tokio::select! {
                count = commands.recv_many(&mut batch, limits::COMMANDS_AT_ONCE) => {
                    let now = self.clock.now();
                    for command in batch.drain(..) {
                        if let Some(stopped) = self.take(command, now) {
                            let result = timeout(limits::LAST_WRITE, self.write_down(&mut returned)).await;
                            // Nobody may wait any more, which is as good.
                            let _ = stopped.send(result.map_err(io::Error::from));
                            return;
                        }
                    }
                    if count == 0 {
                        return;
                    }
                }
                Some(back) = returned.recv() => self.take_back(back),
                () = &mut timer => {
                    self.tracker.handle_input(Input::Timer, self.clock.now());
                    yield_now().await; // Due again at once while many leases end: beats have to be brought.
                }
            }
        }
    }

    /// Does what the command says; gives back who wants to know when everything is written down and over.
    fn take(&mut self, command: Command, now: Timestamp) -> Option<oneshot::Sender<io::Result<()>>> {
        match command {
            Command::Beat { user, issued_at, beat, answer } => {
                if self.waiting.len() >= limits::BEATS_WAITING {
                    let _ = answer.send(Err(Refusal::Busy));
                    return None;
                }
                let ticket = self.ticket();
                self.waiting.insert(ticket, answer);
                let issued_at = self.removals.not_before(&user, issued_at);
                let report = Report { ticket, user, issued_at, beat: *beat, past: None };
                self.tracker.handle_input(Input::Beat(Box::new(report)), now);
                self.drain();
            }
            Command::Members { channel, answer } => {
                let members = self.tracker.members(channel.as_ref());
                let _ = answer.send(Members { now, position: self.feed.position(), members });
            }
            Command::Channels { today, answer } => _ = answer.send(self.tracker.channels(today)),
            Command::Person { user, answer } => {
                let tracker = &self.tracker;
                let _ = answer.send(Person {
                    now,
                    members: tracker.members_of(&user),
                    explained: tracker.explain(&user),
                    stay: tracker.stay_of(&user),
                });
            }
            Command::Watch { topic, after, answer } => {
                let watch = self.watch(&topic, after, now);
                let _ = answer.send(watch);
            }
            Command::Settle { answer } => self.ask(answer, now, Input::Settle),
            Command::SignOut { user, session, answer } => {
                self.ask(answer, now, |ticket| Input::SignOut { ticket, user, session });
            }
            Command::Punch { user, way, answer } => {
                let ticket = self.ticket();
                self.punching.insert(ticket, answer);
                self.tracker.handle_input(Input::Punch { ticket, user, way }, now);
                self.drain();
            }
            Command::Remove { user, answer } => self.remove(user, answer, now),
            Command::Sweep { answer } => self.sweep(answer, now),
            Command::IsOpen { user, session, answer } => {
                let open = self.tracker.explain(&user);
                let _ = answer.send(open.iter().any(|explained| explained.row.session == session));
            }
            Command::Ready { answer } => {
                let writing = match self.disk {
                    Disk::Kept | Disk::Writing => Writing::Good,
                    Disk::Failing | Disk::Retrying => Writing::Failing,
                };
                let _ = answer.send(writing);
            }
            Command::Stop { answer } => return Some(answer),
        }
        None
    }

    /// Asks for something that is done once it is on disk.
    fn ask(
        &mut self,
        answer: oneshot::Sender<Result<(), Refusal>>,
        now: Timestamp,
        input: impl FnOnce(Ticket) -> Input,
    ) {
        let ticket = self.ticket();
        self.settling.insert(ticket, answer);
        self.tracker.handle_input(input(ticket), now);
        self.drain();
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn take_back(&mut self, back: Return) {
        let input = match back {
            Return::LookedUp(report) => Input::Beat(report),
            Return::Removed(user, removed) => return self.removed(user, removed),
            Return::LookUpFailed(ticket) => return self.answer(ticket, Err(Refusal::StoreDown)),
            Return::Recorded => {
                self.disk = Disk::Kept;
                Input::Recorded
            }
            Return::RecordFailed(entry) => {
                self.disk = Disk::Failing;
                self.unwritten.put_back(entry.news);
                self.drafts.put_back(entry.letters);
                Input::RecordFailed(Box::new(entry.batch))
            }
        };
        self.tracker.handle_input(input, self.clock.now());
    }

    /// Does what the tracker asks for, until it says how long to wait and why.
    pub(super) fn drain(&mut self) -> (Timestamp, Why) {
        loop {
            match self.tracker.poll_output() {
                Output::Answer { ticket, answer } => self.answer(ticket, answer),
                Output::Done { ticket, done } => {
                    if let Some(waiting) = self.settling.remove(&ticket) {
                        let _ = waiting.send(done);
                    } else if let Some(sweep) = self.sweeps.remove(&ticket) {
                        sweep.finish(done, self.disk);
                    } else {
                        self.removal_ended(ticket, done);
                    }
                }
                Output::Punched { ticket, punch } => {
                    if let Some(waiting) = self.punching.remove(&ticket) {
                        let _ = waiting.send(punch);
                    }
                }
                Output::LookUp(report) => self.look_up(report),
                Output::Record(batch) => self.record(*batch),
                Output::Publish(change) => {
                    self.sweeps.values_mut().for_each(|sweep| sweep.note(&change));
                    if let Some(news) = self.feed.publish(&change, self.clock.now()) {
                        self.drafts.note(&change, &news);
                        self.unwritten.push(news);
                    }
                }
                Output::Wait { until, why } => {
                    self.drafts.settle();
                    return (until, why);
                }
            }
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer) {
        if let Some(waiting) = self.waiting.remove(&ticket) {
            // Who has gone meanwhile will beat again.
            let _ = waiting.send(answer);
        }
    }

    fn look_up(&self, mut report: Box<Report>) {
        let (store, returns, metrics) = (Arc::clone(&self.store), self.returns.clone(), Arc::clone(&self.metrics));
        tokio::spawn(async move {
            let back = match store.session(report.beat.session).await {
                Ok(found) => {
                    metrics.look_up(if found.is_some() { "found" } else { "new" });
                    report.past = Some(found.map_or(Past::NeverSeen, |row| Past::Stored(Box::new(row))));
                    Return::LookedUp(report)
                }
                Err(why) => {
                    metrics.look_up("failed");
                    tracing::error!(%why, "a session could not be looked up");
                    Return::LookUpFailed(report.ticket)
                }
            };
            // The driver may have stopped.
            let _ = returns.send(back);
        });
    }

    fn record(&mut self, batch: Batch) {
        self.disk = match self.disk {
            Disk::Kept | Disk::Writing => Disk::Writing,
            Disk::Failing | Disk::Retrying => Disk::Retrying,
        };
        self.metrics.batch(&batch);
        let (store, returns, metrics) = (Arc::clone(&self.store), self.returns.clone(), Arc::clone(&self.metrics));
        let clock = self.clock;
        let letters = self.drafts.take(&batch.punches);
        let (entry, ring) = (Box::new(Entry { batch, news: self.unwritten.take(), letters }), self.drafts.ring());
        tokio::spawn(async move {
            let begun = clock.passed();
            let recorded = store.record(&entry).await;
            metrics.checkpoint(&entry.batch, clock.passed().saturating_sub(begun), &recorded);
            let back = match recorded {
                Ok(()) => {
                    ring(&entry.letters);
                    Return::Recorded
                }
                Err(why) => {
                    tracing::error!(%why, sessions = entry.batch.sessions.len(), "a batch could not be written yet");
                    Return::RecordFailed(entry)
                }
            };
            let _ = returns.send(back);
        });
    }

    /// Until everything is on disk. New commands are not looked at any more, so it comes to an end.
    async fn write_down(&mut self, returned: &mut mpsc::UnboundedReceiver<Return>) {
        // What waits for its look-up is still a fact that somebody wants to know kept.
        let (ticket, clock) = (self.ticket(), self.clock);
        self.tracker.handle_input(Input::Settle(ticket), clock.now());
        loop {
            let (until, why) = self.drain();
            let is_due = why == Why::Checkpoint && until <= self.clock.now();
            if self.disk == Disk::Kept && !is_due {
                return self.write_news_down().await;
            }
            tokio::select! {
                Some(back) = returned.recv() => self.take_back(back),
                () = self.clock.reached(until) => {
                    self.tracker.handle_input(Input::Timer, self.clock.now());
                }
            }
        }
    }

    /// News for which there was no further batch.
    async fn write_news_down(&mut self) {
        if self.unwritten.is_empty() {
            return;
        }
        let entry = Entry { news: self.unwritten.take(), letters: self.drafts.take(&[]), ..Entry::default() };
        if let Err(why) = self.store.record(&entry).await {
            // Who has heard of them begins with a snapshot, as after a crash.
            tracing::warn!(%why, "the newest changes are not in the feed's log");
        }
    }
}

/// Moves the timer, which costs more than looking whether it has to be moved.
fn set(timer: Pin<&mut Sleep>, to: Option<Instant>) {
    match to {
        Some(to) if timer.deadline() != to => timer.reset(to),
        // Nothing to wait for: it fires once in a while, and nobody minds.
        None if timer.is_elapsed() => {
            let later = timer.deadline() + limits::IDLE;
            timer.reset(later);
        }
        _ => {}
    }
}
