//! The punch clock: a user's stays, from IN to OUT or AUTO_OUT.
//!
//! A stay is named by its user and its epoch, and ends once: whoever asks or sweeps, and however often, the store has
//! one row for each user, epoch and kind. Nobody is in without a session; the end of the last one and the AUTO_OUT are
//! in the same batch, so neither is ever on disk without the other.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{
    Tracker,
    api::{Output, Ticket, Way},
    records::{End, EndReason, OpenPunch, PunchKind, PunchRow, SessionRow},
};
use crate::{
    policy::Punching,
    time::{Millis, Timestamp},
    wire::{Refusal, UserId},
};

/// Who is in.
#[derive(Debug, Default)]
pub(super) struct Punches {
    /// By the user's number, which stays the same while there is a session.
    pub(super) stays: BTreeMap<u32, Stay>,
    /// The newest epoch of anybody.
    pub(super) newest: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stay {
    epoch: u64,
    /// The last evidence from sessions that have ended, or the IN.
    proven_until: Timestamp,
}

impl Punches {
    /// An epoch that no stay has had. It is close to the time of day, so that a server that has lost its disk does not
    /// begin again with old ones.
    fn next_epoch(&mut self, now: Timestamp) -> u64 {
        self.newest = (self.newest + 1).max(now.0);
        self.newest
    }
}

impl Tracker {
    /// In which stay the user is; `None`: out.
    #[must_use]
    pub fn stay_of(&self, user: &UserId) -> Option<u64> {
        self.epoch_of(self.roll.find_user(user)?)
    }

    pub(super) fn punch(&mut self, ticket: Ticket, user: &UserId, way: Way) {
        match self.punch_asked(user, way) {
            Ok(row) => self.ledger.note_punch(row, Some(ticket)),
            Err(why) => self.outputs.push_back(Output::Punched { ticket, punch: Err(why) }),
        }
    }

    fn punch_asked(&mut self, user: &UserId, way: Way) -> Result<PunchRow, Refusal> {
        if self.policy.punching == Punching::Off {
            return Err(Refusal::PunchesOff);
        }
        if self.ledger.is_full() {
            return Err(Refusal::StoreDown);
        }
        let number = self.roll.find_user(user);
        match way {
            Way::In => {
                let number = number.ok_or(Refusal::NoSession)?;
                let is_out = self.epoch_of(number).is_none();
                if is_out { Ok(self.begin_stay(number, user.clone(), self.now)) } else { Err(Refusal::PunchedAlready) }
            }
            Way::Out => {
                let stay = number.and_then(|number| self.punches.stays.remove(&number));
                let epoch = stay.ok_or(Refusal::PunchedAlready)?.epoch;
                Ok(self.reported(user.clone(), epoch, PunchKind::Out, self.now))
            }
        }
    }

    /// Where presence is the punch clock: the first session of a user begins a stay.
    pub(super) fn punch_in_by_presence(&mut self, place: u32) {
        let Some(session) = self.roll.get(place) else { return };
        let (number, started_at) = (session.user, session.started_at);
        let is_first = self.roll.of_user(number).all(|(other, _)| other == place);
        if self.policy.punching != Punching::WithPresence || !is_first {
            return;
        }
        if let Some(user) = self.roll.user(number).cloned() {
            let row = self.begin_stay(number, user, started_at);
            self.ledger.note_punch(row, None);
        }
    }

    fn begin_stay(&mut self, number: u32, user: UserId, at: Timestamp) -> PunchRow {
        let epoch = self.punches.next_epoch(self.now);
        self.punches.stays.insert(number, Stay { epoch, proven_until: at });
        self.reported(user, epoch, PunchKind::In, at)
    }

    fn reported(&self, user: UserId, epoch: u64, kind: PunchKind, at: Timestamp) -> PunchRow {
        PunchRow { user, epoch, kind, at, detected_at: self.now, reason: None, error_bound: Millis::ZERO }
    }

    pub(super) fn epoch_of(&self, number: u32) -> Option<u64> {
        self.punches.stays.get(&number).map(|stay| stay.epoch)
    }

    /// The session at `place`, which is in no list any more, has ended: with the last one the stay ends, unless the
    /// person is to leave no trace.
    pub(super) fn punch_out_with_last(&mut self, place: u32, end: End) {
        let Some(number) = self.roll.get(place).map(|session| session.user) else { return };
        let Some(stay) = self.punches.stays.get_mut(&number) else { return };
        let error_bound =
            if end.ended_at >= stay.proven_until { end.error_bound } else { self.now.since(stay.proven_until) };
        stay.proven_until = stay.proven_until.max(end.ended_at);
        let Stay { epoch, proven_until: at } = *stay;
        if self.roll.of_user(number).next().is_some() {
            return;
        }
        self.punches.stays.remove(&number);
        let Some(user) = self.roll.user(number).cloned().filter(|_| end.reason != EndReason::Removed) else { return };
        let (detected_at, reason) = (self.now, Some(end.reason));
        let row = PunchRow { user, epoch, kind: PunchKind::AutoOut, at, detected_at, reason, error_bound };
        self.ledger.note_punch(row, None);
    }

    /// Late evidence moves the end of a session. While the stay goes on that is remembered for its own end; afterwards
    /// the log, which nobody edits, gets one more row.
    pub(super) fn correct_punch(&mut self, row: &SessionRow, end: End) {
        let Some(epoch) = row.punch_epoch else { return };
        let number = self.roll.find_user(&row.user);
        let stay = number.and_then(|number| self.punches.stays.get_mut(&number));
        if let Some(stay) = stay.filter(|stay| stay.epoch == epoch) {
            stay.proven_until = stay.proven_until.max(end.ended_at);
            return;
        }
        self.ledger.note_correction(PunchRow {
            user: row.user.clone(),
            epoch,
            kind: PunchKind::Correction,
            at: end.ended_at,
            detected_at: self.now,
            reason: Some(end.reason),
            error_bound: end.error_bound,
        });
    }

    /// Stays go on with the sessions that were read back. One without any has ended while nobody could see it.
    pub(super) fn restore_punches(&mut self, open: Vec<OpenPunch>) {
        for OpenPunch { user, epoch, proven_until } in open {
            self.punches.newest = self.punches.newest.max(epoch);
            if let Some(number) = self.roll.find_user(&user) {
                self.punches.stays.insert(number, Stay { epoch, proven_until });
                continue;
            }
            let row = PunchRow {
                user,
                epoch,
                kind: PunchKind::AutoOut,
                at: proven_until,
                detected_at: self.now,
                reason: Some(EndReason::Timeout),
                error_bound: self.now.since(proven_until),
            };
            self.ledger.note_punch(row, None);
        }
    }

    /// A punch did not reach the disk: it is to be written again, and who asked is told to try again. Watchers wait on.
    pub(super) fn punch_failed(&mut self, ticket: Option<Ticket>, row: PunchRow) {
        self.ledger.hold_punch(row, None);
        if let Some(ticket) = ticket {
            self.outputs.push_back(Output::Punched { ticket, punch: Err(Refusal::StoreDown) });
        }
    }

    pub(super) fn punch_recorded(&mut self, ticket: Option<Ticket>, row: PunchRow) {
        if let Some(ticket) = ticket {
            self.outputs.push_back(Output::Punched { ticket, punch: Ok(Box::new(row.clone())) });
        }
        self.outputs.push_back(Output::Publish(super::Change::Punch(row)));
    }
}
