//! What people do. Nothing here looks at what the client or the server does, so every system meets the same people.

use stillhere_engine::{
    page::PageState,
    pulse::{Input, Saved},
    tracker::Way,
};

use super::{
    Event, World,
    browser::{Device, Tab},
};
use crate::{
    agenda::{HOUR, MINUTE, Ms, SECOND},
    chance::Chance,
    hostility::Kind,
    log::Clock,
    machine::{Link, Machine},
    slab::Key,
};

/// One visit of one person: from the first tab to the last.
#[derive(Debug)]
pub(super) struct Visit {
    person: u32,
    number: u32,
    ends_at: Ms,
    chance: Chance,
    devices: Vec<Key<Device>>,
}

/// Tabs that one person has open at most.
const TABS: usize = 6;

impl World {
    pub(super) fn plan_visit(&mut self, person: u32, number: u32) {
        let mut chance = Chance::new(self.scenario.seed, 1 << 40 | u64::from(person) << 16 | u64::from(number));
        let pause = chance.about(24 * HOUR / u64::from(self.scenario.visits_per_day.max(1)));
        let at = self.now() + if number == 0 { pause / 4 } else { pause };
        if at < self.scenario.length {
            self.agenda.plan(at, Event::Visit { person, number });
        }
    }

    pub(super) fn begin_visit(&mut self, person: u32, number: u32) {
        let mut chance = Chance::new(self.scenario.seed, 2 << 40 | u64::from(person) << 16 | u64::from(number));
        let ends_at = (self.now() + 5 * SECOND + chance.about(25 * MINUTE)).min(self.scenario.length);
        let company = self.hostility.rate(Kind::Company, 50, 250);
        let count = if chance.permille(company) { 2 } else { 1 };
        let devices: Vec<_> = (0..count).map(|_| self.switch_on(&mut chance)).collect();
        let channel = chance.below(self.channels.len() as u64) as usize;
        self.log.note(self.agenda.now(), format_args!("p{person} comes until {}", Clock(ends_at)));
        for &device in &devices {
            self.open_tab(person, device, None, channel);
        }
        self.plan_punch(person, Way::In, &mut chance);
        let visit = self.visits.add(Visit { person, number, ends_at, chance, devices });
        self.plan_act(visit);
    }

    fn switch_on(&mut self, chance: &mut Chance) -> Key<Device> {
        let latency = 5 + chance.about(40).min(400);
        let counts_sleep = chance.permille(400);
        let (mut ahead, mut drift) = (0, 0);
        let wrong = self.hostility.rate(Kind::WallClock, 50, 400);
        if chance.permille(wrong) {
            // Minutes, years, or only a slow quartz.
            let most = [2 * MINUTE, 26 * HOUR, 40_000 * HOUR][chance.below(3) as usize];
            ahead = chance.below(2 * most) as i64 - most as i64;
            drift = chance.below(400) as i64 - 200;
        }
        self.devices.add(Device { machine: Machine::new(latency, counts_sleep, ahead, drift), tabs: Vec::new() })
    }

    fn plan_act(&mut self, key: Key<Visit>) {
        let now = self.now();
        let Some(visit) = self.visits.get_mut(key) else { return };
        let pause = 200 + visit.chance.about(40 * SECOND);
        self.agenda.plan((now + pause).min(visit.ends_at.max(now)), Event::Act(key));
    }

    pub(super) fn act(&mut self, key: Key<Visit>) {
        let now = self.now();
        let Some(visit) = self.visits.get_mut(key) else { return };
        if now >= visit.ends_at {
            return self.end_visit(key);
        }
        let device = visit.devices[visit.chance.below(visit.devices.len() as u64) as usize];
        let mut chance = visit.chance.clone();
        let person = visit.person;
        let tabs = self.devices.get(device).map(|device| device.tabs.clone()).unwrap_or_default();
        let is_asleep = self.devices.get(device).is_none_or(|device| device.machine.is_asleep());
        if !is_asleep {
            match tabs.get(chance.below(tabs.len() as u64) as usize) {
                Some(&tab) => self.do_something(person, device, tab, &mut chance),
                None => _ = self.open_tab(person, device, None, 0),
            }
        }
        if let Some(visit) = self.visits.get_mut(key) {
            visit.chance = chance;
        }
        self.plan_act(key);
    }

    fn do_something(&mut self, person: u32, device: Key<Device>, tab: Key<Tab>, chance: &mut Chance) {
        let dice = chance.below(1_000);
        let draw = chance.bytes();
        let mut own = Chance::new(u64::from_le_bytes([draw[0], draw[1], draw[2], draw[3], draw[4], draw[5], 0, 0]), 3);
        match dice {
            0..450 => self.use_tab(device, tab),
            450..640 => self.turn_to(device, tab, own.below(2) == 0),
            640..690 => self.go_to_channel(tab, own.below(4) as usize),
            690..760 => self.navigate(tab, &mut own),
            760..800 => self.open_another(person, device, tab, &mut own),
            800..840 => self.close_tab(device, tab),
            840..850 => self.sign_out(device, tab),
            850..880 => self.kill(device, tab, &mut own),
            880..930 => self.close_lid(device, &mut own),
            930..975 => self.lose_network(device, &mut own),
            _ => self.set_clock(device, &mut own),
        }
    }

    /// Types, scrolls or moves, in the tab that is in front.
    fn use_tab(&mut self, device: Key<Device>, tab: Key<Tab>) {
        if !self.tabs.get(tab).is_some_and(|tab| tab.is_front) {
            self.turn_to(device, tab, true);
        }
        self.tell(tab, Input::Activity);
    }

    /// Turns to the tab, or away from it to something else.
    fn turn_to(&mut self, device: Key<Device>, tab: Key<Tab>, is_front: bool) {
        if is_front {
            for other in self.devices.get(device).map(|device| device.tabs.clone()).unwrap_or_default() {
                if other != tab {
                    self.show(other, false);
                }
            }
            self.look_at_discarded(tab);
        }
        self.show(tab, is_front);
    }

    fn look_at_discarded(&mut self, key: Key<Tab>) {
        let Some(tab) = self.tabs.get_mut(key).filter(|tab| tab.page.is_none() && !tab.is_loading) else { return };
        tab.is_front = true;
        tab.is_loading = true;
        self.agenda.plan(self.now() + 300, Event::Loaded(key));
    }

    /// The page's own router goes elsewhere: same page, another channel. Nothing runs in a page that is frozen.
    fn go_to_channel(&mut self, key: Key<Tab>, channel: usize) {
        let now = self.now();
        let Some(tab) = self.tabs.get_mut(key) else { return };
        let Some(page) = tab.page.as_mut().filter(|page| page.state != PageState::Frozen) else { return };
        page.here_since = now;
        tab.channel = channel;
        self.tell(key, Input::BeatNow);
    }

    /// Another page in the same tab, a reload, or back.
    fn navigate(&mut self, key: Key<Tab>, chance: &mut Chance) {
        if self.hostility.rate(Kind::Navigation, 1, 1) == 0 {
            return;
        }
        let Some(tab) = self.tabs.get(key) else { return };
        let (has_page, has_cached) = (tab.page.is_some(), tab.cached.is_some());
        if has_cached && chance.below(2) == 0 {
            if has_page {
                // Forward is given up; only one page is kept.
                self.leave_page(key);
            }
            return self.come_back(key);
        }
        if !has_page {
            return;
        }
        self.unload(key, chance.below(3) == 0);
        let Some(tab) = self.tabs.get_mut(key) else { return };
        tab.is_front = true;
        // To another site for a while, or straight to the next page, which may be slow.
        if chance.below(4) == 0 {
            let away = chance.about(10 * MINUTE);
            tab.is_loading = true;
            self.agenda.plan(self.now() + away, Event::Loaded(key));
        } else {
            tab.is_loading = true;
            tab.is_awaited = true;
            let slow = self.hostility.rate(Kind::Navigation, 20, 200);
            let load = if chance.permille(slow) { 9 * SECOND } else { 50 + chance.below(1_500) };
            self.agenda.plan(self.now() + load, Event::Loaded(key));
        }
    }

    fn leave_page(&mut self, key: Key<Tab>) {
        self.leave(key, PageState::Closed);
        self.drop_page(key);
    }

    fn open_another(&mut self, person: u32, device: Key<Device>, tab: Key<Tab>, chance: &mut Chance) {
        let open = self.devices.get(device).map_or(0, |device| device.tabs.len());
        if open >= TABS || self.hostility.rate(Kind::Company, 1, 1) == 0 {
            return;
        }
        let Some(original) = self.tabs.get(tab) else { return };
        // A duplicate gets a copy of the storage; while a page holds the session there is nothing in it. A tab that is
        // frozen, or between two pages, is not duplicated: that needs a hand faster than a page load.
        let is_running = original.page.as_ref().is_some_and(|page| page.state != PageState::Frozen);
        let storage = if is_running && original.cached.is_none() { original.storage.clone() } else { None };
        let channel = if chance.below(2) == 0 { original.channel } else { chance.below(4) as usize };
        self.turn_to(device, tab, true);
        self.show(tab, false);
        self.open_tab(person, device, storage, channel);
    }

    fn close_tab(&mut self, device: Key<Device>, tab: Key<Tab>) {
        self.close_tab_for_good(tab);
        self.show_another(device);
    }

    /// Signs out, which is the last that the page says.
    fn sign_out(&mut self, device: Key<Device>, tab: Key<Tab>) {
        let page = self.tabs.get(tab).and_then(|tab| tab.page.as_ref());
        if page.is_some_and(|page| page.state != PageState::Frozen) {
            self.tell(tab, Input::SignOut);
        }
        self.destroy_tab(tab);
        self.show_another(device);
    }

    fn show_another(&mut self, device: Key<Device>) {
        if let Some(&next) = self.devices.get(device).and_then(|device| device.tabs.first()) {
            self.turn_to(device, next, true);
        }
    }

    /// One page, or the whole browser, dies without a word.
    fn kill(&mut self, device: Key<Device>, tab: Key<Tab>, chance: &mut Chance) {
        if self.hostility.rate(Kind::Kill, 1, 1) == 0 {
            return;
        }
        let all = chance.below(3) == 0;
        let tabs = self.devices.get(device).map(|device| device.tabs.clone()).unwrap_or_default();
        for tab in tabs.into_iter().filter(|&other| all || other == tab) {
            self.log.note(self.agenda.now(), format_args!("a tab is killed"));
            self.destroy_tab(tab);
        }
        self.show_another(device);
    }

    fn close_lid(&mut self, device: Key<Device>, chance: &mut Chance) {
        if self.hostility.rate(Kind::Sleep, 1, 1) == 0 {
            return;
        }
        let mean = [20 * SECOND, 5 * MINUTE, 40 * MINUTE][chance.below(3) as usize];
        let length = SECOND + chance.about(mean);
        self.sleep_device(device, self.now() + length);
    }

    fn lose_network(&mut self, device: Key<Device>, chance: &mut Chance) {
        if self.hostility.rate(Kind::Outage, 1, 1) == 0 {
            return;
        }
        let link = [Link::Offline, Link::Silent, Link::Deaf][chance.below(3) as usize];
        let mean = [10 * SECOND, 3 * MINUTE][chance.below(2) as usize];
        let length = SECOND + chance.about(mean);
        self.log.note(self.agenda.now(), format_args!("a network is {link:?} for {length} ms"));
        if let Some(device) = self.devices.get_mut(device) {
            device.machine.link = link;
        }
        self.agenda.plan(self.now() + length, Event::LinkUp(device));
    }

    /// The machine finds out what time it is.
    fn set_clock(&mut self, device: Key<Device>, chance: &mut Chance) {
        if self.hostility.rate(Kind::WallClock, 1, 1) == 0 {
            return;
        }
        let most = [5 * SECOND, HOUR, 30_000 * HOUR][chance.below(3) as usize];
        let by = chance.below(2 * most) as i64 - most as i64;
        self.log.note(self.agenda.now(), format_args!("a wall clock is set by {by} ms"));
        let Some(device) = self.devices.get_mut(device) else { return };
        device.machine.step_wall(by);
        for &tab in &device.tabs {
            let Some(tab) = self.tabs.get(tab) else { continue };
            let stored = tab.storage.as_deref().and_then(Saved::parse).map(|saved| saved.session);
            let held = [&tab.page, &tab.cached].into_iter().flatten().filter_map(|page| page.known);
            for session in held.chain(stored) {
                if let Some(life) = self.lives.get_mut(&session) {
                    life.leaps += 1;
                }
            }
        }
    }

    fn end_visit(&mut self, key: Key<Visit>) {
        let Some(mut visit) = self.visits.take(key) else { return };
        self.plan_punch(visit.person, Way::Out, &mut visit.chance);
        let kill = self.hostility.rate(Kind::Kill, 100, 300);
        for device in visit.devices {
            let dies = visit.chance.permille(kill);
            if !dies && self.devices.get(device).is_some_and(|device| device.machine.is_asleep()) {
                self.wake_device(device);
            }
            for tab in self.devices.get(device).map(|device| device.tabs.clone()).unwrap_or_default() {
                if dies { self.destroy_tab(tab) } else { self.close_tab_for_good(tab) }
            }
            self.log.note(self.agenda.now(), format_args!("p{} goes (killed: {dies})", visit.person));
            self.devices.take(device);
        }
        self.plan_visit(visit.person, visit.number + 1);
    }

    fn close_tab_for_good(&mut self, tab: Key<Tab>) {
        let page = self.tabs.get(tab).and_then(|tab| tab.page.as_ref());
        // A frozen page is not woken up to hear that it is closed.
        if page.is_some_and(|page| page.state != PageState::Frozen) {
            self.leave_page(tab);
        }
        self.destroy_tab(tab);
    }
}
