//! Ends of sessions, each counted once.

use std::collections::HashSet;

use stillhere_engine::{
    time::Timestamp,
    tracker::{Batch, End, SessionRow},
    wire::SessionId,
};

/// Tells ends that are new from those that are written again: after a failure, or with later evidence. A corrected end
/// keeps the moment in which it was detected, and that clock only goes on: what lies before the newest counted moment
/// was counted, and only of that moment itself it has to be known who.
#[derive(Debug)]
pub(crate) struct Ends {
    newest: Timestamp,
    at_newest: HashSet<SessionId>,
}

impl Ends {
    /// None so far.
    pub(crate) fn new() -> Self {
        Self { newest: Timestamp(0), at_newest: HashSet::new() }
    }

    /// The ends in the batch that were in none before, with their sessions.
    pub(crate) fn new_in<'a>(&mut self, batch: &'a Batch) -> Vec<(&'a SessionRow, End)> {
        let mut ends: Vec<_> = batch.sessions.iter().filter_map(|row| Some((row, row.end?))).collect();
        ends.sort_by_key(|(_, end)| end.detected_at);
        ends.retain(|(row, end)| {
            if end.detected_at > self.newest {
                self.newest = end.detected_at;
                self.at_newest.clear();
            }
            end.detected_at == self.newest && self.at_newest.insert(row.session)
        });
        ends
    }
}
