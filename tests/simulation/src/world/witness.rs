//! The witness: stands beside the server, tells the lives and the reference what it hears, and checks what it says.

use stillhere_engine::{
    page::PageState,
    tracker::{Change, EndReason, Input, LeaveReason, Past, Report, SessionRow},
    wire::Beat,
};

use super::World;
use crate::{
    agenda::{MINUTE, Ms},
    checks,
    life::{Arrived, EndSeen, Life},
};

impl World {
    /// What the dead server knew and the disk does not is gone, and it was right to forget it.
    pub(super) fn remember_what_is_left(&mut self, rows: &[SessionRow], now: Ms) {
        let down = self.server.down_since.take().map_or(0, |since| now - since);
        // A large world does without the reference, and so does not know which beats were taken around a crash.
        if !self.scenario.is_thorough {
            self.blur();
        }
        for row in rows {
            if let Some(life) = self.lives.get_mut(&row.session) {
                life.crashes += 1;
                life.end = None;
                life.fall_back_to(row.seq);
                life.downtime += down;
            }
        }
        for (session, life) in &mut self.lives {
            if life.end.is_some() && self.server.disk.row(session).is_none() {
                life.end = None;
            }
            if self.server.disk.row(session).is_none() {
                life.newest = None;
                life.arrivals.clear();
            }
        }
    }

    pub(super) fn reference_hears(&mut self, input: &Input, clock: u64) {
        let now = self.now();
        self.reference.advance(clock);
        let Input::Beat(report) = input else { return };
        let Report { ticket, user, beat, past, .. } = &**report;
        let is_followed = self.is_followed(user);
        let is_known = if is_followed {
            self.reference.is_open(&beat.session)
        } else {
            self.lives.get(&beat.session).is_some_and(|life| self.seems_open(life))
        };
        let begins = matches!(past, Some(Past::NeverSeen));
        let has_ended = self.lives.get(&beat.session).is_some_and(|life| life.end.is_some())
            || self.reference.has_come_and_gone(&beat.session);
        let lease = self.reference.lease(beat.state, beat.next, clock);
        let Beat { seq, state, next: promise, .. } = *beat;
        let downtime = self.lives.get(&beat.session).map_or(0, |life| life.downtime);
        let Some(waiting) = self.server.waiting.get_mut(&ticket.0) else { return };
        let heard = Arrived { seq, sent_at: waiting.sent_at, at: now, state, promise, lease, downtime };
        waiting.heard = Some(heard);
        if !is_known && (!begins || has_ended) {
            return;
        }
        let is_newest = self.lives.get(&beat.session).and_then(|life| life.newest).is_none_or(|n| n.seq < beat.seq);
        let falls_silent = beat.state == PageState::Closed || beat.next.is_none() && !beat.state.is_visible();
        waiting.fact = match is_known {
            false => Some(checks::Fact::Start),
            true => (is_newest && falls_silent).then_some(checks::Fact::LastWord),
        };
        if is_followed {
            self.reference.arrive(user, beat, clock);
        }
        if let Some(life) = self.lives.get_mut(&beat.session) {
            life.arrive(heard);
        }
    }

    /// In a large world, where the reference is not asked: whether the newest beat is still good.
    pub(super) fn seems_open(&self, life: &Life) -> bool {
        let grace = u64::from(life.crashes) * self.policy.boot_grace.0 + life.downtime;
        let clock = |at| self.server.clock(at);
        let is_good =
            |newest: Arrived| !self.reference.is_over(clock(newest.at) + newest.lease.0 + grace, clock(self.now()));
        life.end.is_none() && life.newest.is_some_and(is_good)
    }

    /// The server has made up its mind about a session: is it so?
    pub(super) fn row_is_written(&mut self, row: &SessionRow) {
        let now = self.now();
        let detected = row.end.map_or(0, |end| self.server.truth(end.detected_at.0).max(0) as Ms);
        // A downtime is measured from the last sign of life, which is seconds old, or more while the store fails.
        let restarts = self.policy.boot_grace.0 + MINUTE;
        let Some(life) = self.lives.get_mut(&row.session) else { return };
        let mut verdicts = vec![checks::ends_once(row.session, life, row.end)];
        if let Some(end) = row.end
            && life.end.is_none()
        {
            let stretch = life.newest.map_or(0, |newest| life.stretch_at(newest.sent_at));
            let has_heard_all = life.last_sent.map(|sent| sent.seq) == life.newest.map(|newest| newest.seq);
            let heard_at = life.newest.map_or(0, |newest| newest.sent_at);
            life.end = Some(EndSeen { detected_at: end.detected_at.0, stretch, heard_at, has_heard_all });
            let grace = restarts * u64::from(life.crashes);
            // Only the last word has come: it began and ended at once.
            let is_at_once = end.reason == EndReason::Closed && life.newest.is_none_or(|n| detected <= n.at);
            // A large world does not know what exactly a restart has read back.
            let is_known = self.scenario.is_thorough || life.crashes == 0;
            let is_by_lease = matches!(end.reason, EndReason::Closed | EndReason::Timeout);
            if is_by_lease && !is_at_once && is_known {
                verdicts.push(checks::leave_is_not_false(row.session, life, end.reason, detected, 0));
                verdicts.push(checks::lease_is_honoured(row.session, life, end.reason, detected));
                verdicts.push(checks::silence_is_noticed(row.session, life, grace, detected));
            }
        }
        if let Some(end) = row.end {
            verdicts.push(checks::sign_out_is_at_once(row.session, life, end, detected));
            self.log.note(now, format_args!("{:?} has ended: {end:?}", row.session));
        }
        for verdict in verdicts {
            self.check(verdict);
        }
    }

    pub(super) fn published(&mut self, change: &Change) {
        let now = self.now();
        self.log.note(now, format_args!("told: {change:?}"));
        self.log.mix(now << 1 | 1);
        let verdict = self.watcher.apply(change);
        self.check(verdict);
        self.check_punches(change);
        if let Change::Leave { user, reason, .. } = change
            && *reason != LeaveReason::Moved
            && let Some(person) = user.as_str().get(1..).and_then(|number| number.parse().ok())
        {
            let channel = self.channels.iter().position(|name| Some(name) == change.channel());
            self.count_if_false(person, channel);
        }
    }
}
