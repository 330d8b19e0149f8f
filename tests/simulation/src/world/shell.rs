//! The shell around each page's heart, as thin as the one that ships: tells it what happens and does what it says.

use stillhere_engine::{
    limits,
    page::PageState,
    pulse::{Input, Output, Saved},
    wire::SessionId,
};

use super::{
    Event, World,
    browser::{Device, Heart, Page, Tab},
};
use crate::{
    agenda::{MINUTE, Ms, SECOND},
    checks::promise_is_kept,
    life::Life,
    log::Clock,
    slab::Key,
};

/// A session that no page holds is looked at after this time: by then nothing of it is under way any more.
pub(super) const SETTLE_AFTER: Ms = 4 * MINUTE;

/// A visible page's timer that is later than this has been held up by more than a busy page.
const OVERDUE: Ms = 5 * SECOND;

impl World {
    /// Tells the page's heart what has happened, and does what it says.
    pub(super) fn tell(&mut self, key: Key<Tab>, input: Input) {
        let now = self.now();
        let Some(tab) = self.tabs.get_mut(key) else { return };
        let Some(device) = self.devices.get(tab.device).filter(|device| !device.machine.is_asleep()) else { return };
        let clocks = device.machine.clocks(now);
        let Some(page) = &mut tab.page else { return };
        // Nothing runs in a frozen page.
        if page.state == PageState::Frozen && !matches!(input, Input::Page(_) | Input::Restore(_)) {
            return;
        }
        let mut sends = Vec::new();
        match &mut page.heart {
            Heart::Pulse(pulse) => {
                pulse.handle_input(input, clocks);
                loop {
                    match pulse.poll_output() {
                        Output::Send(dispatch) => sends.push(dispatch),
                        Output::Ended(_) => {}
                        Output::Wait { until, .. } => {
                            page.wait = until;
                            break;
                        }
                    }
                }
            }
            Heart::Baseline(client) => {
                let pings = client.handle(&input, clocks.instant);
                page.wait = client.wait();
                page.is_silent = false;
                self.sync(key);
                for ping in pings {
                    self.send_ping(key, ping);
                }
                return self.arm(key);
            }
        }
        if let Some(last) = sends.last() {
            page.is_silent = last.next.is_none() && !last.state.is_visible();
        }
        // First what the page is doing, then what it says of it: a beat belongs to the state that it tells.
        self.sync(key);
        for dispatch in sends {
            self.send(key, &dispatch);
        }
        self.arm(key);
    }

    /// Writes down the truth: whose session it is, whether the page runs and can be seen.
    pub(super) fn sync(&mut self, key: Key<Tab>) {
        let now = self.now();
        let Some(tab) = self.tabs.get_mut(key) else { return };
        let is_awake = self.devices.get(tab.device).is_some_and(|device| !device.machine.is_asleep());
        let person = tab.person;
        let Some(page) = &mut tab.page else { return };
        let session = page.session();
        let before = page.known.replace(session);
        if before != Some(session) {
            page.here_since = now;
        }
        let is_visible = is_awake && page.state.is_visible();
        let runs = is_awake
            && match page.state {
                PageState::Active | PageState::Passive => true,
                PageState::Hidden => !page.is_silent,
                PageState::Frozen | PageState::Closed => false,
            };
        let is_open = is_awake && !matches!(page.state, PageState::Frozen | PageState::Closed);
        if let Some(before) = before.filter(|&before| before != session) {
            if let Some(life) = self.lives.get_mut(&before) {
                life.set_open(false, now);
                life.set_running(false, now);
                life.set_visible(false, now);
            }
            self.let_go_unless_held(key, before);
        }
        let life = self.lives.entry(session).or_insert_with(|| Life::of(person));
        life.gone_at = None;
        life.set_open(is_open, now);
        let was_running = life.runs_since().is_some();
        if was_running && !runs {
            let verdict = promise_is_kept(session, life, None, now);
            life.set_running(runs, now);
            life.set_visible(is_visible, now);
            return self.check(verdict);
        }
        life.set_running(runs, now);
        life.set_visible(is_visible, now);
    }

    /// The page has given the session up. Another page of the tab, or its storage, may still hold it.
    pub(super) fn let_go_unless_held(&mut self, key: Key<Tab>, session: SessionId) {
        let is_held = self.tabs.get(key).is_some_and(|tab| {
            let stored = tab.storage.as_deref().and_then(Saved::parse).map(|saved| saved.session);
            let pages = [&tab.page, &tab.cached];
            stored == Some(session) || pages.into_iter().flatten().any(|page| page.known == Some(session))
        });
        if !is_held {
            self.let_go(session);
        }
    }

    /// No page holds the session any more, as far as anybody knows.
    pub(super) fn let_go(&mut self, session: SessionId) {
        let now = self.now();
        if let Some(life) = self.lives.get_mut(&session) {
            life.gone_at = Some(now);
            self.agenda.plan(now + SETTLE_AFTER, Event::Settle(session));
        }
    }

    /// The machine's lid is closed: everything on it stands still.
    pub(super) fn sleep_device(&mut self, key: Key<Device>, until: Ms) {
        let now = self.now();
        let Some(device) = self.devices.get_mut(key).filter(|device| !device.machine.is_asleep()) else { return };
        device.machine.sleep(now);
        let counts_sleep = device.machine.counts_sleep;
        let tabs = device.tabs.clone();
        self.agenda.plan(until, Event::Wake(key));
        self.log.note(now, format_args!("a machine sleeps until {}", Clock(until)));
        for tab in tabs {
            let session = self.tabs.get(tab).and_then(|tab| tab.page.as_ref()?.known);
            if let Some(life) = session.and_then(|session| self.lives.get_mut(&session)) {
                // Where both clocks go on, only a timer that is late gives the sleep away.
                life.fall_asleep(if counts_sleep { limits::LOOK_EVERY.0 + OVERDUE } else { limits::SLEEP_AFTER.0 });
            }
            self.sync(tab);
        }
    }

    pub(super) fn wake_device(&mut self, key: Key<Device>) {
        let now = self.now();
        let Some(device) = self.devices.get_mut(key) else { return };
        device.machine.wake(now);
        let tabs = device.tabs.clone();
        self.log.note(now, format_args!("a machine wakes"));
        for tab in tabs {
            self.sync(tab);
            if let Some(page) = self.tabs.get_mut(tab).and_then(|tab| tab.page.as_mut()) {
                page.armed_at = None;
            }
            self.arm(tab);
        }
    }
}

impl Page {
    /// The session that beats now.
    pub(super) fn session(&self) -> SessionId {
        match &self.heart {
            Heart::Pulse(pulse) => pulse.session(),
            Heart::Baseline(client) => client.session(),
        }
    }
}
