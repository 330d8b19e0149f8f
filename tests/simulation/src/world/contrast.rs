//! The same world with a baseline's server in it.

use stillhere_engine::{page::PageState, wire::SessionId};

use super::{Event, World, browser::Tab, network::Sender, shell::SETTLE_AFTER};
use crate::{
    agenda::MINUTE,
    baseline::{Left, Ping},
    preset::Preset,
    slab::Key,
};

impl World {
    pub(super) fn ping_arrives(
        &mut self,
        sender: Sender,
        (session, number): (SessionId, u32),
        ping: Ping,
        channel: usize,
    ) {
        let now = self.now();
        let Some(life) = self.lives.get_mut(&session) else { return };
        life.is_heard(number);
        let Some(baseline) = &mut self.baseline else { return };
        let left = baseline.take(session, sender.person, ping, channel, now);
        self.they_left(left);
    }

    pub(super) fn sweep_baseline(&mut self) {
        let now = self.now();
        let is_down = self.server.is_down();
        let Some(baseline) = &mut self.baseline else { return };
        let Some(every) = baseline.sweeps_every() else { return };
        let left = if is_down { Vec::new() } else { baseline.sweep(now) };
        self.they_left(left);
        if self.is_on() || !self.lives.is_empty() {
            self.plan_server_timer(now + every);
        }
    }

    pub(super) fn restart_baseline(&mut self) {
        let now = self.now();
        let Some(baseline) = &mut self.baseline else { return };
        let left = baseline.restart(now);
        self.they_left(left);
        self.sweep_baseline();
    }

    fn they_left(&mut self, left: impl IntoIterator<Item = Left>) {
        let has_channels = self.scenario.preset == Preset::ModuleUsers;
        for (person, channel) in left {
            self.tally.leaves += 1;
            self.count_if_false(person, has_channels.then_some(channel));
        }
    }

    pub(super) fn settle_baseline(&mut self, session: SessionId) {
        let now = self.now();
        let Some(life) = self.lives.get(&session) else { return };
        let Some(gone_at) = life.gone_at.filter(|&gone_at| now >= gone_at + SETTLE_AFTER) else { return };
        let Some(baseline) = &mut self.baseline else { return };
        let record = baseline.record(&session).copied();
        if record.is_some_and(|record| record.is_in()) && baseline.sweeps_every().is_some() {
            // Another page of the same person may keep it in; what it says of this one is then beyond repair.
            if now < gone_at + 12 * 60 * MINUTE {
                return self.agenda.plan(now + MINUTE, Event::Settle(session));
            }
        }
        baseline.forget(&session);
        let Some(life) = self.lives.remove(&session) else { return };
        let Some(record) = record else { return };
        self.tally.stays += 1;
        self.tally_stay(&life, gone_at, record.length(), record.detected_at());
    }

    /// The predecessors heard nothing of a freeze: their pages just stood still.
    pub(super) fn freeze(&mut self, key: Key<Tab>) {
        if self.baseline.is_none() {
            return self.leave(key, PageState::Frozen);
        }
        let now = self.now();
        if let Some(page) = self.tabs.get_mut(key).and_then(|tab| tab.page.as_mut()) {
            page.state = PageState::Frozen;
            page.frozen_since = Some(now);
        }
        self.sync(key);
    }

    /// The operating system closes the sockets of a page that has died.
    pub(super) fn socket_closes(&mut self, session: SessionId, sender: Option<(u32, usize)>) {
        if self.scenario.preset != Preset::Availability || self.server.is_down() {
            return;
        }
        let now = self.now();
        let Some(((person, channel), baseline)) = sender.zip(self.baseline.as_mut()) else { return };
        let left = baseline.take(session, person, Ping::Bye, channel, now);
        self.they_left(left);
    }
}
