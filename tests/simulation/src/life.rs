//! The truth about one session: what its tab really did, whatever the server came to know of it.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use stillhere_engine::{limits, page::PageState, time::Millis, wire::SessionId};

use crate::agenda::{MINUTE, Ms};

/// Every session that may still be heard of.
pub type Lives = HashMap<SessionId, Life, FixedState>;

/// A time in which a page held the session, ran, and was able to beat.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Its first moment.
    pub from: Ms,
    /// Its last; `None` while it goes on.
    pub until: Option<Ms>,
}

/// A beat that a tab has sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Which.
    pub seq: u32,
    /// When.
    pub at: Ms,
    /// What it promised.
    pub promise: Option<Millis>,
    /// What it said of the page.
    pub state: PageState,
}

/// A beat that the server has taken.
#[derive(Clone, Copy, Debug)]
pub struct Arrived {
    /// Which.
    pub seq: u32,
    /// When it was sent.
    pub sent_at: Ms,
    /// When it came.
    pub at: Ms,
    /// What it said of the page.
    pub state: PageState,
    /// What it promised.
    pub promise: Option<Millis>,
    /// For how long it is good by the policy, worked out apart from the tracker.
    pub lease: Millis,
    /// How long the server had been down in this session's life before.
    pub downtime: Ms,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing yet.
    UnderWay,
    /// The network lost it.
    Lost,
    /// The server was not there.
    Down,
    /// It reached the server.
    Arrived,
}

/// A request to be kept in, since the newest one that the server has taken.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// Which.
    pub seq: u32,
    /// When.
    pub at: Ms,
    /// What became of it.
    pub fate: Fate,
}

/// What the server has said of a session's end.
#[derive(Clone, Copy, Debug)]
pub struct EndSeen {
    /// On the server's clock.
    pub detected_at: u64,
    /// The stretch of the newest beat that came before.
    pub stretch: usize,
    /// When that beat was sent: a paused page that says that it closes was there until then.
    pub heard_at: Ms,
    /// No later beat had been sent.
    pub has_heard_all: bool,
}

/// One session's truth.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// Whose.
    pub person: u32,
    /// The first beat was sent.
    pub began: Option<Ms>,
    /// When it was able to beat.
    pub stretches: Vec<Stretch>,
    /// Time in which a person could see it, but for the present.
    pub visible: Ms,
    visible_since: Option<Ms>,
    /// When that was, where it is looked at.
    pub seen: Vec<(Ms, Ms)>,
    /// How long its page was there, on a machine that was awake.
    pub open: Ms,
    open_since: Option<Ms>,
    open_until: Option<Ms>,
    /// How often its machine slept, whatever the tab was doing.
    pub naps: u64,
    /// How often its machine slept while it was visible.
    pub sleeps: u64,
    /// How often its machine's wall clock was set forward, which looks like a sleep.
    pub leaps: u64,
    /// By how much those sleeps may go unnoticed, all together.
    pub unnoticed: Ms,
    /// How many spans that makes.
    pub spans: u64,
    /// The newest beat sent.
    pub last_sent: Option<Sent>,
    /// What has been sent since.
    pub trials: Vec<Trial>,
    /// The newest beat taken.
    pub newest: Option<Arrived>,
    /// Beats taken lately, newest last; a crash takes some back.
    pub arrivals: Vec<Arrived>,
    /// The longest that any beat of it has been under way.
    pub worst_delay: Ms,
    /// Since when no page holds it.
    pub gone_at: Option<Ms>,
    /// The server says that it is over.
    pub end: Option<EndSeen>,
    /// The newest beat that was answered as taken; 0: none yet.
    pub answered: u32,
    /// When a restart of the server with an empty disk, or with another clock, last blurred what it can know.
    pub blurred_at: Option<Ms>,
    /// The server died while it was open.
    pub crashes: u32,
    /// How long the server has been down in its life.
    pub downtime: Ms,
}

/// How many trials are remembered, oldest first: the first ones say why the server heard nothing.
const TRIALS: usize = 32;

/// How many arrivals are remembered: more than come between two checkpoints, even while the store fails.
const ARRIVALS: usize = 64;

/// A reload, or a lid that was closed and opened again.
const SHORT_BREAK: Ms = 2 * MINUTE;

impl Life {
    /// A life that begins.
    #[must_use]
    pub fn of(person: u32) -> Self {
        Self { person, ..Self::default() }
    }

    /// A page runs on with it, or no longer does.
    pub fn set_running(&mut self, runs: bool, now: Ms) {
        let last = self.stretches.last_mut();
        match (last, runs) {
            (Some(Stretch { until: until @ None, .. }), false) => *until = Some(now),
            (Some(Stretch { until: None, .. }), true) | (_, false) => {}
            // What ran on within the same moment was never interrupted.
            (Some(Stretch { until, .. }), true) if *until == Some(now) => *until = None,
            (_, true) => self.stretches.push(Stretch { from: now, until: None }),
        }
    }

    /// A person can see it, or no longer can.
    pub fn set_visible(&mut self, is_visible: bool, now: Ms) {
        if is_visible {
            if self.visible_since.is_none() {
                self.spans += 1;
                self.visible_since = Some(now);
            }
        } else if let Some(since) = self.visible_since.take() {
            self.visible += now - since;
            self.seen.push((since, now));
        }
    }

    /// Its page is there on a machine that is awake, or no longer is. A break too short to notice is none.
    pub fn set_open(&mut self, is_open: bool, now: Ms) {
        if is_open && self.open_since.is_none() {
            let short_break = self.open_until.map(|until| now - until).filter(|&length| length <= SHORT_BREAK);
            self.open += short_break.unwrap_or(0);
            self.open_since = Some(now);
        } else if !is_open && let Some(since) = self.open_since.take() {
            self.open += now - since;
            self.open_until = Some(now);
        }
    }

    /// When its page was last there on a machine that was awake; `now` if it is.
    #[must_use]
    pub fn last_open(&self, now: Ms) -> Ms {
        self.open_until.filter(|_| self.open_since.is_none()).unwrap_or(now)
    }

    /// Whether a person can see it.
    #[must_use]
    pub const fn is_visible(&self) -> bool {
        self.visible_since.is_some()
    }

    /// The visible time up to `now`.
    #[must_use]
    pub fn visible_until(&self, now: Ms) -> Ms {
        self.visible + self.visible_since.map_or(0, |since| now - since)
    }

    /// A request goes out.
    pub fn try_again(&mut self, seq: u32, at: Ms) {
        if self.trials.len() < TRIALS {
            self.trials.push(Trial { seq, at, fate: Fate::UnderWay });
        }
    }

    /// Something became of a request. One that has arrived may have a double that is lost.
    pub fn fare(&mut self, seq: u32, fate: Fate) {
        if let Some(trial) = self.trials.iter_mut().find(|trial| trial.seq == seq && trial.fate != Fate::Arrived) {
            trial.fate = fate;
        }
    }

    /// The server has taken a request: what went before does not matter any more.
    pub fn is_heard(&mut self, seq: u32) {
        self.trials.retain(|trial| trial.seq > seq);
    }

    /// A beat has reached the tracker.
    pub fn arrive(&mut self, arrived: Arrived) {
        self.worst_delay = self.worst_delay.max(arrived.at - arrived.sent_at);
        self.is_heard(arrived.seq);
        if self.newest.is_some_and(|newest| newest.seq >= arrived.seq) {
            return;
        }
        self.newest = Some(arrived);
        if self.arrivals.len() == ARRIVALS {
            self.arrivals.remove(0);
        }
        self.arrivals.push(arrived);
    }

    /// The disk has beat `seq`: no crash goes back behind it.
    pub fn is_saved(&mut self, seq: u32) {
        self.arrivals.retain(|arrived| arrived.seq >= seq);
    }

    /// The server has lost what came after beat `seq`.
    pub fn fall_back_to(&mut self, seq: u32) {
        self.arrivals.retain(|arrived| arrived.seq <= seq);
        self.newest = self.arrivals.last().copied();
    }

    /// Whether what the server knows of its past is blurred.
    #[must_use]
    pub const fn is_blurred(&self) -> bool {
        self.blurred_at.is_some()
    }

    /// Whether that is so for its lease, too: what has come since is as clear as ever.
    #[must_use]
    pub fn is_lease_blurred(&self) -> bool {
        self.blurred_at.is_some_and(|at| self.newest.is_none_or(|newest| newest.at <= at))
    }

    /// Since when the page has run without a break, if it runs.
    #[must_use]
    pub fn runs_since(&self) -> Option<Ms> {
        self.stretches.last().filter(|stretch| stretch.until.is_none()).map(|stretch| stretch.from)
    }

    /// The number of the stretch in which `at` lies, or of the last one before it.
    #[must_use]
    pub fn stretch_at(&self, at: Ms) -> usize {
        self.stretches.iter().rposition(|stretch| stretch.from <= at).unwrap_or(0)
    }

    /// The end of a stretch, or of a later one that follows within `gap`; `now` if it goes on. It lasted at least until
    /// `heard_at`.
    #[must_use]
    pub fn end_of(&self, EndSeen { stretch, heard_at, .. }: EndSeen, gap: Ms, now: Ms) -> Ms {
        let mut end = heard_at;
        for next in self.stretches.iter().skip(stretch) {
            if next.from > end + gap {
                break;
            }
            end = end.max(next.until.unwrap_or(now));
        }
        end
    }

    /// Its machine falls asleep; while it can be seen, so much of that may go unnoticed.
    pub fn fall_asleep(&mut self, unnoticed: Ms) {
        self.naps += 1;
        if self.is_visible() {
            self.sleeps += 1;
            self.unnoticed += unnoticed;
        }
    }

    /// What a moment before a sleep may be misplaced by afterwards: the clocks drift, and the sleep is measured by another.
    #[must_use]
    pub fn nap_slack(&self, over: Ms) -> Ms {
        over / 2_000 + limits::SLEEP_AFTER.0 * self.naps
    }

    /// What the tab's own clock may be off by over so long: it drifts, and sleeps are measured by another clock.
    #[must_use]
    pub fn clock_slack(&self, over: Ms) -> Ms {
        over / 2_000 + limits::SLEEP_AFTER.0 * (self.stretches.len() as u64 + self.naps)
    }
}
