//! Ends of sessions: by silence, by signing out, by being removed.

use alloc::vec::Vec;

use super::{
    Tracker,
    api::{Output, Ticket},
    records::{End, EndReason, SessionRow},
    session::Session,
};
use crate::{
    limits,
    wire::{Refusal, SessionId, UserId},
};

impl Tracker {
    /// The lease has run out.
    pub(super) fn end_silent(&mut self, place: u32) {
        if let Some(session) = self.roll.get(place) {
            self.end(place, session.end(self.now));
        }
    }

    pub(super) fn end(&mut self, place: u32, end: End) {
        let (row, may_wait) = (self.row_of_end(place, end), self.may_wait(place, end));
        let standing = self.standing_at(place);
        self.wheel.remove(place);
        self.roll.unlink(place);
        self.punch_out_with_last(place, end);
        let visit = self.tell(standing, Some(end.reason.into()));
        match row {
            Some(row) if may_wait => self.ledger.note_lapse(row, visit),
            row => {
                if let Some(row) = row {
                    self.ledger.note_end(row);
                }
                if let Some(visit) = visit {
                    self.ledger.note_visit(visit, self.now);
                }
            }
        }
        self.roll.forget(place);
    }

    pub(super) fn row_of_end(&self, place: u32, end: End) -> Option<SessionRow> {
        let punch_epoch = self.roll.get(place).and_then(|session| self.epoch_of(session.user));
        self.roll.row(place).map(|row| SessionRow { end: Some(end), punch_epoch, ..row })
    }

    /// Whether the end is that of a lease and no more. With a punch it is written together, and what the store has not heard
    /// yet goes along with it: spans and views find their session there.
    fn may_wait(&self, place: u32, end: End) -> bool {
        let is_lease = matches!(end.reason, EndReason::Timeout | EndReason::Closed);
        let session = self.roll.get(place);
        is_lease && session.is_some_and(|s| s.saved_seq >= s.seq && self.epoch_of(s.user).is_none())
    }

    /// The request itself is evidence up to now. Nobody waits for a next page.
    pub(super) fn sign_out(&mut self, ticket: Ticket, user: &UserId, session: &SessionId) {
        let Some((place, owner)) = self.roll.find(session).and_then(|at| Some((at, self.roll.get(at)?.user))) else {
            // Over, and perhaps not on disk yet.
            self.ledger.hasten(*session);
            return self.ledger.hold_done(ticket);
        };
        if self.roll.user(owner) != Some(user) {
            self.outputs.push_back(Output::Done { ticket, done: Err(Refusal::SessionOfAnother) });
            return;
        }
        if let Some(session) = self.roll.get_mut(place) {
            session.set_last_seen_at(self.now);
        }
        let (at, error_bound) = (self.now, limits::LAST_WORD_DELAY);
        self.end(place, End { ended_at: at, detected_at: at, reason: EndReason::SignedOut, error_bound });
        self.ledger.hold_done(ticket);
    }

    pub(super) fn remove(&mut self, ticket: Ticket, user: &UserId) {
        self.removing.entry(user.clone()).or_insert(self.now);
        self.ledger.hasten_all_of(user);
        let places = self.roll.find_user(user).map(|number| self.roll.of_user(number).map(|(place, _)| place));
        let places: Vec<u32> = places.into_iter().flatten().collect();
        for place in places {
            let Some(last_seen_at) = self.roll.get(place).map(Session::last_seen_at) else { continue };
            let error_bound = self.now.since(last_seen_at);
            let reason = EndReason::Removed;
            self.end(place, End { ended_at: last_seen_at, detected_at: self.now, reason, error_bound });
        }
        self.ledger.hold_done(ticket);
    }
}
