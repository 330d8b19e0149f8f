//! Ends of sessions on their way to the disk.
//!
//! An end that somebody waits for goes with the next batch. Of leases that have run out nobody waits for the disk, so
//! these go in pieces: a million that end at once would be one write, behind which everybody else would wait.

use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};

use super::records::{SessionRow, VisitRow};
use crate::{
    limits,
    time::Timestamp,
    wire::{SessionId, UserId},
};

#[derive(Debug, Default)]
pub(super) struct Ending {
    /// Those that are not on disk yet. They are answered from here meanwhile.
    ended: BTreeMap<SessionId, Ended>,
    urgent: Vec<SessionId>,
    /// Oldest first.
    lapsed: VecDeque<SessionId>,
    /// Those that have just come to disk, with the moment, and in that order: somebody may have looked into the store
    /// before that, and still not be back.
    landed: BTreeMap<SessionId, (Timestamp, SessionRow)>,
    landing: VecDeque<(Timestamp, SessionId)>,
}

#[derive(Debug)]
struct Ended {
    row: SessionRow,
    /// Goes with it, unless it has gone already.
    visit: Option<VisitRow>,
    is_under_way: bool,
    /// A batch had it already, which has failed or is corrected.
    is_known: bool,
}

impl Ending {
    /// A session has ended; it is written with the next batch.
    pub(super) fn note(&mut self, row: SessionRow) {
        self.urgent.push(row.session);
        self.ended.insert(row.session, Ended { row, visit: None, is_under_way: false, is_known: false });
    }

    /// A session has ended of which the store knows everything but that.
    pub(super) fn note_lapse(&mut self, row: SessionRow, visit: Option<VisitRow>) {
        self.lapsed.push_back(row.session);
        self.ended.insert(row.session, Ended { row, visit, is_under_way: false, is_known: false });
    }

    /// An end was corrected; it is written with the next batch.
    pub(super) fn correct(&mut self, row: SessionRow) {
        self.urgent.push(row.session);
        let before = self.ended.remove(&row.session);
        let is_known = before.as_ref().is_none_or(|ended| ended.is_known);
        let visit = before.and_then(|ended| ended.visit);
        self.ended.insert(row.session, Ended { row, visit, is_under_way: false, is_known });
    }

    /// Somebody waits for the session's end to be on disk.
    pub(super) fn hasten(&mut self, session: SessionId) {
        self.urgent.push(session);
    }

    /// Somebody waits for all of a person's ends to be on disk.
    pub(super) fn hasten_all_of(&mut self, user: &UserId) {
        let theirs = self.ended.iter().filter(|(_, ended)| ended.row.user == *user).map(|(session, _)| *session);
        self.urgent.extend(theirs);
    }

    /// One that is not on disk yet, or has not been for long.
    pub(super) fn get(&self, session: &SessionId) -> Option<&SessionRow> {
        let waiting = self.ended.get(session).map(|ended| &ended.row);
        waiting.or_else(|| self.landed.get(session).map(|(_, row)| row))
    }

    /// Those that are not on disk yet.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &SessionRow> {
        self.ended.values().map(|ended| &ended.row)
    }

    /// Visits that ended with them, and have not gone to the disk yet.
    pub(super) fn visits(&self) -> impl Iterator<Item = &VisitRow> {
        self.ended.values().filter_map(|ended| ended.visit.as_ref())
    }

    /// Whether nothing is left for a further batch.
    pub(super) fn is_taken(&self) -> bool {
        self.urgent.is_empty() && self.lapsed.is_empty()
    }

    /// Adds what is due to the rows and visits of a batch. Gives back which those are, and how many of them, at the end, no batch
    /// had before.
    pub(super) fn take(&mut self, rows: &mut Vec<SessionRow>, visits: &mut Vec<VisitRow>) -> (Vec<SessionId>, usize) {
        let piece = self.lapsed.len().min(limits::LAPSED_ROWS);
        let due = core::mem::take(&mut self.urgent).into_iter().chain(self.lapsed.drain(..piece));
        let (mut taken, mut new) = (Vec::new(), Vec::new());
        for session in due {
            // Who was hastened is in both lists, and may be on disk by now.
            let Some(ended) = self.ended.get_mut(&session).filter(|ended| !ended.is_under_way) else { continue };
            ended.is_under_way = true;
            taken.push(session);
            visits.extend(ended.visit.take());
            let rows = if core::mem::replace(&mut ended.is_known, true) { &mut *rows } else { &mut new };
            rows.push(ended.row.clone());
        }
        let count = new.len();
        rows.append(&mut new);
        (taken, count)
    }

    /// They are on disk, but for those that were corrected meanwhile.
    pub(super) fn recorded(&mut self, taken: &[SessionId], now: Timestamp) {
        for session in taken {
            if self.ended.get(session).is_some_and(|ended| ended.is_under_way)
                && let Some(Ended { row, .. }) = self.ended.remove(session)
            {
                self.landed.insert(*session, (now, row));
                self.landing.push_back((now, *session));
            }
        }
        while let Some(&(at, session)) =
            self.landing.front().filter(|(at, _)| now.since(*at) > limits::LOOKED_UP_WITHIN)
        {
            self.landing.pop_front();
            if self.landed.get(&session).is_some_and(|(newest, _)| *newest == at) {
                self.landed.remove(&session);
            }
        }
    }

    /// They could not be written, and go with the next batch.
    pub(super) fn failed(&mut self, taken: Vec<SessionId>) {
        for session in &taken {
            if let Some(ended) = self.ended.get_mut(session) {
                ended.is_under_way = false;
            }
        }
        self.urgent.extend(taken);
    }
}
