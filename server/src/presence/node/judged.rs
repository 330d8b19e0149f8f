//! What becomes of one person by what has happened: the engine's judgement, and no network.

use std::{mem, sync::Arc};

use stillhere_engine::{
    limits::STORE_RETRY,
    policy::Policy,
    time::Timestamp,
    tracker::{Batch, Change, End, Holding, Input, Output, PunchKind, PunchRow, Report, SessionRow, Ticket, Tracker},
    wire::{Accepted, Refusal, UserId},
};

use crate::limits;

/// Asks that everything is handed out that is to be written; nobody waits for it.
const NOBODY: Ticket = Ticket(0);

/// What somebody who waits is told.
#[derive(Debug)]
pub(super) enum Said {
    /// To a beat.
    Answer(Ticket, Result<Accepted, Refusal>),
    /// To a request that something be done.
    Done(Ticket, Result<(), Refusal>),
    /// To a punch.
    Punched(Ticket, Result<Box<PunchRow>, Refusal>),
    /// To a sweep.
    Swept(Ticket, Result<Found, Refusal>),
}

/// What a look at one person has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) ended: usize,
    /// The punches that followed.
    pub(crate) auto_outs: Vec<PunchRow>,
}

impl Found {
    fn of(batch: &Batch, now: Timestamp) -> Self {
        let is_auto_out = |row: &&PunchRow| row.kind == PunchKind::AutoOut && row.detected_at == now;
        Self {
            ended: ended_in(batch, now).count(),
            auto_outs: batch.punches.iter().filter(is_auto_out).cloned().collect(),
        }
    }
}

/// The sessions that have ended now, and not when the batch was to be written before.
fn ended_in(batch: &Batch, now: Timestamp) -> impl Iterator<Item = (&SessionRow, End)> {
    let ended = batch.sessions.iter().filter_map(|row| Some((row, row.end?)));
    ended.filter(move |(_, end)| end.detected_at == now)
}

/// A person in the hands of this node.
pub(super) struct Judged {
    user: UserId,
    tracker: Tracker,
    /// What has to be in the store before anybody is told, if the tracker waits for that.
    under_way: Option<Batch>,
    said: Vec<Said>,
    /// What was found by looks for which somebody waits until it is in the store.
    swept: Vec<(Ticket, Found)>,
    changes: Vec<Change>,
    look_ups: Vec<Report>,
    /// What is to be written when there is time: no answer waits for it.
    lazy: Batch,
}

impl Judged {
    /// Takes up what there is of the person; `told` has changed before anything is judged.
    pub(super) fn resume(policy: &Arc<Policy>, holding: Holding, told: Vec<Change>) -> Self {
        Self {
            user: holding.user().clone(),
            tracker: Tracker::resume(Arc::clone(policy), holding),
            under_way: None,
            said: Vec::new(),
            swept: Vec::new(),
            changes: told,
            look_ups: Vec::new(),
            lazy: Batch::default(),
        }
    }

    /// Nobody could be heard from `since` until `until`.
    pub(super) fn excuse(&mut self, since: Timestamp, until: Timestamp) {
        self.tracker.excuse(since, until);
    }

    /// Lets the engine judge it. All of it before anything is written: one batch is under way at a time, and nobody waits here
    /// for a second one.
    pub(super) fn take(&mut self, inputs: impl IntoIterator<Item = Input>, now: Timestamp) {
        inputs.into_iter().for_each(|input| self.tracker.handle_input(input, now));
        self.drain(now);
    }

    /// Says what has ended by now to somebody who has asked to look.
    pub(super) fn sweep(&mut self, waiting: Ticket, now: Timestamp) {
        match &self.under_way {
            Some(batch) => self.swept.push((waiting, Found::of(batch, now))),
            None => self.said.push(Said::Swept(waiting, Ok(Found::default()))),
        }
    }

    /// Says that it is done to somebody who does not wait for the store.
    pub(super) fn done(&mut self, waiting: Ticket) {
        self.said.push(Said::Done(waiting, Ok(())));
    }

    /// Hands out what can be written later too. To be called once nothing more is to be judged.
    pub(super) fn settle(&mut self, now: Timestamp) {
        if self.under_way.is_some() {
            return;
        }
        self.tracker.handle_input(Input::Settle(NOBODY), now);
        self.drain(now);
        self.lazy = self.under_way.take().unwrap_or_default();
    }

    /// The batch under way is in the store, and given back; or it could not be written. Then it is not lost: whoever takes the
    /// person up next has it. What is said by that is true, whatever else the tracker makes of it.
    pub(super) fn written(&mut self, is_done: bool, now: Timestamp) -> Option<Batch> {
        let batch = self.under_way.take()?;
        for (ticket, found) in mem::take(&mut self.swept) {
            self.said.push(Said::Swept(ticket, if is_done { Ok(found) } else { Err(Refusal::StoreDown) }));
        }
        if !is_done {
            self.take([Input::RecordFailed(Box::new(batch))], now);
            return None;
        }
        self.take([Input::Recorded], now);
        Some(batch)
    }

    fn drain(&mut self, now: Timestamp) {
        loop {
            match self.tracker.poll_output() {
                Output::Answer { ticket, answer } => self.said.push(Said::Answer(ticket, answer)),
                Output::Done { ticket: NOBODY, .. } => {}
                Output::Done { ticket, done } => self.said.push(Said::Done(ticket, done)),
                Output::Punched { ticket, punch } => self.said.push(Said::Punched(ticket, punch)),
                Output::LookUp(report) => self.look_ups.push(*report),
                Output::Publish(change) => self.changes.push(change),
                Output::Record(batch) => {
                    let batch = Batch { alive_at: None, ..*batch };
                    if batch == Batch::default() {
                        // Somebody asks whether all is written, and it is.
                        self.tracker.handle_input(Input::Recorded, now);
                    } else {
                        self.under_way = Some(batch);
                    }
                }
                Output::Wait { .. } => return,
            }
        }
    }

    pub(super) const fn user(&self) -> &UserId {
        &self.user
    }

    /// What there is of the person now, and when somebody has to look at them again; `None`: nothing.
    pub(super) fn hold(&self, now: Timestamp) -> Option<(Holding, Timestamp)> {
        let holding = self.tracker.hold(&self.user, self.under_way.as_ref())?;
        // Should this node be gone before it has written that down, another does it.
        let unwritten =
            if holding.is_unwritten() { now.after(STORE_RETRY).after(STORE_RETRY) } else { Timestamp::NEVER };
        // A removal that another node has begun and not ended is ended by whoever looks.
        let removal =
            holding.removed_since().map_or(Timestamp::NEVER, |since| match since.after(limits::REMOVED_WITHIN) {
                late if late <= now => now.after(limits::REMOVED_WITHIN),
                in_time => in_time,
            });
        Some((holding, self.tracker.due_at().min(unwritten).min(removal)))
    }

    pub(super) fn take_said(&mut self) -> Vec<Said> {
        mem::take(&mut self.said)
    }

    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        mem::take(&mut self.changes)
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    pub(super) fn take_look_ups(&mut self) -> Vec<Report> {
        mem::take(&mut self.look_ups)
    }

    pub(super) fn take_lazy(&mut self) -> Batch {
        mem::take(&mut self.lazy)
    }

    /// The sessions that have ended by what was judged now.
    pub(super) fn ended(&self, now: Timestamp) -> impl Iterator<Item = (&SessionRow, End)> {
        self.under_way.iter().flat_map(move |batch| ended_in(batch, now))
    }

    /// What has to be written before the tracker goes on.
    pub(super) const fn under_way(&self) -> Option<&Batch> {
        self.under_way.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use stillhere_engine::{policy::Punching, time::Millis, tracker::Past};

    use super::*;
    use crate::driver::tests::{beat, user};

    #[test]
    fn a_sweep_says_what_it_has_ended_once_that_is_in_the_store() {
        let policy = Arc::new(Policy { punching: Punching::WithPresence, ..Policy::default() });
        let (ann, begun) = (user("ann"), Timestamp(1_000_000));
        let past = Some(Past::NeverSeen);
        let report = Report { ticket: Ticket(1), user: ann.clone(), issued_at: None, beat: beat(1, 1), past };
        let mut judged = Judged::resume(&policy, Holding::nobody(ann, begun), Vec::new());
        judged.take([Input::Beat(Box::new(report))], begun);
        judged.written(true, begun);
        let (holding, _) = judged.hold(begun).expect("she is here");
        let late = begun.after(Millis::minutes(10));
        for is_done in [true, false] {
            let mut judged = Judged::resume(&policy, holding.clone(), Vec::new());
            judged.take([Input::Timer], late);
            judged.sweep(Ticket(2), late);
            assert!(judged.take_said().is_empty(), "not before it is in the store");
            judged.written(is_done, late);
            let said = judged.take_said().into_iter().find_map(|said| match said {
                Said::Swept(Ticket(2), found) => Some(found.map(|found| (found.ended, found.auto_outs.len()))),
                _ => None,
            });
            assert_eq!(said, Some(if is_done { Ok((1, 1)) } else { Err(Refusal::StoreDown) }));
        }
    }
}
