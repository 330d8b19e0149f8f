//! What goes wrong with the server: it dies, loses its disk or the right time, and comes back.

use stillhere_engine::{
    time::Timestamp,
    tracker::{Input, Tracker},
};

use super::{Event, World, server::Happening};
use crate::{
    agenda::{HOUR, MINUTE, Ms, SECOND},
    hostility::Kind,
};

impl World {
    pub(super) fn plan_faults(&mut self) {
        let faults = [
            (self.hostility.rate(Kind::Crash, 8 * HOUR, 50 * MINUTE), Happening::Crash),
            (self.hostility.rate(Kind::Partition, 6 * HOUR, 40 * MINUTE), Happening::Cut),
        ];
        for (mean, happening) in faults {
            if mean > 0 {
                self.plan_fault(mean, happening);
            }
        }
    }

    pub(super) fn plan_fault(&mut self, mean: Ms, happening: Happening) {
        let at = self.now() + self.chance.about(mean);
        if at < self.scenario.length {
            self.agenda.plan(at, Event::Server(happening));
        }
    }

    /// SIGKILL. What was under way may just have made it to the disk.
    pub(super) fn crash(&mut self) {
        let now = self.now();
        let server = &mut self.server;
        if server.down_since.is_some() {
            return;
        }
        server.tracker = None;
        self.tally.crashes += 1;
        server.life += 1;
        server.waiting.clear();
        server.timer_at = None;
        server.down_since = Some(now);
        if let Some(batch) = server.under_way.take()
            && self.chance.permille(500)
        {
            let verdict = self.server.disk.commit(&batch);
            self.check(verdict);
        }
        let mean = [4 * SECOND, 5 * MINUTE][self.chance.below(2) as usize];
        let downtime = 500 + self.chance.about(mean);
        self.log.note(now, format_args!("the server dies for {downtime} ms"));
        let lost = self.hostility.rate(Kind::DiskLost, 0, 150);
        if self.chance.permille(lost) {
            self.lose_disk();
        }
        let step = self.hostility.rate(Kind::ServerClock, 50, 250);
        if self.chance.permille(step) {
            let most = [10 * SECOND, 2 * HOUR][self.chance.below(2) as usize];
            self.server.ahead += self.chance.below(2 * most) as i64 - most as i64;
            self.log.note(now, format_args!("its clock is set to {} ms ahead", self.server.ahead));
            self.blur();
        }
        self.agenda.plan(now + downtime, Event::Server(Happening::Start));
    }

    fn lose_disk(&mut self) {
        self.log.note(self.agenda.now(), format_args!("its disk is lost"));
        self.server.disk.lose();
        self.blur();
    }

    /// From here on the server cannot know the truth about sessions that are open.
    pub(super) fn blur(&mut self) {
        let now = self.now();
        for life in self.lives.values_mut() {
            life.blurred_at = Some(now);
        }
    }

    pub(super) fn start_server(&mut self) {
        let now = self.now();
        self.server.restarted_at = self.server.down_since.map(|_| now);
        if self.baseline.is_some() {
            self.server.down_since = None;
            return self.restart_baseline();
        }
        // The clock does not run backwards over a restart.
        let behind = self.server.disk.alive_at.map_or(0, |alive_at| alive_at.0.saturating_sub(self.server.clock(now)));
        self.server.ahead += behind as i64;
        let clock = self.server.clock(now);
        self.server.tracker = Some(Tracker::new(self.policy.clone(), self.scenario.seed, Timestamp(clock)));
        let rows = self.server.disk.open_sessions();
        self.server.is_without_past = self.server.disk.alive_at.is_none();
        let alive_at = self.server.disk.alive_at;
        self.log.note(now, format_args!("the server starts with {} sessions, alive at {alive_at:?}", rows.len()));
        let followed: Vec<_> = rows.iter().filter(|row| self.is_followed(&row.user)).collect();
        self.reference.restore(self.policy.clone(), followed, alive_at.map(|alive_at| alive_at.0), clock);
        self.remember_what_is_left(&rows, now);
        // One piece at least, as the driver does: an empty one says how long the server was away.
        if let Some(tracker) = &mut self.server.tracker {
            for rows in std::iter::once(&rows[..0]).chain(rows.chunks(20_000)) {
                tracker.handle_input(Input::Restore { rows: rows.to_vec(), alive_at }, Timestamp(clock));
            }
        }
        if let Some(tracker) = &mut self.server.tracker {
            tracker.handle_input(Input::RestorePunches(self.server.disk.punches.open()), Timestamp(clock));
        }
        let snapshot = self.server.tracker.as_ref().map(|tracker| tracker.members(None)).unwrap_or_default();
        self.watcher.begin_with(&snapshot);
        self.take(Input::Timer);
        if let Some(mean) = Some(self.hostility.rate(Kind::Crash, 8 * HOUR, 50 * MINUTE)).filter(|&mean| mean > 0)
            && now > 0
        {
            self.plan_fault(mean, Happening::Crash);
        }
    }
}
