//! The server's picture: who is here, and what has just changed.
//!
//! A session ends when its lease has run out; a user is in a channel from the first session there to the last one
//! out; and whatever is answered or told follows from facts, never from a stored status.

mod api;
mod beats;
mod ending;
mod ends;
mod explain;
mod holding;
mod ledger;
mod members;
mod names;
mod punches;
mod records;
mod roll;
mod session;
mod wheel;

use alloc::{
    boxed::Box,
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    vec::Vec,
};

pub use api::{Input, Output, Past, Report, Ticket, Way, Why};
pub use explain::Explained;
pub use holding::Holding;
pub use members::{ChannelCount, Live, StatusCounts};
pub use records::{
    Batch, Change, End, EndReason, LeaveReason, Member, OpenPunch, PunchKind, PunchRow, SessionRow, SpanRow, ViewRow,
    VisitRow,
};

use serde::{Deserialize, Serialize};

use crate::{
    limits,
    page::PageState,
    policy::{Facts, Policy},
    time::{Millis, Timestamp},
    wire::{Refusal, UserId},
};
use ledger::{Held, Landed, Ledger};
use punches::Punches;
use roll::Roll;
use wheel::Wheel;

/// The server's picture. **After every [`handle_input`](Self::handle_input), or after several of the same moment, call
/// [`poll_output`](Self::poll_output) until it says [`Output::Wait`].**
#[derive(Debug)]
pub struct Tracker {
    policy: Arc<Policy>,
    roll: Roll,
    wheel: Wheel,
    ledger: Ledger,
    punches: Punches,
    /// Who is being removed.
    removing: BTreeMap<UserId, Timestamp>,
    outputs: VecDeque<Output>,
    now: Timestamp,
    /// More leases are over than are judged at once.
    has_more_due: bool,
    judged_at: Timestamp,
    /// The last downtime, with its grace.
    blind: Blind,
    /// When those were read back who were here before it.
    restored_at: Timestamp,
}

/// A time in which nobody could be seen. It is not held against anybody's status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Blind {
    since: Timestamp,
    length: Millis,
    /// Until then there may be tabs that have not been heard since: they wait between their retries.
    until: Timestamp,
}

impl Blind {
    fn new(since: Timestamp, until: Timestamp, grace: Millis) -> Self {
        Self { since, length: until.since(since).plus(grace), until: until.after(grace) }
    }

    /// Until when a lease lasts that was given before.
    fn extend(self, lease_until: Timestamp) -> Timestamp {
        lease_until.after(self.length).max(self.until)
    }

    /// What a ladder looks at.
    fn facts(self, state: PageState, last_seen_at: Timestamp, last_active_at: Timestamp) -> Facts {
        let visible = state.is_visible();
        Facts { visible, last_seen_at: self.shift(last_seen_at), last_active_at: self.shift(last_active_at) }
    }

    /// What the moment counts as: one before the downtime moves on by its length.
    fn shift(self, at: Timestamp) -> Timestamp {
        if at <= self.since { at.after(self.length) } else { at }
    }
}

impl Tracker {
    /// An empty picture. `seed` is any number that outsiders cannot know.
    #[must_use]
    pub fn new(policy: impl Into<Arc<Policy>>, seed: u64, now: Timestamp) -> Self {
        Self {
            policy: policy.into(),
            roll: Roll::new(seed),
            wheel: Wheel::new(now),
            ledger: Ledger::new(now),
            punches: Punches::default(),
            removing: BTreeMap::new(),
            outputs: VecDeque::new(),
            now,
            has_more_due: false,
            judged_at: Timestamp(0),
            restored_at: Timestamp(0),
            blind: Blind::default(),
        }
    }

    /// Makes room for so many sessions that are about to be restored, each most likely somebody else's. It is no promise;
    /// more than [`limits::SESSIONS_EXPECTED`] are not believed beforehand.
    pub fn expect(&mut self, sessions: u64) {
        self.roll.reserve(sessions.min(limits::SESSIONS_EXPECTED) as usize);
    }

    /// Takes note of what happened. `now` may repeat; a `now` that runs backwards counts as the last one.
    pub fn handle_input(&mut self, input: Input, now: Timestamp) {
        self.now = self.now.max(now);
        // Leases first: a beat that comes after its lease has run out comes too late, whoever wakes up first.
        // Of very many that are over, so many in a moment: whoever beats in that moment waits for no more.
        if !self.has_more_due || self.judged_at < self.now || matches!(input, Input::Timer) {
            self.judge_due();
        }
        match input {
            Input::Beat(report) => self.take_beat(report),
            Input::Timer => {}
            Input::Punch { ticket, user, way } => self.punch(ticket, &user, way),
            Input::SignOut { ticket, user, session } => self.sign_out(ticket, &user, &session),
            Input::Remove { ticket, user } => self.remove(ticket, &user),
            Input::Removed(user) => _ = self.removing.remove(&user),
            Input::RestorePunches(open) => self.restore_punches(open),
            Input::Settle(ticket) => self.ledger.settle(ticket),
            Input::Recorded => {
                let landed = self.ledger.recorded(self.now);
                self.release(landed);
            }
            Input::RecordFailed(batch) => self.record_failed(*batch),
            Input::Restore { rows, alive_at } => self.restore(rows, alive_at),
        }
    }

    /// The next thing to do; [`Output::Wait`] ends the list.
    pub fn poll_output(&mut self) -> Output {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        self.note_restored();
        let roll = &mut self.roll;
        let batch = self.ledger.take_batch(self.now, |place| {
            let session = roll.get_mut(place).filter(|session| session.is_dirty)?;
            session.is_dirty = false;
            roll.row(place)
        });
        match batch {
            Some(batch) => Output::Record(Box::new(batch)),
            None => self.wait(),
        }
    }

    /// Those who were read back are written once it is their turn, unless they have beaten since.
    fn note_restored(&mut self) {
        let mut left = self.ledger.restored_due(self.now);
        while left > 0
            && let Some(place) = self.ledger.pop_restored()
        {
            if self.roll.get(place).is_some_and(|session| session.last_seen_at() < self.restored_at) {
                self.note_dirty(place);
                left -= 1;
            }
        }
    }

    fn wait(&self) -> Output {
        let lease = if self.has_more_due { self.now } else { self.wheel.next() };
        let checkpoint = self.ledger.due_at();
        if lease <= checkpoint && lease < Timestamp::NEVER {
            Output::Wait { until: lease, why: Why::Lease }
        } else if self.ledger.is_recording() {
            Output::Wait { until: lease, why: Why::Recording }
        } else {
            Output::Wait { until: checkpoint, why: Why::Checkpoint }
        }
    }

    /// Ends what has run out and moves statuses down their ladder.
    fn judge_due(&mut self) {
        (self.has_more_due, self.judged_at) = (false, self.now);
        for _ in 0..limits::EXPIRE_AT_ONCE {
            let Some(place) = self.wheel.pop(self.now) else { return };
            let Some(session) = self.roll.get(place) else { continue };
            if session.lease_until() <= self.now {
                self.end_silent(place);
            } else {
                let standing = self.standing_at(place);
                self.judge(place);
                self.publish(standing, None);
            }
        }
        self.has_more_due = true;
    }

    /// Finds the session's own rung and sets its timer for whatever comes next: a lower rung or the end.
    fn judge(&mut self, place: u32) {
        let blind = self.blind;
        let Some(session) = self.roll.get_mut(place) else { return };
        let mut until = session.lease_until();
        // A closed session keeps its status until its grace is over: nobody is told before.
        if session.state != PageState::Closed {
            let facts = blind.facts(session.state, session.last_seen_at(), session.last_active_at());
            let (rung, changes_at) = self.policy.ladder.judge(facts, self.now);
            session.rung = rung;
            until = until.min(changes_at);
        }
        self.wheel.set(place, until);
    }

    /// A closed session that is read back stands where its facts put it: what it was told as last is forgotten.
    fn stand_closed(&mut self, place: u32) {
        let blind = self.blind;
        let Some(session) = self.roll.get_mut(place).filter(|session| session.state == PageState::Closed) else {
            return;
        };
        let facts = blind.facts(session.state, session.last_seen_at(), session.last_active_at());
        session.rung = self.policy.ladder.judge(facts, self.now).0;
    }

    fn note_dirty(&mut self, place: u32) {
        if let Some(session) = self.roll.get_mut(place)
            && !core::mem::replace(&mut session.is_dirty, true)
        {
            self.ledger.note(place, self.now);
        }
    }

    fn release(&mut self, landed: Landed) {
        for (place, id, seq) in landed.saved {
            if let Some(session) = self.roll.get_mut(place).filter(|session| session.id == id) {
                session.saved_seq = session.saved_seq.max(seq);
            }
        }
        for held in landed.held {
            match held {
                Held::Answer { ticket, answer } => self.outputs.push_back(Output::Answer { ticket, answer }),
                Held::Done(ticket) | Held::Settle(ticket) => {
                    self.outputs.push_back(Output::Done { ticket, done: Ok(()) });
                }
                Held::Punch { ticket, row } => self.punch_recorded(ticket, row),
            }
        }
    }

    /// Nothing is lost: what was to be written is dirty again. Who waited is told to try again.
    fn record_failed(&mut self, batch: Batch) {
        let landed = self.ledger.failed(batch, self.now);
        for &(place, id, _) in &landed.saved {
            if let Some(session) = self.roll.get_mut(place).filter(|session| session.id == id) {
                session.is_dirty = true;
                self.ledger.note_urgent(place);
            }
        }
        for held in landed.held {
            match held {
                // A refusal stands whether it could be written down or not.
                Held::Answer { ticket, answer } => {
                    let answer = answer.and(Err(Refusal::StoreDown));
                    self.outputs.push_back(Output::Answer { ticket, answer });
                }
                Held::Done(ticket) => {
                    self.outputs.push_back(Output::Done { ticket, done: Err(Refusal::StoreDown) });
                }
                Held::Settle(ticket) => self.outputs.push_back(Output::Done { ticket, done: Ok(()) }),
                Held::Punch { ticket, row } => self.punch_failed(ticket, row),
            }
        }
    }

    /// A restart is not a departure: each lease goes on as if the downtime had not been, and a little longer, as
    /// clients wait between retries. Nobody is told of a join: watchers begin with a snapshot.
    fn restore(&mut self, rows: Vec<SessionRow>, alive_at: Option<Timestamp>) {
        self.restored_at = self.now;
        let since = alive_at.unwrap_or(self.now);
        let blind = Blind::new(since, self.now, self.policy.boot_grace);
        self.blind = Blind { until: alive_at.map_or(Timestamp(0), |_| blind.until), ..blind };
        for row in rows.into_iter().filter(|row| row.end.is_none()) {
            let lease_until = blind.extend(row.lease_until);
            let Some(place) = self.roll.enter(&row.session, &row.user, &row.channel, row.started_at) else { continue };
            self.roll.set_page(place, row.page.as_ref());
            if let Some(session) = self.roll.get_mut(place) {
                session.restore(&row, lease_until);
            }
            self.stand_closed(place);
            // The longer lease has to be on disk before the next sign of life, which would leave nothing of the downtime.
            self.ledger.note_restored(place, self.now);
            self.judge(place);
        }
    }
}

#[cfg(test)]
mod tests;
