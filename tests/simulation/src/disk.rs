//! A model of the database: rows merged as its statements merge them, and nothing more.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use stillhere_engine::{
    time::Timestamp,
    tracker::{Batch, SessionRow},
    wire::SessionId,
};

/// What is on disk.
#[derive(Debug, Default)]
pub struct Disk {
    rows: HashMap<SessionId, SessionRow, FixedState>,
    /// The last sign of life.
    pub alive_at: Option<Timestamp>,
    /// How many span rows have been written.
    pub spans_written: u64,
}

impl Disk {
    /// One transaction: all of it or nothing.
    pub fn commit(&mut self, batch: &Batch) {
        for row in &batch.sessions {
            match self.rows.get_mut(&row.session) {
                Some(old) => merge(old, row),
                None => _ = self.rows.insert(row.session, row.clone()),
            }
        }
        self.spans_written += batch.spans.len() as u64;
        self.alive_at = self.alive_at.max(batch.alive_at);
    }

    /// The row of a session.
    #[must_use]
    pub fn row(&self, session: &SessionId) -> Option<&SessionRow> {
        self.rows.get(session)
    }

    /// Open sessions, as a starting server reads them, in an order that does not depend on the table.
    #[must_use]
    pub fn open_sessions(&self) -> Vec<SessionRow> {
        let mut rows: Vec<_> = self.rows.values().filter(|row| row.end.is_none()).cloned().collect();
        rows.sort_by_key(|row| row.session);
        rows
    }

    /// Takes a row out that no beat will ever ask for again.
    pub fn forget(&mut self, session: &SessionId) {
        self.rows.remove(session);
    }
}

/// Counts and moments only grow; the newer beat decides about the rest; an end stays, and later evidence moves it.
fn merge(old: &mut SessionRow, new: &SessionRow) {
    if new.seq > old.seq {
        old.lease_until = new.lease_until;
    } else if new.seq == old.seq {
        old.lease_until = old.lease_until.max(new.lease_until);
    }
    if new.seq >= old.seq {
        old.channel = new.channel.clone();
        old.page.clone_from(&new.page);
        old.state = new.state;
        old.seq = new.seq;
    }
    old.last_seen_at = old.last_seen_at.max(new.last_seen_at);
    old.last_active_at = old.last_active_at.max(new.last_active_at);
    old.visible = old.visible.max(new.visible);
    old.visible_until = old.visible_until.max(new.visible_until);
    old.active = old.active.max(new.active);
    if let Some(end) = new.end
        && old.end.is_none_or(|known| end.ended_at >= known.ended_at)
    {
        old.end = Some(end);
    }
}
