//! The world: people, their machines and tabs, the network and the server, driven by one agenda.

mod browser;
mod contrast;
mod faults;
mod leaves;
mod network;
mod persons;
mod punching;
mod sample;
mod server;
mod settling;
mod shell;
mod witness;

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;
use stillhere_engine::{
    policy::{Policy, Punching},
    tracker::Way,
    wire::{ChannelName, SessionId},
};

use crate::{
    agenda::{Agenda, HOUR, MINUTE, Ms},
    baseline,
    chance::Chance,
    checks::{self, Broken, Verdict},
    hostility::Hostility,
    life::Lives,
    log::{Clock, Log},
    reference::Reference,
    scenario::{Scenario, System},
    slab::{Key, Slab},
    tally::Tally,
    union::Time,
    watcher::Watcher,
};
use browser::{Device, Tab};
use network::{Packet, Reply};
use persons::Visit;
use server::Server;

/// What happens.
#[derive(Debug)]
enum Event {
    /// A person comes, for the `number`th time.
    Visit { person: u32, number: u32 },
    /// A visitor does something.
    Act(Key<Visit>),
    /// A page's timer may fire.
    Timer(Key<Tab>),
    /// A request reaches the server.
    Request(Box<Packet>),
    /// An answer reaches its page.
    Answer(Box<Reply>),
    /// A person's punch reaches the server.
    Punch { person: u32, way: Way },
    /// The next page of a tab has been loaded.
    Loaded(Key<Tab>),
    /// The browser thinks of freezing a tab that has been hidden for long.
    Freeze(Key<Tab>),
    /// A machine wakes up.
    Wake(Key<Device>),
    /// A machine has its network back.
    LinkUp(Key<Device>),
    /// Something happens to the server.
    Server(server::Happening),
    /// Time to compare a session's record with its truth.
    Settle(SessionId),
}

/// The world.
#[derive(Debug)]
pub struct World {
    scenario: Scenario,
    hostility: Hostility,
    policy: Policy,
    channels: Vec<ChannelName>,
    agenda: Agenda<Event>,
    visits: Slab<Visit>,
    devices: Slab<Device>,
    /// Who has which tabs open.
    open: HashMap<u32, Vec<Key<Tab>>, FixedState>,
    tabs: Slab<Tab>,
    lives: Lives,
    /// Each person's time, where everything is looked at.
    times: BTreeMap<u32, Time>,
    server: Server,
    baseline: Option<baseline::Server>,
    reference: Reference,
    watcher: Watcher,
    /// What networks, browsers and servers do; what people do is apart, so that it is the same for every system.
    chance: Chance,
    partition_until: Ms,
    compared_at: Ms,
    pages_loaded: u64,
    tally: Tally,
    log: Log,
    failure: Option<Failure>,
}

/// The first check that did not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which and why.
    pub broken: Broken,
    /// When.
    pub at: Ms,
    /// In which story.
    pub scenario: Scenario,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {} at {}: {}\n  {}", self.scenario.seed, Clock(self.at), self.broken, self.scenario.replay())
    }
}

impl Failure {
    /// A test to paste, whose name is still to be found.
    #[must_use]
    pub fn as_test(&self) -> String {
        format!(
            "/// Found: {}.\n#[test]\nfn {}_when_() {{\n    check({});\n}}",
            self.broken.what,
            self.broken.check,
            self.scenario.as_code()
        )
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What it adds up to.
    pub tally: Tally,
    /// The first check that did not hold.
    pub failure: Option<Failure>,
    /// Equal for equal runs.
    pub digest: u64,
    /// The log, if it was kept.
    pub lines: Vec<String>,
}

/// When the last visit is over, everything has to end by itself within this time.
const AFTERMATH: Ms = 30 * HOUR;

impl World {
    /// The world before anything has happened.
    #[must_use]
    pub fn new(scenario: Scenario) -> Self {
        let mut policy = scenario.preset.policy();
        if scenario.is_thorough && policy.punching == Punching::Off {
            // The punch clock is held to its rules in every story, whether its preset shows it or not.
            policy.punching = Punching::WithPresence;
        }
        let baseline = (scenario.system == System::Baseline).then(|| baseline::Server::new(scenario.preset));
        let mut world = Self {
            scenario,
            hostility: scenario.hostility,
            reference: Reference::new(policy.clone()),
            policy,
            channels: scenario.preset.channels().iter().filter_map(|name| ChannelName::parse(name).ok()).collect(),
            agenda: Agenda::default(),
            visits: Slab::default(),
            devices: Slab::default(),
            open: HashMap::default(),
            tabs: Slab::default(),
            lives: Lives::default(),
            times: BTreeMap::new(),
            server: Server::new(scenario.is_thorough),
            baseline,
            watcher: Watcher::default(),
            chance: Chance::new(scenario.seed, 1),
            partition_until: 0,
            compared_at: 0,
            pages_loaded: 0,
            tally: Tally::default(),
            log: Log::default(),
            failure: None,
        };
        world.start_server();
        world.plan_faults();
        for person in 0..scenario.persons {
            world.plan_visit(person, 0);
        }
        world
    }

    /// The same, keeping a log.
    #[must_use]
    pub fn with_log(mut self) -> Self {
        self.log.keep();
        self
    }

    /// Lets everything happen.
    #[must_use]
    pub fn run(self) -> Outcome {
        self.run_and_tell(|_| {})
    }

    /// The same; `tell` hears of each minute of virtual time.
    #[must_use]
    pub fn run_and_tell(mut self, mut tell: impl FnMut(Ms)) -> Outcome {
        let last = self.scenario.length + AFTERMATH;
        let mut told = 0;
        while self.failure.is_none() {
            let before = self.now();
            let Some(event) = self.agenda.next(last) else { break };
            self.tally.tab_ms += (self.now() - before) * self.tabs.len() as u64;
            if self.now() >= told + MINUTE {
                told = self.now();
                tell(told);
            }
            self.happen(event);
        }
        if self.failure.is_none() {
            let left = self.leftovers();
            self.check(left);
        }
        self.tally.events = self.agenda.planned();
        self.tally.leaves += self.watcher.leaves;
        if let Some(failure) = &self.failure {
            self.log.note(failure.at, format_args!("BROKEN {}", failure.broken));
        }
        Outcome { tally: self.tally, failure: self.failure, digest: self.log.digest(), lines: self.log.into_lines() }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Visit { person, number } => self.begin_visit(person, number),
            Event::Act(visit) => self.act(visit),
            Event::Timer(tab) => self.timer_fires(tab),
            Event::Request(packet) => self.request_arrives(*packet),
            Event::Answer(reply) => self.answer_arrives(*reply),
            Event::Punch { person, way } => self.punch_arrives(person, way),
            Event::Loaded(tab) => self.page_is_loaded(tab),
            Event::Freeze(tab) => self.consider_freezing(tab),
            Event::Wake(device) => self.wake_device(device),
            Event::LinkUp(device) => self.link_is_up(device),
            Event::Server(happening) => self.server_happens(happening),
            Event::Settle(session) => self.settle(session),
        }
    }

    /// Everybody has left and everything has been said: nothing may be open any more.
    fn leftovers(&self) -> Verdict {
        let live = self.server.live();
        if live.sessions > 0 || !self.lives.is_empty() {
            let open = self.lives.iter().next().map(|(session, life)| format!("{session:?} {life:?}"));
            let what =
                format!("at the end {} sessions are live, {} unsettled: {open:?}", live.sessions, self.lives.len());
            return Err(Broken::new("everything_ends", what));
        }
        for stay in self.server.disk.punches.all() {
            checks::nobody_is_in_without_a_session(stay)?;
            checks::auto_out_is_proven(stay)?;
        }
        self.times.iter().try_for_each(|(&person, time)| time.compare(person))
    }

    const fn now(&self) -> Ms {
        self.agenda.now()
    }

    /// Whether people still come and things still go wrong.
    const fn is_on(&self) -> bool {
        self.agenda.now() < self.scenario.length
    }

    fn check(&mut self, verdict: Verdict) {
        if let Err(broken) = verdict
            && self.failure.is_none()
        {
            self.failure = Some(Failure { broken, at: self.now(), scenario: self.scenario });
        }
    }
}
