//! Settling: when a session is over for everybody, its record is compared with its truth, and both are forgotten.

use stillhere_engine::{
    limits,
    page::PageState,
    time::Timestamp,
    tracker::{EndReason, SessionRow},
    wire::SessionId,
};

use super::{Event, World, shell::SETTLE_AFTER};
use crate::{
    agenda::{MINUTE, Ms},
    checks,
    life::Life,
    union::Spans,
};

/// Rounding, for each span.
const ROUNDING: Ms = 2;

impl World {
    pub(super) fn settle(&mut self, session: SessionId) {
        let now = self.now();
        if self.baseline.is_some() {
            return self.settle_baseline(session);
        }
        let Some(life) = self.lives.get(&session) else { return };
        let Some(gone_at) = life.gone_at.filter(|&gone_at| now >= gone_at + SETTLE_AFTER) else { return };
        let row = self.server.disk.row(&session);
        if life.newest.is_none() && row.is_none() {
            self.lives.remove(&session);
            return;
        }
        let Some(row) = row.filter(|row| row.end.is_some()).cloned() else {
            // Still held, or the server is down; or the disk was lost, with everything that it knew.
            let is_lost = life.is_blurred() && row.is_none() && now > gone_at + 25 * 60 * MINUTE;
            if is_lost {
                self.lives.remove(&session);
            } else {
                self.agenda.plan(now + 5 * MINUTE, Event::Settle(session));
            }
            return;
        };
        let Some(life) = self.lives.remove(&session) else { return };
        self.compare(&row, &life, gone_at);
        let spans = self.server.disk.forget(&session);
        if self.scenario.is_thorough {
            self.settle_time(&life, spans);
            let stay = row.punch_epoch.and_then(|epoch| self.server.disk.punches.stay(&row.user, epoch));
            let verdict = stay.map_or(Ok(()), |stay| checks::auto_out_covers_its_sessions(stay, &row));
            self.check(verdict);
        }
    }

    /// Adds the session's time to its person's.
    fn settle_time(&mut self, life: &Life, mut spans: Spans) {
        for row in spans.values_mut() {
            for at in [&mut row.start_at, &mut row.end_at] {
                *at = Timestamp(self.server.truth(at.0).max(0) as u64);
            }
        }
        // A log that is full joins spans and says so in its documentation.
        let is_blurred = life.is_blurred() || life.leaps > 0 || life.spans as usize >= limits::SPANS;
        let length = life.gone_at.zip(life.began).map_or(0, |(gone_at, began)| gone_at.saturating_sub(began));
        let slack = life.spans * (life.worst_delay + ROUNDING) + life.unnoticed + life.nap_slack(length);
        self.times.entry(life.person).or_default().add(&spans, &life.seen, slack, is_blurred);
    }

    fn compare(&mut self, row: &SessionRow, life: &Life, gone_at: Ms) {
        let Some(end) = row.end else { return };
        let server = &self.server;
        let ended_at = server.truth(end.ended_at.0).max(0) as Ms;
        let detected_at = server.truth(end.detected_at.0).max(0) as Ms;
        let started_at = server.truth(row.started_at.0);
        let lease = self.policy.lease(PageState::Active, None).0;
        let interval = self.policy.lease(PageState::Active, Some(self.policy.interval)).0;
        let gap = match end.reason {
            EndReason::Closed | EndReason::SignedOut | EndReason::Removed => self.policy.leave_grace.0,
            EndReason::Timeout => lease.max(interval),
        };
        // Stretches count as one when the gap looked shorter: through a sleep that went unnoticed, or a late last word.
        let gap = gap + life.unnoticed + life.worst_delay;
        let verdicts = [
            checks::end_is_not_after_the_truth(row.session, life, ended_at, gap, gone_at),
            checks::end_is_not_before_the_truth(row.session, life, (ended_at, detected_at), end, gone_at),
            checks::visible_is_not_above_the_truth(row, life, gone_at),
            checks::no_time_is_lost(row, life, gone_at),
            checks::start_is_true(
                row,
                life,
                started_at,
                life.clock_slack(gone_at.saturating_sub(life.began.unwrap_or(0))),
            ),
        ];
        for verdict in verdicts {
            self.check(verdict);
        }
        self.tally.stays += 1;
        match end.reason {
            EndReason::Closed | EndReason::SignedOut | EndReason::Removed => self.tally.closes += 1,
            EndReason::Timeout => self.tally.timeouts += 1,
        }
        self.tally.recovered += u64::from(row.recovered);
        let recorded = end.ended_at.since(row.started_at).0;
        self.tally_stay(life, gone_at, recorded, detected_at);
    }

    /// Counts a stay: `recorded` is its length as the system has it.
    pub(super) fn tally_stay(&mut self, life: &Life, gone_at: Ms, recorded: Ms, detected_at: Ms) {
        let truth = life.open;
        self.tally.page_ms += truth;
        if life.is_blurred() {
            return;
        }
        self.tally.length_error.add(recorded.abs_diff(truth));
        let ended = life.last_open(gone_at);
        if detected_at >= ended {
            self.tally.detection.add(detected_at - ended);
        }
    }
}
