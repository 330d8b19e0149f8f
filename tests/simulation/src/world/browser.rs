//! What browsers do with tabs: load, show, hide, throttle, freeze, cache, discard and kill pages.

use stillhere_engine::{
    page::PageState,
    pulse::{Input, Pulse, Saved},
    time::Instant,
    wire::SessionId,
};

use super::{Event, World};
use crate::{
    agenda::{MINUTE, Ms},
    baseline, habits,
    hostility::Kind,
    machine::Machine,
    slab::Key,
};

/// What runs in a page.
#[derive(Debug)]
pub(super) enum Heart {
    Pulse(Box<Pulse>),
    Baseline(Box<baseline::Client>),
}

/// One page of a tab.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) heart: Heart,
    /// Never the same for two pages.
    pub(super) number: u64,
    pub(super) state: PageState,
    pub(super) hidden_since: Option<Ms>,
    pub(super) frozen_since: Option<Ms>,
    /// Since when it has been here, to be seen, in its channel and with its session.
    pub(super) here_since: Ms,
    /// Between `pagehide` and `pageshow`.
    pub(super) has_left: bool,
    pub(super) wait: Instant,
    pub(super) armed_at: Option<Ms>,
    /// The session whose life was last told about this page.
    pub(super) known: Option<SessionId>,
    /// The newest beat made no promise.
    pub(super) is_silent: bool,
    /// When throttled, its timers fire so long after each full minute.
    phase: Ms,
}

/// One device: its machine, and the tabs that are open on it.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) machine: Machine,
    pub(super) tabs: Vec<Key<Tab>>,
}

/// One tab.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) person: u32,
    pub(super) device: Key<Device>,
    /// `None` while the next page is on its way.
    pub(super) page: Option<Page>,
    /// In the back/forward cache.
    pub(super) cached: Option<Page>,
    /// What lies in the tab's `sessionStorage`.
    pub(super) storage: Option<String>,
    /// Whether the tab is the one in front.
    pub(super) is_front: bool,
    pub(super) channel: usize,
    /// A page is to be loaded, at once or when somebody is back.
    pub(super) is_loading: bool,
    /// It has been on its way since its predecessor went: the person waits for it.
    pub(super) is_awaited: bool,
}

impl World {
    pub(super) fn open_tab(
        &mut self,
        person: u32,
        device: Key<Device>,
        storage: Option<String>,
        channel: usize,
    ) -> Key<Tab> {
        let tab = Tab {
            person,
            device,
            page: None,
            cached: None,
            storage,
            is_front: true,
            channel,
            is_loading: true,
            is_awaited: false,
        };
        let key = self.tabs.add(tab);
        if let Some(device) = self.devices.get_mut(device) {
            device.tabs.push(key);
        }
        self.open.entry(person).or_default().push(key);
        self.tally.most_tabs = self.tally.most_tabs.max(self.tabs.len());
        self.agenda.plan(self.now(), Event::Loaded(key));
        key
    }

    /// The page's scripts run: the client begins.
    pub(super) fn page_is_loaded(&mut self, key: Key<Tab>) {
        let Some(tab) = self.tabs.get(key).filter(|tab| tab.is_loading) else { return };
        let (device, is_front, person) = (tab.device, tab.is_front, tab.person);
        let machine = self.devices.get(device).map(|device| &device.machine).filter(|machine| !machine.is_asleep());
        let Some(clocks) = machine.map(|machine| machine.clocks(self.now())) else {
            // It will be loaded when the machine is awake.
            return self.agenda.plan(self.now() + MINUTE, Event::Loaded(key));
        };
        self.pages_loaded += 1;
        let seed = self.chance.bytes();
        let heart = if self.baseline.is_some() {
            Heart::Baseline(Box::new(baseline::Client::begin(self.scenario.preset, SessionId(seed), clocks.instant)))
        } else {
            let text = self.tabs.get_mut(key).and_then(|tab| tab.storage.take());
            let saved = text.as_deref().and_then(Saved::parse);
            let before = saved.as_ref().map(|saved| saved.session);
            let pulse = Pulse::begin(self.scenario.preset.options(), seed, saved, clocks);
            if let Some(before) = before.filter(|&before| before != pulse.session()) {
                self.let_go_unless_held(key, before);
            }
            Heart::Pulse(Box::new(pulse))
        };
        let page = Page {
            heart,
            number: self.pages_loaded,
            state: PageState::Hidden,
            hidden_since: Some(self.now()),
            frozen_since: None,
            here_since: self.now(),
            has_left: false,
            wait: Instant::NEVER,
            armed_at: None,
            known: None,
            is_silent: false,
            phase: self.chance.below(MINUTE),
        };
        if let Some(tab) = self.tabs.get_mut(key) {
            tab.page = Some(page);
            tab.is_loading = false;
            tab.is_awaited = false;
        }
        let state = if is_front { PageState::Active } else { PageState::Hidden };
        self.log.note(self.agenda.now(), format_args!("p{person} page {} is loaded, {state:?}", self.pages_loaded));
        self.bring(key, state);
    }

    /// Brings the page into a state and tells it.
    pub(super) fn bring(&mut self, key: Key<Tab>, state: PageState) {
        let now = self.now();
        let Some(tab) = self.tabs.get_mut(key) else { return };
        if !matches!(state, PageState::Frozen | PageState::Closed) {
            tab.is_front = state.is_visible();
        }
        let Some(page) = &mut tab.page else { return };
        if !state.is_visible() {
            page.hidden_since.get_or_insert(now);
        } else if page.hidden_since.take().is_some() {
            page.here_since = now;
        }
        page.frozen_since = (state == PageState::Frozen).then(|| page.frozen_since.unwrap_or(now));
        page.state = state;
        self.tell(key, Input::Page(state));
        let rate = self.hostility.rate(Kind::Freeze, 300, 500);
        if state == PageState::Hidden && self.chance.permille(rate) {
            self.agenda.plan(now + habits::FREEZE_AFTER + self.chance.below(10 * MINUTE), Event::Freeze(key));
        }
    }

    /// Shows or hides a tab; a frozen page is thawed by being shown.
    pub(super) fn show(&mut self, key: Key<Tab>, is_front: bool) {
        let Some(tab) = self.tabs.get_mut(key) else { return };
        tab.is_front = is_front;
        let Some(page) = &tab.page else { return };
        let was = page.state;
        match (is_front, was) {
            (true, PageState::Frozen) => self.thaw(key, PageState::Active),
            (true, _) => self.bring(key, PageState::Active),
            (false, PageState::Active | PageState::Passive) => {
                if self.chance.permille(300) {
                    self.bring(key, PageState::Passive);
                }
                self.bring(key, PageState::Hidden);
            }
            (false, _) => {}
        }
    }

    pub(super) fn consider_freezing(&mut self, key: Key<Tab>) {
        let Some(page) = self.tabs.get(key).and_then(|tab| tab.page.as_ref()) else { return };
        let is_old = page.hidden_since.is_some_and(|since| self.now() >= since + habits::FREEZE_AFTER);
        if page.state == PageState::Frozen && !self.is_asleep(key) {
            return self.thaw(key, PageState::Hidden);
        }
        if page.state != PageState::Hidden || !is_old || self.is_asleep(key) {
            return;
        }
        self.log.note(self.agenda.now(), format_args!("page {} is frozen", page.number));
        self.freeze(key);
        match self.chance.below(4) {
            // Discarded: the page is gone, and the tab will load it again when somebody looks.
            0 => self.discard(key),
            // Chromium thaws a frozen tab now and then for a moment.
            1 => self.agenda.plan(self.now() + 15 * MINUTE, Event::Freeze(key)),
            _ => {}
        }
    }

    fn discard(&mut self, key: Key<Tab>) {
        let Some(tab) = self.tabs.get_mut(key) else { return };
        let page = tab.page.take();
        tab.is_loading = false;
        self.stop_life(page);
    }

    pub(super) fn thaw(&mut self, key: Key<Tab>, state: PageState) {
        if let Some(tab) = self.tabs.get_mut(key) {
            tab.storage = None;
        }
        self.bring(key, state);
    }

    /// `pagehide` or `freeze`: the last word is sent, and the session laid down for the tab's next page.
    pub(super) fn leave(&mut self, key: Key<Tab>, state: PageState) {
        self.bring(key, state);
        if let Some(tab) = self.tabs.get_mut(key)
            && let Some(Page { heart: Heart::Pulse(pulse), .. }) = &tab.page
        {
            tab.storage = Some(pulse.save().to_text());
        }
    }

    /// The page gives way to another one of the same tab, and may be kept for a return.
    pub(super) fn unload(&mut self, key: Key<Tab>, is_kept: bool) {
        self.leave(key, if is_kept { PageState::Frozen } else { PageState::Closed });
        if !is_kept && self.chance.permille(500) {
            // Chromium says so after `pagehide`. Of a page that is kept, the client does not listen.
            self.tell(key, Input::Page(PageState::Hidden));
        }
        let Some(tab) = self.tabs.get_mut(key) else { return };
        let Some(mut page) = tab.page.take() else { return };
        page.has_left = true;
        let evicted = if is_kept { tab.cached.replace(page) } else { Some(page) };
        let session = evicted.as_ref().and_then(|page| page.known);
        self.stop_life(evicted);
        if let Some(session) = session {
            self.let_go_unless_held(key, session);
        }
    }

    /// The page is gone; its last word has been said.
    pub(super) fn drop_page(&mut self, key: Key<Tab>) {
        let page = self.tabs.get_mut(key).and_then(|tab| tab.page.take());
        self.stop_life(page);
    }

    /// Back, out of the cache. Another page may have carried the session on.
    pub(super) fn come_back(&mut self, key: Key<Tab>) {
        let Some(tab) = self.tabs.get_mut(key) else { return };
        let Some(mut page) = tab.cached.take() else { return };
        page.has_left = false;
        let saved = tab.storage.take().as_deref().and_then(Saved::parse);
        let number = page.number;
        tab.page = Some(page);
        tab.is_loading = false;
        self.log.note(self.agenda.now(), format_args!("page {number} is back from the cache"));
        let session = saved.as_ref().map(|saved| saved.session);
        self.tell(key, Input::Restore(saved));
        if let Some(session) = session {
            self.let_go_unless_held(key, session);
        }
        self.bring(key, PageState::Active);
    }

    /// Nothing is left of the tab.
    pub(super) fn destroy_tab(&mut self, key: Key<Tab>) {
        let Some(tab) = self.tabs.take(key) else { return };
        if let Some(device) = self.devices.get_mut(tab.device) {
            device.tabs.retain(|&other| other != key);
        }
        if let Some(tabs) = self.open.get_mut(&tab.person) {
            tabs.retain(|&other| other != key);
            if tabs.is_empty() {
                self.open.remove(&tab.person);
            }
        }
        let socket = tab.page.as_ref().and_then(|page| page.known).map(|session| (session, tab.person, tab.channel));
        if let Some((session, person, channel)) = socket {
            self.socket_closes(session, Some((person, channel)));
        }
        let stored = tab.storage.as_deref().and_then(Saved::parse).map(|saved| saved.session);
        let held = [&tab.page, &tab.cached].into_iter().flatten().filter_map(|page| page.known);
        let sessions: Vec<SessionId> = held.chain(stored).collect();
        self.stop_life(tab.page);
        self.stop_life(tab.cached);
        for session in sessions {
            self.let_go(session);
        }
    }

    fn stop_life(&mut self, page: Option<Page>) {
        let now = self.now();
        let Some(session) = page.and_then(|page| page.known) else { return };
        if let Some(life) = self.lives.get_mut(&session) {
            life.set_running(false, now);
            life.set_open(false, now);
            life.set_visible(false, now);
        }
        // A baseline's session ends with its page.
        if self.baseline.is_some() {
            self.let_go(session);
        }
    }

    pub(super) fn is_asleep(&self, key: Key<Tab>) -> bool {
        let device = self.tabs.get(key).and_then(|tab| self.devices.get(tab.device));
        device.is_none_or(|device| device.machine.is_asleep())
    }

    /// Sets the page's timer, as late as the browser will let it fire.
    pub(super) fn arm(&mut self, key: Key<Tab>) {
        let now = self.now();
        let jitter = if self.hostility.rate(Kind::TimerJitter, 1, 1) > 0 { self.chance.below(8) } else { 0 };
        let Some(tab) = self.tabs.get_mut(key) else { return };
        let Some(Device { machine, .. }) = self.devices.get(tab.device).filter(|device| !device.machine.is_asleep())
        else {
            return;
        };
        let Some(page) = tab.page.as_mut().filter(|page| page.wait != Instant::NEVER) else { return };
        if page.state == PageState::Frozen {
            return;
        }
        let due = machine.moment_of(page.wait).max(now);
        let hidden_since = page.hidden_since.filter(|_| self.hostility.throttles());
        let at = habits::fires_at(due, hidden_since, page.phase) + jitter;
        if page.armed_at.is_none_or(|armed_at| at < armed_at || armed_at < now) {
            page.armed_at = Some(at);
            self.agenda.plan(at, Event::Timer(key));
        }
    }

    pub(super) fn timer_fires(&mut self, key: Key<Tab>) {
        let now = self.now();
        let is_asleep = self.is_asleep(key);
        let Some(page) = self.tabs.get_mut(key).and_then(|tab| tab.page.as_mut()) else { return };
        if page.armed_at != Some(now) {
            return;
        }
        page.armed_at = None;
        if is_asleep || page.state == PageState::Frozen {
            return;
        }
        let (wait, device) = (page.wait, self.tabs.get(key).map(|tab| tab.device));
        let device = device.and_then(|device| self.devices.get(device));
        let due = device.map_or(0, |device| device.machine.moment_of(wait));
        // It was armed for something that no longer waits.
        if due > now { self.arm(key) } else { self.tell(key, Input::Timer) }
    }
}
