//! A tab's story in any order: pages that come and go, clocks that stand and leap, answers that never come.

use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use stillhere_engine::{
    limits,
    page::PageState,
    pulse::{Dispatch, Input, Means, Options, Outcome, Output, Pulse, Saved, WhenHidden},
    time::{Instant, Millis, Now, Timestamp},
    wire::{RawBeat, SessionId},
};

use crate::{
    chance::{Length, Text, Told},
    wire_raw::obeys_the_limits,
};

#[derive(Debug, Arbitrary)]
struct Story {
    seed: [u8; 16],
    interval: Option<Length>,
    when_hidden: u8,
    steps: Vec<Step>,
}

/// What happens to the tab. A new input of the pulse is a line here and one in [`Tab::take`].
#[derive(Debug, Arbitrary)]
enum Step {
    Page(u8),
    /// A person who goes to and fro between two tabs.
    Flicker(u8),
    Activity,
    Timer,
    BeatNow,
    SteadyTimer,
    Online,
    Stop,
    SignOut,
    /// Both clocks go on, and nobody looks.
    Pass(Length),
    /// The wall clock goes on while the other one stands still.
    Sleep(Length),
    SetWall(i32),
    /// The shell's timer fires when the pulse said, so many times.
    WaitIsOver(u8),
    Answer {
        to: u8,
        outcome: Reply,
    },
    /// Another page of the tab is loaded, and this one kept in the cache.
    NextPage,
    /// Back to the cached page, before or after the other one has said its last word.
    Back {
        is_told_first: bool,
    },
    /// Somebody else writes into the tab's storage.
    Scribble(Text),
}

#[derive(Debug, Arbitrary)]
enum Reply {
    Accepted { interval: Length, hidden_interval: Option<Length>, saved_seq: u32 },
    Retry(Length),
    Ended,
    Refused,
}

/// Longer stories reach nothing new.
const STEPS: usize = 256;

/// No page is loaded faster than this, in milliseconds.
const LOADING: u64 = 250;

/// A browser's page, with the clock of its own.
struct Page {
    pulse: Pulse,
    loaded_at: u64,
    fetches: u64,
    is_stopped: bool,
    has_signed_out: bool,
    wait: Instant,
}

struct Tab {
    options: Options,
    seed: [u8; 16],
    page: Page,
    cached: Option<Page>,
    storage: Option<String>,
    /// What lies there was written by a page of ours.
    is_honest: bool,
    ran: u64,
    wall: u64,
    told: BTreeSet<(SessionId, u32)>,
    recent: Vec<Dispatch>,
}

/// Lives the story that `bytes` tell.
///
/// # Panics
/// When a beat is none that the server would take, when two beats have one number, when the page floods the network
/// or its shell, or when something is sent after the end.
pub fn check(bytes: &[u8]) {
    let Ok(story) = Story::arbitrary(&mut Unstructured::new(bytes)) else { return };
    let _told = Told(&story);
    let when_hidden = [None, Some(WhenHidden::Pause), Some(WhenHidden::Beat), Some(WhenHidden::Leave)];
    let options = Options {
        interval: story.interval.map(|interval| Millis(interval.0)),
        when_hidden: when_hidden[usize::from(story.when_hidden) % 4],
        idle_after: [None, Some(Millis::seconds(1)), Some(Millis::minutes(5))][usize::from(story.when_hidden) / 4 % 3],
    };
    let mut tab = Tab::open(options, story.seed);
    for step in story.steps.iter().take(STEPS) {
        tab.take(step);
    }
}

impl Tab {
    fn open(options: Options, seed: [u8; 16]) -> Self {
        let wall = 1_790_000_000_000;
        let now = Now { instant: Instant(0), wall: Timestamp(wall) };
        Self {
            page: Page::load(options.clone(), seed, None, 0, now),
            options,
            seed,
            cached: None,
            storage: None,
            is_honest: true,
            ran: 0,
            wall,
            told: BTreeSet::new(),
            recent: Vec::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Page(state) => self.enter(state_of(state)),
            Step::Flicker(times) => {
                for at in 0..times {
                    self.enter(if at % 2 == 0 { PageState::Hidden } else { PageState::Active });
                }
            }
            Step::Activity => self.tell(Input::Activity),
            Step::Timer => self.wake(),
            Step::BeatNow => self.ask(),
            Step::SteadyTimer => self.tell(Input::SteadyTimer),
            Step::Online => self.tell(Input::Online),
            Step::Stop => self.end(Input::Stop),
            Step::SignOut => self.end(Input::SignOut),
            Step::Pass(length) => self.pass(length.0.min(limits::SESSION_AGE.0)),
            Step::Sleep(length) => self.wall = self.wall.saturating_add(length.0),
            Step::SetWall(by) => self.wall = self.wall.saturating_add_signed(i64::from(by) * 1_000),
            Step::WaitIsOver(times) => self.wait_out(times),
            Step::Answer { to, ref outcome } => self.answer(to, outcome),
            Step::NextPage => self.next_page(),
            Step::Back { is_told_first } => self.back(is_told_first),
            Step::Scribble(ref text) => {
                self.storage = Some(text.0.clone());
                self.is_honest = false;
            }
        }
    }

    fn end(&mut self, how: Input) {
        self.tell(how);
        self.page.is_stopped = true;
    }

    fn pass(&mut self, length: u64) {
        self.ran = self.ran.saturating_add(length);
        self.wall = self.wall.saturating_add(length);
    }

    /// Nobody asks or changes a page's state more often than this for long: a page that overtakes another relies on it.
    fn ask(&mut self) {
        self.pass(limits::BEAT_GAP_MIN.0);
        self.tell(Input::BeatNow);
    }

    fn enter(&mut self, state: PageState) {
        self.pass(limits::BEAT_GAP_MIN.0);
        self.tell(Input::Page(state));
        // Laid down for the tab's next page, and taken back by a page that is thawed.
        let leaves = matches!(state, PageState::Frozen | PageState::Closed);
        self.storage = leaves.then(|| self.page.pulse.save().to_text());
    }

    /// The shell's timer: never again at once for ever.
    fn wake(&mut self) {
        for _ in 0..4 {
            self.tell(Input::Timer);
            if self.page.wait > self.now().instant {
                return;
            }
        }
        panic!("four timers at {:?}, and the next is due at {:?}", self.now().instant, self.page.wait);
    }

    fn wait_out(&mut self, times: u8) {
        for _ in 0..times.min(32) {
            let left = self.page.wait.since(self.now().instant).min(limits::LEASE_MAX);
            self.pass(left.0);
            self.wake();
        }
    }

    fn answer(&mut self, to: u8, outcome: &Reply) {
        let Some(at) = self.recent.len().checked_sub(1 + usize::from(to % 4)) else { return };
        let beat = &self.recent[at];
        let outcome = match *outcome {
            Reply::Accepted { interval, hidden_interval, saved_seq } => Outcome::Accepted {
                interval: Millis(interval.0),
                hidden_interval: hidden_interval.map(|interval| Millis(interval.0)),
                saved_seq,
            },
            Reply::Retry(after) => Outcome::Retry { after: Millis(after.0) },
            Reply::Ended => Outcome::Ended,
            Reply::Refused => Outcome::Refused,
        };
        let (session, seq) = (beat.session, beat.seq);
        self.tell(Input::Answered { session, seq, outcome });
    }

    fn next_page(&mut self) {
        self.enter(PageState::Frozen);
        self.pass(LOADING);
        self.seed[0] = self.seed[0].wrapping_add(1);
        let saved = self.storage.take().as_deref().and_then(Saved::parse);
        let now = Now { instant: Instant(0), wall: Timestamp(self.wall) };
        let page = Page::load(self.options.clone(), self.seed, saved, self.ran, now);
        self.cached = Some(std::mem::replace(&mut self.page, page));
        self.drain();
    }

    fn back(&mut self, is_told_first: bool) {
        let Some(mut page) = self.cached.take() else { return };
        if !is_told_first {
            self.enter(PageState::Closed);
        }
        std::mem::swap(&mut self.page, &mut page);
        let saved = self.storage.take().as_deref().and_then(Saved::parse);
        self.tell(Input::Restore(saved));
        if is_told_first {
            std::mem::swap(&mut self.page, &mut page);
            self.enter(PageState::Closed);
            std::mem::swap(&mut self.page, &mut page);
            self.storage = None;
        }
        self.enter(PageState::Active);
    }

    fn now(&self) -> Now {
        Now { instant: Instant(self.ran - self.page.loaded_at), wall: Timestamp(self.wall) }
    }

    fn tell(&mut self, input: Input) {
        let now = self.now();
        self.page.pulse.handle_input(input, now);
        self.drain();
    }

    fn drain(&mut self) {
        // One input can end a session, begin the next, and say something about each.
        for _ in 0..4 {
            match self.page.pulse.poll_output() {
                Output::Send(dispatch) => self.sent(dispatch),
                Output::Ended(_) => assert!(!self.page.is_stopped, "a session begins after the end"),
                Output::Wait { until, .. } => {
                    self.page.wait = until;
                    return;
                }
            }
        }
        panic!("no wait after four outputs");
    }

    fn sent(&mut self, dispatch: Dispatch) {
        // Who has only stopped may still sign out, once.
        let signs_out = dispatch.sign_out && !std::mem::replace(&mut self.page.has_signed_out, dispatch.sign_out);
        assert!(!self.page.is_stopped || signs_out, "a beat after the last word");
        let text = serde_json::to_string(&dispatch).expect("a beat can be written");
        assert!(text.len() + 2_048 <= limits::BEAT_BYTES, "{} bytes leave no room for a token", text.len());
        let raw: RawBeat = serde_json::from_str(&text).expect("a beat can be read");
        let beat = raw.parse().unwrap_or_else(|why| panic!("the server would refuse this: {why} {text}"));
        obeys_the_limits(&beat);
        let is_new = self.told.insert((dispatch.session, dispatch.seq));
        assert!(is_new || !self.is_honest, "two beats with one number: {text}");
        if dispatch.means == Means::Fetch {
            self.page.fetches += 1;
            let allowed = limits::BEAT_BURST + self.now().instant.0 / 1_000;
            assert!(self.page.fetches <= allowed, "{} beats, {allowed} are allowed", self.page.fetches);
        }
        self.recent.push(dispatch);
    }
}

impl Page {
    fn load(options: Options, seed: [u8; 16], saved: Option<Saved>, ran: u64, now: Now) -> Self {
        let pulse = Pulse::begin(options, seed, saved, now);
        Self { pulse, loaded_at: ran, fetches: 0, is_stopped: false, has_signed_out: false, wait: Instant::NEVER }
    }
}

fn state_of(number: u8) -> PageState {
    let states = [PageState::Active, PageState::Passive, PageState::Hidden, PageState::Frozen, PageState::Closed];
    states[usize::from(number) % states.len()]
}
