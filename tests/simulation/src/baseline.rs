//! The baselines: what each of the five systems did before, in a few lines each, for the same people and browsers.
//!
//! They are as good as their descriptions let them be: tickers start at once, answers never fail, sweeps take no time.

use std::collections::{BTreeMap, BTreeSet};

use stillhere_engine::{
    page::PageState,
    pulse::Input,
    time::{Instant, Millis},
    wire::SessionId,
};

use crate::{
    agenda::{MINUTE, Ms, SECOND},
    preset::Preset,
};

/// What a baseline's page sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ping {
    /// Still here.
    Beat,
    /// Gone; by beacon, DELETE, or the operating system closing a socket.
    Bye,
}

impl Ping {
    /// How long its body is, as the systems' descriptions have it.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Beat => 100,
            Self::Bye => 60,
        }
    }
}

/// A baseline's page.
#[derive(Debug)]
pub struct Client {
    preset: Preset,
    session: SessionId,
    is_visible: bool,
    is_over: bool,
    next: Instant,
    last_input: Option<Instant>,
}

impl Client {
    /// A page that begins to send with its first input.
    #[must_use]
    pub const fn begin(preset: Preset, session: SessionId, now: Instant) -> Self {
        Self { preset, session, is_visible: false, is_over: false, next: now, last_input: None }
    }

    /// Its session: one for each page.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// When its ticker ticks.
    #[must_use]
    pub const fn wait(&self) -> Instant {
        if self.is_over { Instant::NEVER } else { self.next }
    }

    /// What it sends when this happens.
    pub fn handle(&mut self, input: &Input, now: Instant) -> Vec<Ping> {
        match input {
            Input::Page(PageState::Closed | PageState::Frozen) | Input::SignOut => self.leave(),
            Input::Page(state) => self.turn(state.is_visible(), now),
            Input::Activity => {
                self.last_input = Some(now);
                Vec::new()
            }
            Input::Timer if !self.is_over && now >= self.next => self.tick(now),
            // A change of channel is told at once where there are channels.
            Input::BeatNow if self.preset == Preset::ModuleUsers => vec![Ping::Beat],
            // The socket's library connects again when the network is back.
            Input::Online if self.preset == Preset::Availability => vec![Ping::Beat],
            _ => Vec::new(),
        }
    }

    fn interval(&self) -> Millis {
        match self.preset {
            Preset::SessionDuration => Millis::minutes(3),
            Preset::Default | Preset::PunchClock => Millis::seconds(10),
            Preset::WhoIsOnline => Millis::seconds(5),
            Preset::ModuleUsers => Millis::seconds(45),
            Preset::Availability => Millis::seconds(60),
        }
    }

    fn tick(&mut self, now: Instant) -> Vec<Ping> {
        self.next = now.after(self.interval());
        let sends = match self.preset {
            Preset::SessionDuration => self.is_visible,
            // Only while the user is active.
            Preset::WhoIsOnline => self.last_input.is_some_and(|last| now.since(last) <= self.interval()),
            _ => true,
        };
        if sends { vec![Ping::Beat] } else { Vec::new() }
    }

    fn turn(&mut self, is_visible: bool, now: Instant) -> Vec<Ping> {
        let was = std::mem::replace(&mut self.is_visible, is_visible);
        let returns = std::mem::replace(&mut self.is_over, false);
        if is_visible && (!was || returns) {
            self.next = now.after(self.interval());
            self.last_input = Some(now);
            return vec![Ping::Beat];
        }
        match self.preset {
            Preset::WhoIsOnline if was && !is_visible => vec![Ping::Bye],
            _ => Vec::new(),
        }
    }

    fn leave(&mut self) -> Vec<Ping> {
        self.is_over = true;
        self.is_visible = false;
        match self.preset {
            // Its last ping, by beacon.
            Preset::SessionDuration => vec![Ping::Beat],
            Preset::ModuleUsers => Vec::new(),
            _ => vec![Ping::Bye],
        }
    }
}

/// Who is kept apart from whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Session(SessionId),
    Person(u32),
}

#[derive(Clone, Copy, Debug)]
struct Present {
    person: u32,
    channel: usize,
    seen_at: Ms,
}

/// What the baseline recorded of one page's session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record {
    person: u32,
    started_at: Ms,
    seen_at: Ms,
    is_in: bool,
    /// The length of earlier parts, between which it was out.
    earlier: Ms,
    detected_at: Ms,
}

impl Record {
    /// Its length in all.
    #[must_use]
    pub const fn length(&self) -> Ms {
        self.earlier + if self.is_in { self.seen_at - self.started_at } else { 0 }
    }

    /// When the server last said that it is over; zero when it never did.
    #[must_use]
    pub const fn detected_at(&self) -> Ms {
        self.detected_at
    }

    /// Whether the server thinks that it goes on.
    #[must_use]
    pub const fn is_in(&self) -> bool {
        self.is_in
    }
}

/// Somebody of whom it was said that they left: who, and from which channel.
pub type Left = (u32, usize);

/// A baseline's server.
#[derive(Debug)]
pub struct Server {
    preset: Preset,
    present: BTreeMap<Entry, Present>,
    records: BTreeMap<SessionId, Record>,
    of_person: BTreeMap<u32, BTreeSet<SessionId>>,
}

impl Server {
    /// Nobody is here.
    #[must_use]
    pub const fn new(preset: Preset) -> Self {
        Self { preset, present: BTreeMap::new(), records: BTreeMap::new(), of_person: BTreeMap::new() }
    }

    /// A request has arrived; says who has left by it.
    pub fn take(&mut self, session: SessionId, person: u32, ping: Ping, channel: usize, now: Ms) -> Option<Left> {
        let entry = self.entry(session, person);
        match ping {
            Ping::Beat => {
                let record = self.records.entry(session).or_default();
                self.of_person.entry(person).or_default().insert(session);
                record.person = person;
                if !record.is_in {
                    record.is_in = true;
                    record.started_at = now;
                }
                record.seen_at = now;
                self.present.insert(entry, Present { person, channel, seen_at: now });
                None
            }
            Ping::Bye => {
                if let Some(record) = self.records.get_mut(&session).filter(|record| record.is_in) {
                    record.seen_at = now;
                }
                self.end(entry, now)
            }
        }
    }

    /// How often the sweeper comes; `None`: there is none.
    #[must_use]
    pub const fn sweeps_every(&self) -> Option<Ms> {
        match self.preset {
            Preset::SessionDuration => None,
            Preset::Default | Preset::PunchClock => Some(15 * SECOND),
            // Entries expire by themselves.
            Preset::WhoIsOnline => Some(SECOND),
            Preset::ModuleUsers => Some(MINUTE),
            Preset::Availability => Some(15 * SECOND),
        }
    }

    const fn stale_after(&self) -> Ms {
        match self.preset {
            Preset::SessionDuration => Ms::MAX,
            Preset::Default | Preset::PunchClock => 30 * SECOND,
            Preset::WhoIsOnline => 60 * SECOND,
            Preset::ModuleUsers => 5 * MINUTE,
            Preset::Availability => 90 * SECOND,
        }
    }

    /// The sweeper comes; says who has left.
    pub fn sweep(&mut self, now: Ms) -> Vec<Left> {
        let stale_after = self.stale_after();
        let stale: Vec<Entry> = self
            .present
            .iter()
            .filter(|(_, present)| now.saturating_sub(present.seen_at) > stale_after)
            .map(|(&entry, _)| entry)
            .collect();
        stale.into_iter().filter_map(|entry| self.end(entry, now)).collect()
    }

    /// The process starts again; says who is not known any more.
    pub fn restart(&mut self, now: Ms) -> Vec<Left> {
        if !matches!(self.preset, Preset::ModuleUsers | Preset::Availability) {
            return Vec::new();
        }
        let all: Vec<Entry> = self.present.keys().copied().collect();
        all.into_iter().filter_map(|entry| self.end(entry, now)).collect()
    }

    /// What was recorded of a session.
    #[must_use]
    pub fn record(&self, session: &SessionId) -> Option<&Record> {
        self.records.get(session)
    }

    /// Forgets a session that is over.
    pub fn forget(&mut self, session: &SessionId) {
        if let Some(record) = self.records.remove(session)
            && let Some(sessions) = self.of_person.get_mut(&record.person)
        {
            sessions.remove(session);
            if sessions.is_empty() {
                self.of_person.remove(&record.person);
            }
        }
        self.present.remove(&Entry::Session(*session));
    }

    const fn entry(&self, session: SessionId, person: u32) -> Entry {
        match self.preset {
            Preset::WhoIsOnline | Preset::ModuleUsers => Entry::Person(person),
            _ => Entry::Session(session),
        }
    }

    fn end(&mut self, entry: Entry, now: Ms) -> Option<Left> {
        let Present { person, channel, .. } = self.present.remove(&entry)?;
        let sessions = match entry {
            Entry::Session(session) => vec![session],
            Entry::Person(person) => self.of_person.get(&person).into_iter().flatten().copied().collect(),
        };
        for session in sessions {
            if let Some(record) = self.records.get_mut(&session).filter(|record| record.is_in) {
                record.earlier += record.seen_at - record.started_at;
                record.is_in = false;
                record.detected_at = now;
            }
        }
        let is_still_here =
            self.of_person.get(&person).into_iter().flatten().any(|session| self.records[session].is_in);
        (!is_still_here).then_some((person, channel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAB: SessionId = SessionId([1; 16]);

    #[test]
    fn the_punch_clock_punches_out_a_tab_whose_timers_are_throttled() {
        let mut server = Server::new(Preset::PunchClock);
        server.take(TAB, 1, Ping::Beat, 0, 0);
        assert_eq!(server.sweep(30 * SECOND), []);
        assert_eq!(server.sweep(45 * SECOND), [(1, 0)]);
    }

    #[test]
    fn closing_one_of_two_punched_in_tabs_is_no_leave() {
        let mut server = Server::new(Preset::PunchClock);
        server.take(TAB, 1, Ping::Beat, 0, 0);
        server.take(SessionId([2; 16]), 1, Ping::Beat, 0, 0);
        assert_eq!(server.take(TAB, 1, Ping::Bye, 0, 5), None);
        assert_eq!(server.take(SessionId([2; 16]), 1, Ping::Bye, 0, 5), Some((1, 0)));
    }

    #[test]
    fn a_reader_pings_every_three_minutes_and_not_while_hidden() {
        let mut client = Client::begin(Preset::SessionDuration, TAB, Instant(0));
        assert_eq!(client.handle(&Input::Page(PageState::Active), Instant(0)), [Ping::Beat]);
        assert_eq!(client.handle(&Input::Timer, Instant(180_000)), [Ping::Beat]);
        client.handle(&Input::Page(PageState::Hidden), Instant(181_000));
        assert_eq!(client.handle(&Input::Timer, Instant(360_000)), []);
        assert_eq!(client.handle(&Input::Page(PageState::Active), Instant(400_000)), [Ping::Beat]);
        assert_eq!(client.handle(&Input::Page(PageState::Closed), Instant(401_000)), [Ping::Beat]);
    }
}
