//! What has to reach the store, and who waits for it.
//!
//! One batch is under way at a time; whatever comes meanwhile gathers for the next, so a slow disk makes larger
//! batches, not longer queues. An answer that states a lasting fact is held until its batch is on disk.

use alloc::vec::Vec;

use super::{
    api::Ticket,
    ending::Ending,
    records::{Batch, PunchKind, PunchRow, SessionRow, SpanRow, ViewRow, VisitRow},
};
use crate::{
    limits,
    time::Timestamp,
    wire::{Accepted, Refusal, SessionId, UserId},
};

/// Somebody who waits for the disk.
#[derive(Debug)]
pub(super) enum Held {
    /// For a batch with the facts that an answer states.
    Answer { ticket: Ticket, answer: Result<Accepted, Refusal> },
    /// For a batch with the end that somebody asked for.
    Done(Ticket),
    /// For a batch with this punch; without a ticket only watchers wait.
    Punch { ticket: Option<Ticket>, row: PunchRow },
    /// For the batch with which nothing is left to write.
    Settle(Ticket),
}

#[derive(Debug)]
pub(super) struct Ledger {
    /// Places of sessions that differ from their rows; urgent ones apart, so that no chunk leaves them behind.
    dirty: Vec<u32>,
    urgent: Vec<u32>,
    /// Places of those that were read back with a longer lease than their rows have.
    restored: Vec<u32>,
    next_restored_at: Timestamp,
    spans: Vec<SpanRow>,
    punches: Vec<PunchRow>,
    visits: Vec<VisitRow>,
    views: Vec<ViewRow>,
    ending: Ending,
    held: Vec<Held>,
    flight: Option<Flight>,
    is_due_now: bool,
    due_at: Timestamp,
    /// Nothing is tried before this, after a failure.
    not_before: Timestamp,
}

#[derive(Debug)]
struct Flight {
    held: Vec<Held>,
    /// Place, session and beat of each row.
    saved: Vec<(u32, SessionId, u32)>,
    ended: Vec<SessionId>,
}

/// What a finished batch sets free.
#[derive(Debug, Default)]
pub(super) struct Landed {
    pub(super) held: Vec<Held>,
    pub(super) saved: Vec<(u32, SessionId, u32)>,
}

impl Ledger {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            dirty: Vec::new(),
            urgent: Vec::new(),
            restored: Vec::new(),
            next_restored_at: now,
            spans: Vec::new(),
            punches: Vec::new(),
            visits: Vec::new(),
            views: Vec::new(),
            ending: Ending::default(),
            held: Vec::new(),
            flight: None,
            is_due_now: false,
            // The first sign of life is written at once: from here on a downtime can be measured.
            due_at: now,
            not_before: now,
        }
    }

    /// Writes nothing before there is something to write: signs of life are somebody else's.
    pub(super) fn wait_for_a_reason(&mut self) {
        self.due_at = Timestamp::NEVER;
    }

    /// The session at `place` differs from its row; it is written with the next checkpoint.
    pub(super) fn note(&mut self, place: u32, now: Timestamp) {
        self.dirty.push(place);
        let is_much = self.dirty.len() >= limits::CHECKPOINT_ROWS;
        self.due_at = self.due_at.min(if is_much { now } else { now.after(limits::CHECKPOINT_EVERY) });
    }

    /// The session at `place` was read back, and its lease is longer than its row says.
    pub(super) fn note_restored(&mut self, place: u32, now: Timestamp) {
        self.restored.push(place);
        self.next_restored_at = now;
    }

    /// How many of those that were read back may be written now. Whoever has beaten since needs none of that.
    pub(super) fn restored_due(&mut self, now: Timestamp) -> usize {
        if self.restored.is_empty() {
            0
        } else if self.has_to_settle() {
            usize::MAX
        } else if now < self.next_restored_at || self.is_recording() {
            0
        } else {
            self.next_restored_at = now.after(limits::RESTORED_EVERY);
            limits::CHECKPOINT_ROWS
        }
    }

    pub(super) fn pop_restored(&mut self) -> Option<u32> {
        self.restored.pop()
    }

    fn has_to_settle(&self) -> bool {
        self.held.iter().any(|held| matches!(held, Held::Settle(_)))
    }

    /// The session at `place` has a lasting fact; it is written as soon as may be.
    pub(super) fn note_urgent(&mut self, place: u32) {
        self.urgent.push(place);
        self.is_due_now = true;
    }

    /// A span was told.
    pub(super) fn note_span(&mut self, span: SpanRow) {
        self.spans.push(span);
    }

    /// A user was in a channel. No hurry: it goes with the next checkpoint.
    pub(super) fn note_visit(&mut self, visit: VisitRow, now: Timestamp) {
        self.visits.push(visit);
        self.due_at = self.due_at.min(now.after(limits::CHECKPOINT_EVERY));
    }

    /// A session has left a page. Its own row, which says where it is now, is written with the same batch or an earlier one.
    pub(super) fn note_view(&mut self, view: ViewRow) {
        self.views.push(view);
    }

    /// A user came or went; whoever asked for it, and watchers, hear of it once it is on disk.
    pub(super) fn note_punch(&mut self, row: PunchRow, ticket: Option<Ticket>) {
        self.punches.push(row.clone());
        self.hold_punch(row, ticket);
    }

    /// Says so once the punch, which has been noted, is on disk.
    pub(super) fn hold_punch(&mut self, row: PunchRow, ticket: Option<Ticket>) {
        self.held.push(Held::Punch { ticket, row });
        self.is_due_now = true;
    }

    /// Late evidence. The store alone knows whether it changes anything, so nobody is told.
    pub(super) fn note_correction(&mut self, row: PunchRow) {
        self.punches.push(row);
        self.is_due_now = true;
    }

    /// A session has ended.
    pub(super) fn note_end(&mut self, row: SessionRow) {
        self.ending.note(row);
        self.is_due_now = true;
    }

    /// A session has ended, and a visit with it if it was the last one there. The store knows everything but that, and
    /// nobody waits until it knows that too.
    pub(super) fn note_lapse(&mut self, row: SessionRow, visit: Option<VisitRow>) {
        self.ending.note_lapse(row, visit);
        self.is_due_now = true;
    }

    /// The end of a session was corrected.
    pub(super) fn note_later_end(&mut self, row: SessionRow) {
        self.ending.correct(row);
        self.is_due_now = true;
    }

    /// The next batch holds the session's end, if it is not on disk yet.
    pub(super) fn hasten(&mut self, session: SessionId) {
        self.ending.hasten(session);
    }

    /// The next batch holds the end of every session of the user that is not on disk yet.
    pub(super) fn hasten_all_of(&mut self, user: &UserId) {
        self.ending.hasten_all_of(user);
    }

    /// Answers once everything noted so far is on disk.
    pub(super) fn hold(&mut self, ticket: Ticket, answer: Result<Accepted, Refusal>) {
        self.held.push(Held::Answer { ticket, answer });
        self.is_due_now = true;
    }

    /// Says so once what was asked for is on disk.
    pub(super) fn hold_done(&mut self, ticket: Ticket) {
        self.held.push(Held::Done(ticket));
        self.is_due_now = true;
    }

    /// Says so once everything noted so far is on disk.
    pub(super) fn settle(&mut self, ticket: Ticket) {
        self.held.push(Held::Settle(ticket));
        self.is_due_now = true;
    }

    /// An ended session that is not on disk yet, or has not been for long.
    pub(super) fn ended(&self, session: &SessionId) -> Option<&SessionRow> {
        self.ending.get(session)
    }

    /// Whether so much waits that no more may be taken.
    pub(super) fn is_full(&self) -> bool {
        self.spans.len() + self.visits.len() + self.views.len() + self.punches.len() >= limits::ROW_BACKLOG
    }

    /// Whether a batch is under way.
    pub(super) const fn is_recording(&self) -> bool {
        self.flight.is_some()
    }

    /// When the next batch is due, if none is under way.
    pub(super) fn due_at(&self) -> Timestamp {
        if self.flight.is_some() {
            Timestamp::NEVER
        } else if self.is_due_now {
            self.not_before
        } else {
            self.due_at.max(self.not_before)
        }
    }

    /// The next batch, if one is due. `row` gives the row of the session at a place, if it is still dirty.
    pub(super) fn take_batch(
        &mut self,
        now: Timestamp,
        mut row: impl FnMut(u32) -> Option<SessionRow>,
    ) -> Option<Batch> {
        if now < self.due_at() {
            return None;
        }
        let mut saved = Vec::new();
        let mut sessions = Vec::new();
        let chunk = self.dirty.len().min(limits::BATCH_ROWS);
        for place in self.urgent.drain(..).chain(self.dirty.drain(..chunk)) {
            if let Some(row) = row(place) {
                saved.push((place, row.session, row.seq));
                sessions.push(row);
            }
        }
        let (ended, new_ends) = self.ending.take(&mut sessions, &mut self.visits);
        let has_more = !(self.dirty.is_empty() && self.ending.is_taken());
        let is_last = !has_more && self.restored.is_empty();
        let (held, later) =
            core::mem::take(&mut self.held).into_iter().partition(|held| is_last || !matches!(held, Held::Settle(_)));
        self.held = later;
        self.flight = Some(Flight { held, saved, ended });
        self.is_due_now = has_more;
        self.due_at = now.after(limits::ALIVE_EVERY);
        if !self.restored.is_empty() {
            self.due_at = self.due_at.min(self.next_restored_at);
        }
        let spans = core::mem::take(&mut self.spans);
        let punches = core::mem::take(&mut self.punches);
        let visits = core::mem::take(&mut self.visits);
        let views = core::mem::take(&mut self.views);
        // A sign of life says that everything before it is on disk.
        let alive_at = is_last.then_some(now);
        Some(Batch { sessions, new_ends, spans, visits, views, punches, alive_at })
    }

    /// Everything that is not on disk, but for live sessions: what waits, and what is in the batch under way.
    pub(super) fn unwritten(&self, under_way: Option<&Batch>) -> Batch {
        fn join<'a, T: Clone + 'a>(under_way: Option<&'a Vec<T>>, waiting: impl IntoIterator<Item = &'a T>) -> Vec<T> {
            under_way.into_iter().flatten().chain(waiting).cloned().collect()
        }
        Batch {
            sessions: self.ending.rows().cloned().collect(),
            new_ends: 0,
            spans: join(under_way.map(|batch| &batch.spans), &self.spans),
            visits: join(under_way.map(|batch| &batch.visits), self.visits.iter().chain(self.ending.visits())),
            views: join(under_way.map(|batch| &batch.views), &self.views),
            punches: join(under_way.map(|batch| &batch.punches), &self.punches),
            alive_at: None,
        }
    }

    /// Goes on with what another ledger has not written. Whoever waited for it there waits no longer.
    pub(super) fn take_over(&mut self, unwritten: Batch) {
        for row in unwritten.sessions {
            self.note_end(row);
        }
        for row in unwritten.punches {
            match row.kind {
                PunchKind::Correction => self.note_correction(row),
                PunchKind::In | PunchKind::Out | PunchKind::AutoOut => self.note_punch(row, None),
            }
        }
        self.spans.extend(unwritten.spans);
        self.visits.extend(unwritten.visits);
        self.views.extend(unwritten.views);
        self.is_due_now |= !(self.spans.is_empty() && self.visits.is_empty() && self.views.is_empty());
    }

    /// The batch under way is on disk.
    pub(super) fn recorded(&mut self, now: Timestamp) -> Landed {
        if let Some(flight) = &self.flight {
            self.ending.recorded(&flight.ended, now);
        }
        self.land()
    }

    /// The batch under way failed. Its spans come back; its sessions are to be noted again by the caller.
    pub(super) fn failed(&mut self, batch: Batch, now: Timestamp) -> Landed {
        if let Some(flight) = &mut self.flight {
            self.ending.failed(core::mem::take(&mut flight.ended));
        }
        let newer = core::mem::replace(&mut self.spans, batch.spans);
        self.spans.extend(newer);
        let newer = core::mem::replace(&mut self.punches, batch.punches);
        self.punches.extend(newer);
        let newer = core::mem::replace(&mut self.visits, batch.visits);
        self.visits.extend(newer);
        let newer = core::mem::replace(&mut self.views, batch.views);
        self.views.extend(newer);
        self.is_due_now = true;
        self.not_before = now.after(limits::STORE_RETRY);
        self.land()
    }

    fn land(&mut self) -> Landed {
        self.flight.take().map_or_else(Landed::default, |flight| Landed { held: flight.held, saved: flight.saved })
    }
}
