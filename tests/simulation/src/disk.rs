//! A model of the database: rows merged as its statements merge them, and nothing more.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use stillhere_engine::{
    time::Timestamp,
    tracker::{Batch, SessionRow},
    wire::SessionId,
};

use crate::{
    checks::{self, Verdict},
    punch_log::PunchLog,
    union::{self, Spans},
};

/// What is on disk.
#[derive(Debug, Default)]
pub struct Disk {
    rows: HashMap<SessionId, SessionRow, FixedState>,
    /// The last sign of life.
    pub alive_at: Option<Timestamp>,
    /// How many span rows have been written.
    pub spans_written: u64,
    /// The spans themselves, where they are looked at.
    spans: Option<HashMap<SessionId, Spans, FixedState>>,
    /// The punch clock.
    pub punches: PunchLog,
}

impl Disk {
    /// A disk whose spans are looked at later.
    #[must_use]
    pub fn with_spans() -> Self {
        Self { spans: Some(HashMap::default()), ..Self::default() }
    }

    /// The disk is lost, and an empty one takes its place.
    pub fn lose(&mut self) {
        let spans = self.spans.take().map(|_| HashMap::default());
        *self = Self { spans, ..Self::default() };
    }

    /// One transaction: all of it or nothing.
    ///
    /// # Errors
    /// The check that a punch breaks.
    pub fn commit(&mut self, batch: &Batch) -> Verdict {
        for row in &batch.sessions {
            match self.rows.get_mut(&row.session) {
                Some(old) => merge(old, row),
                None => _ = self.rows.insert(row.session, row.clone()),
            }
        }
        self.spans_written += batch.spans.len() as u64;
        if let Some(spans) = &mut self.spans {
            for row in &batch.spans {
                union::merge(spans.entry(row.session).or_default(), row);
            }
        }
        let mut verdict = Ok(());
        for row in &batch.punches {
            verdict = verdict.and(checks::stay_ends_once(&self.punches, row));
            self.punches.add(row);
        }
        for row in &batch.sessions {
            if let Some((epoch, end)) = row.punch_epoch.zip(row.end) {
                self.punches.prove(&row.user, epoch, end.ended_at);
            }
        }
        self.alive_at = self.alive_at.max(batch.alive_at);
        verdict
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

    /// Takes a row out that no beat will ever ask for again, with its spans.
    pub fn forget(&mut self, session: &SessionId) -> Spans {
        self.rows.remove(session);
        self.spans.as_mut().and_then(|spans| spans.remove(session)).unwrap_or_default()
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
    old.punch_epoch = new.punch_epoch.or(old.punch_epoch);
    if let Some(end) = new.end
        && old.end.is_none_or(|known| end.ended_at >= known.ended_at)
    {
        old.end = Some(end);
    }
}
