//! One shard on one node: what is asked of its people, a round at a time.
//!
//! A round takes everything that has come meanwhile: what is not at hand is read in one call, the engine judges, and what has
//! become of everybody is written in one call. So a slow Redis makes larger rounds, not longer queues. Who has been written
//! by another node meanwhile is judged once more, by what is there now.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use stillhere_engine::{
    policy::Policy,
    time::Timestamp,
    tracker::{Batch, Holding},
    wire::{SessionId, UserId},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};

use super::{
    ask::{Ask, Command, look_up},
    judged::Judged,
    record, removal,
    trouble::Trouble,
    turn::{Turn, read, write},
    waiting::Waiters,
    writer::Writer,
};
use crate::{
    driver::Clock,
    limits,
    metrics::Metrics,
    presence::redis::{Due, Outage, Outcome, RedisError, Shard, Shards, Tag},
    store::Store,
};

/// What every shard of a node shares.
pub(super) struct Common {
    pub(super) shards: Shards,
    pub(super) policy: Arc<Policy>,
    pub(super) clock: Clock,
    pub(super) store: Arc<dyn Store>,
    pub(super) writer: Writer,
    pub(super) metrics: Arc<Metrics>,
    /// Of each shard, whether its state was put together, as far as this node knows.
    pub(super) built: Vec<AtomicBool>,
    /// Redis has forgotten something since the feed was looked at last.
    pub(super) has_forgotten: AtomicBool,
    /// Whose outbox has something for the feed.
    pub(super) told: mpsc::UnboundedSender<Shard>,
}

/// The people of one shard, as this node knows them.
pub(super) struct People {
    common: Arc<Common>,
    shard: Shard,
    commands: mpsc::WeakUnboundedSender<Command>,
    waiters: Waiters,
    /// When this node looked last, and what it found of a time in which nobody did.
    looked_at: Timestamp,
    outage: Option<Outage>,
    /// What this node wrote last of whom. It may be out of date, which the next write finds out.
    known: HashMap<UserId, (Tag, Holding)>,
    /// What this node has given away to be written when there is time, and whether it has been.
    unsaved: HashMap<UserId, Unsaved>,
    /// Who waits for the end of the round.
    until: Vec<oneshot::Sender<bool>>,
    /// What waits for those of whom a batch is under way.
    busy: HashMap<UserId, Vec<Ask>>,
    trouble: Trouble,
}

/// Beats of a person that are being written, and whether they have been.
struct Unsaved {
    is_saved: Arc<AtomicBool>,
    rows: Vec<(SessionId, u32)>,
}

impl People {
    pub(super) fn start(common: Arc<Common>, shard: Shard) -> mpsc::UnboundedSender<Command> {
        let (commands, inbox) = mpsc::unbounded_channel();
        let people = Self {
            common,
            shard,
            commands: commands.downgrade(),
            waiters: Waiters::default(),
            looked_at: Timestamp(0),
            outage: None,
            known: HashMap::new(),
            unsaved: HashMap::new(),
            until: Vec::new(),
            busy: HashMap::new(),
            trouble: Trouble::default(),
        };
        tokio::spawn(people.run(inbox));
        commands
    }

    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Command>) {
        let mut commands = Vec::new();
        let mut look = interval(limits::SWEEP_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut turns = HashMap::new();
            if self.trouble.is_known() && self.is_built() {
                look.tick().await;
                if !self.probe(&mut inbox, &mut turns).await {
                    return;
                }
            } else {
                tokio::select! {
                    count = inbox.recv_many(&mut commands, limits::COMMANDS_AT_ONCE) => {
                        if count == 0 {
                            return;
                        }
                        for command in commands.drain(..) {
                            self.take(command, &mut turns);
                        }
                    }
                    _ = look.tick() => self.look(&mut turns).await,
                }
            }
            let is_done = self.round(turns).await;
            for until in self.until.drain(..) {
                let _ = until.send(is_done);
            }
        }
    }

    fn is_built(&self) -> bool {
        self.common.built[self.shard.number()].load(Relaxed)
    }

    fn take(&mut self, command: Command, turns: &mut HashMap<UserId, Vec<Ask>>) {
        let (user, ask) = match command {
            Command::New(user, waiting, ask) => {
                let ticket = self.waiters.admit(waiting);
                if !self.is_built() {
                    return self.waiters.refuse(ticket);
                }
                (user, ask(ticket))
            }
            Command::Until(until) => return self.until.push(until),
            Command::Own(user, ask) => (user, ask),
            Command::Written(judged, is_done) => return self.written(*judged, is_done, turns),
            Command::LookUpFailed(ticket) => return self.waiters.refuse(ticket),
        };
        match self.busy.get_mut(&user) {
            Some(asks) => asks.push(ask),
            None => turns.entry(user).or_default().push(ask),
        }
    }

    /// Looks whether Redis answers again, and refuses whoever asks meanwhile: they would wait in vain. Whether the node is
    /// still there.
    async fn probe(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Command>,
        turns: &mut HashMap<UserId, Vec<Ask>>,
    ) -> bool {
        let now = self.common.clock.now();
        let common = Arc::clone(&self.common);
        let mut due = pin!(common.shards.due(self.shard, now, now.after(limits::SWEPT_WITHIN), limits::SWEPT_AT_ONCE));
        loop {
            tokio::select! {
                found = &mut due => {
                    self.found(now, found, turns);
                    return true;
                }
                command = inbox.recv() => match command {
                    Some(Command::New(_, waiting, _)) => waiting.refuse(),
                    Some(command) => self.take(command, turns),
                    None => return false,
                }
            }
        }
    }

    /// Takes up those for whom something is due.
    async fn look(&mut self, turns: &mut HashMap<UserId, Vec<Ask>>) {
        if !self.is_built() {
            return;
        }
        let now = self.common.clock.now();
        let due = self.common.shards.due(self.shard, now, now.after(limits::SWEPT_WITHIN), limits::SWEPT_AT_ONCE).await;
        self.found(now, due, turns);
    }

    fn found(&mut self, now: Timestamp, due: Result<Due, RedisError>, turns: &mut HashMap<UserId, Vec<Ask>>) {
        let Ok(Due { outage, people }) = self.trouble.note("nobody can be looked at", due) else { return };
        (self.looked_at, self.outage) = (now, outage);
        for (user, kept) in people {
            let Ok(holding) = record::to_holding(&kept.record) else { continue };
            if !self.busy.contains_key(&user) {
                self.known.insert(user.clone(), (kept.tag, holding));
                turns.entry(user).or_default().push(Ask::Look);
            }
        }
    }

    /// Whether everybody has had their turn.
    async fn round(&mut self, mut asked: HashMap<UserId, Vec<Ask>>) -> bool {
        // Whoever has not looked for long does not know whether there was an outage, which is held against nobody.
        let is_late = |people: &Self| people.looked_at.after(limits::UNWATCHED) < people.common.clock.now();
        if is_late(self) && self.is_built() && !asked.is_empty() {
            if !self.trouble.is_known() {
                self.look(&mut asked).await;
            }
            if is_late(self) {
                asked.values().flatten().for_each(|ask| self.give_up(ask));
                return false;
            }
        }
        let given_up = match self.load(asked).await {
            Ok(turns) => self.turns(turns).await,
            Err(asks) => asks,
        };
        given_up.iter().for_each(|ask| self.give_up(ask));
        given_up.is_empty()
    }

    /// Gives back what could not be done.
    async fn turns(&mut self, mut turns: HashMap<UserId, Turn>) -> Vec<Ask> {
        let mut given_up = Vec::new();
        for _ in 0..limits::ROUNDS {
            if turns.is_empty() {
                return given_up;
            }
            turns = self.attempt(turns, &mut given_up).await;
        }
        // Another node is always faster, which cannot be: the tab tries again.
        given_up.extend(turns.into_values().flat_map(|turn| turn.asks));
        given_up
    }

    /// What there is of everybody.
    async fn load(&mut self, mut asked: HashMap<UserId, Vec<Ask>>) -> Result<HashMap<UserId, Turn>, Vec<Ask>> {
        let unknown: Vec<UserId> = asked.keys().filter(|user| !self.known.contains_key(user)).cloned().collect();
        let found = self.common.shards.load(self.shard, &unknown).await;
        let Ok(found) = self.trouble.note("nothing can be read of who is here", found) else {
            return Err(asked.into_values().flatten().collect());
        };
        for (user, kept) in unknown.into_iter().zip(found) {
            match read(kept) {
                Ok(found) => self.known.extend(found.map(|found| (user, found))),
                // The others have nothing to do with it.
                Err(why) => {
                    tracing::error!(%why, "a person's state cannot be read");
                    asked.remove(&user).into_iter().flatten().for_each(|ask| self.give_up(&ask));
                }
            }
        }
        let turn = |(user, asks): (UserId, _)| {
            let before = self.known.remove(&user);
            (user, Turn { asks, before })
        };
        Ok(asked.into_iter().map(turn).collect())
    }

    /// Lets the engine judge what was asked of one person.
    fn judge(&self, user: &UserId, turn: &Turn, now: Timestamp) -> Judged {
        let before = turn.before.as_ref().map(|(_, holding)| holding.clone());
        let mut holding = before.unwrap_or_else(|| Holding::nobody(user.clone(), now));
        if let Some(unsaved) = self.unsaved.get(user)
            && unsaved.is_saved.load(Relaxed)
        {
            unsaved.rows.iter().for_each(|(session, seq)| holding.note_saved(session, *seq));
        }
        let told = turn.asks.iter().flat_map(|ask| ask.recorded(&mut holding)).collect();
        let mut judged = Judged::resume(&self.common.policy, holding, told);
        self.outage.iter().for_each(|outage| judged.excuse(outage.since, outage.until));
        judged.take(turn.asks.iter().flat_map(|ask| ask.inputs(user)), now);
        for ask in &turn.asks {
            match ask {
                Ask::Sweep { waiting } => judged.sweep(*waiting, now),
                Ask::Removed { waiting: Some(waiting) } => judged.done(*waiting),
                _ => {}
            }
        }
        judged.settle(now);
        judged
    }

    /// Judges and writes; gives back those whom somebody else has written meanwhile.
    async fn attempt(&mut self, turns: HashMap<UserId, Turn>, given_up: &mut Vec<Ask>) -> HashMap<UserId, Turn> {
        let now = self.common.clock.now();
        let (mut people, mut writes) = (Vec::new(), Vec::new());
        for (user, turn) in turns {
            let mut judged = self.judge(&user, &turn, now);
            match write(&mut judged, turn.before.as_ref().map(|(tag, _)| *tag), now) {
                Ok((write, after)) => {
                    writes.push(write);
                    people.push((user, turn, judged, after));
                }
                Err(why) => {
                    tracing::error!(%why, "a person's state cannot be written");
                    given_up.extend(turn.asks);
                }
            }
        }
        let outcomes = self.common.shards.commit(self.shard, writes).await;
        let Ok(outcomes) = self.trouble.note("nothing can be written of who is here", outcomes) else {
            given_up.extend(people.into_iter().flat_map(|(_, turn, ..)| turn.asks));
            return HashMap::new();
        };
        let mut again = HashMap::new();
        for ((user, turn, judged, after), outcome) in people.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Written => self.accept(judged, after, now),
                Outcome::Changed(kept) => match read(kept) {
                    Ok(before) => _ = again.insert(user, Turn { before, ..turn }),
                    Err(why) => {
                        tracing::error!(%why, "a person's state cannot be read");
                        given_up.extend(turn.asks);
                    }
                },
            }
        }
        again
    }

    /// What was judged is so, for every node.
    fn accept(&mut self, mut judged: Judged, after: Option<(Tag, Holding)>, now: Timestamp) {
        judged.take_said().into_iter().for_each(|said| self.waiters.say(said));
        judged.ended(now).for_each(|(row, end)| self.common.metrics.end(row, end));
        judged.take_look_ups().into_iter().for_each(|report| look_up(&self.common, &self.commands, report));
        if !judged.take_changes().is_empty() {
            // The task is gone only when the node is.
            let _ = self.common.told.send(self.shard);
        }
        if let Some(after) = after {
            if after.1.removed_since().is_some_and(|since| since.after(limits::REMOVED_WITHIN) <= now) {
                removal::take_over(Arc::clone(&self.common), self.commands.clone(), judged.user().clone());
            }
            if self.known.len() >= limits::KNOWN_PEOPLE {
                self.known.clear();
            }
            self.known.insert(judged.user().clone(), after);
        }
        if let Some(batch) = judged.under_way().cloned() {
            self.busy.insert(judged.user().clone(), Vec::new());
            let (writer, commands) = (self.common.writer.clone(), self.commands.clone());
            tokio::spawn(async move {
                let is_done = writer.now(batch).await;
                if let Some(commands) = commands.upgrade() {
                    let _ = commands.send(Command::Written(Box::new(judged), is_done));
                }
            });
        } else {
            let lazy = judged.take_lazy();
            self.write_later(judged.user(), lazy);
        }
    }

    /// What no answer waits for. The next answer says that it is kept, if it is by then.
    fn write_later(&mut self, user: &UserId, batch: Batch) {
        if batch == Batch::default() {
            return;
        }
        if self.unsaved.len() >= limits::KNOWN_PEOPLE {
            self.unsaved.clear();
        }
        let rows = batch.sessions.iter().map(|row| (row.session, row.seq)).collect();
        self.unsaved.insert(user.clone(), Unsaved { is_saved: self.common.writer.later(batch), rows });
    }

    /// A person's batch is in the store, or could not be written: whoever waited for that is answered, whatever becomes of
    /// what is in Redis, and the others have their turn.
    fn written(&mut self, mut judged: Judged, is_done: bool, turns: &mut HashMap<UserId, Vec<Ask>>) {
        let recorded = judged.written(is_done, self.common.clock.now());
        judged.take_said().into_iter().for_each(|said| self.waiters.say(said));
        let waiting = self.busy.remove(judged.user()).unwrap_or_default();
        let asks: Vec<Ask> = recorded.map(Ask::Recorded).into_iter().chain(waiting).collect();
        if !asks.is_empty() {
            turns.entry(judged.user().clone()).or_default().extend(asks);
        }
    }

    fn give_up(&mut self, ask: &Ask) {
        if let Some(ticket) = ask.waiting() {
            self.waiters.refuse(ticket);
        }
    }
}
