//! When the next beat goes out, and why then.

use super::{Means, Options, WhenHidden};
use crate::{
    limits,
    page::PageState,
    random::Rng,
    time::{Instant, Millis},
};

/// Why a pulse waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The interval of a visible tab.
    Interval,
    /// The longer interval of a hidden tab.
    Hidden,
    /// A beat failed; it is tried again after a random while.
    Retry,
    /// A beat is under way.
    Answer,
    /// The page has just been shown, hidden or loaded.
    PageChanged,
    /// Input after a time without.
    Returned,
    /// Silent until there is input again, as the tab's owner wishes.
    Idle,
    /// Somebody asked for a beat.
    Asked,
    /// Too many beats at once; this one waits its turn.
    Throttled,
    /// Silent while hidden, as the policy says.
    Paused,
    /// The server refused in a way that trying again cannot mend.
    Refused,
    /// Stopped by the tab's owner.
    Stopped,
}

/// The next beat, the beat under way, and the pace.
#[derive(Debug)]
pub(super) struct Schedule {
    /// The owner's wishes, the interval within its limits.
    options: Options,
    interval: Millis,
    hidden_interval: Option<Millis>,
    /// Whether the pace above was told by the owner or the server. Before that nothing can be promised.
    is_pace_known: bool,
    last_sent: Instant,
    due: Instant,
    why: Why,
    flight: Option<Flight>,
    /// When the one after it would be due, as far as was known when it was sent. What is tried again at once moves nothing.
    next_at: Instant,
    failures: u32,
    /// The server has been told that the tab goes, and has not yet been heard to know better.
    is_goodbye_open: bool,
    /// There has been no input for so long that the tab is to be silent.
    is_idle: bool,
    /// The timer goes on while the page is hidden.
    is_timer_steady: bool,
    /// Each beat costs a second of it; it grows by a second a second. Closed pages are exempt.
    credit: Millis,
    credit_at: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    seq: u32,
    lost_at: Instant,
}

const BEAT_COST: Millis = Millis::seconds(1);
const CREDIT_MAX: Millis = BEAT_COST.times(limits::BEAT_BURST);

impl Schedule {
    /// A beat is due at once; the pace is the usual one until the server says another.
    pub(super) fn new(mut options: Options, now: Instant) -> Self {
        options.interval = options.interval.map(clamp);
        Self {
            interval: options.interval.unwrap_or(limits::INTERVAL_UNTOLD),
            options,
            hidden_interval: Some(limits::HIDDEN_INTERVAL_MIN),
            is_pace_known: false,
            last_sent: now,
            due: now,
            why: Why::PageChanged,
            flight: None,
            next_at: now,
            failures: 0,
            is_goodbye_open: false,
            is_idle: false,
            is_timer_steady: false,
            credit: CREDIT_MAX,
            credit_at: now,
        }
    }

    /// As new for the tab's next session, but for what is true of the tab, and what the beats of the last one have cost:
    /// a server that ended every session at once would be flooded.
    pub(super) fn begin_anew(&mut self, now: Instant) {
        let fresh = Self::new(self.options.clone(), now);
        let Self { is_idle, is_timer_steady, credit, credit_at, .. } = *self;
        *self = Self { is_idle, is_timer_steady, credit, credit_at, ..fresh };
    }

    /// Until when to wait, and why.
    pub(super) fn wait(&self) -> (Instant, Why) {
        match self.flight {
            Some(flight) if flight.lost_at < self.due => (flight.lost_at, Why::Answer),
            _ => (self.due, self.why),
        }
    }

    /// Asks for a beat at `at`, if none is due before.
    pub(super) fn beat_at(&mut self, at: Instant, why: Why) {
        if at <= self.due {
            self.due = at;
            self.why = why;
        }
    }

    /// Whether a beat is due now. A beat that got no answer in time counts as failed on the way.
    pub(super) fn take_due(&mut self, now: Instant, page: PageState, rng: &mut Rng) -> bool {
        if let Some(flight) = self.flight
            && now >= flight.lost_at
        {
            // What is due now for another reason than the pace does not wait for a retry's turn.
            let is_wanted = self.due <= now && !matches!(self.why, Why::Interval | Why::Hidden | Why::Retry);
            let wanted = is_wanted.then_some((self.due, self.why));
            // Counted from then, as a hidden page hears of it with the next full minute only.
            self.failed(flight.seq, Millis::ZERO, flight.lost_at, rng);
            (self.due, self.why) = wanted.unwrap_or((self.due, self.why));
        }
        if now < self.due {
            return false;
        }
        if matches!(page, PageState::Closed | PageState::Frozen) {
            // Every way out of these states asks for a beat of its own; until then a wait that is over would be over
            // for ever.
            self.pause();
            return false;
        }
        self.credit = self.credit.plus(now.since(self.credit_at)).min(CREDIT_MAX);
        self.credit_at = now;
        if self.credit < BEAT_COST {
            self.due = now.after(BEAT_COST.minus(self.credit));
            self.why = Why::Throttled;
            return false;
        }
        self.credit = self.credit.minus(BEAT_COST);
        self.set_next(now, self.pace(page), page);
        true
    }

    /// Beat `seq` has been handed over.
    pub(super) fn sent(&mut self, seq: u32, now: Instant, means: Means, page: PageState) {
        self.last_sent = now;
        match means {
            Means::Fetch => {
                if self.failures != 1 {
                    // Nothing is known of a pace before the first answer, and a goodbye is to be taken back at once.
                    self.next_at = if self.is_pace_known && !self.is_goodbye_open { self.due } else { now };
                } else if now < self.next_at && self.next_at < self.due {
                    self.due = self.next_at;
                }
                self.flight = Some(Flight { seq, lost_at: now.after(self.answer_within()) });
            }
            Means::Beacon => {
                self.flight = None;
                self.set_next(now, None, page);
            }
        }
    }

    /// The server took beat `seq` and may have changed the pace.
    pub(super) fn accepted(
        &mut self,
        seq: u32,
        interval: Millis,
        hidden: Option<Millis>,
        page: PageState,
        rng: &mut Rng,
    ) {
        self.land(seq);
        let promised = if self.failures == 0 { None } else { self.promise(page) };
        // Before that a beat came in its turn, or nearly so.
        let is_out_of_step = core::mem::take(&mut self.failures) > 2;
        self.is_goodbye_open &= !page.is_visible() && self.leaves_when_hidden();
        self.interval = self.options.interval.unwrap_or_else(|| clamp(interval));
        self.hidden_interval = hidden.map(|hidden| clamp(hidden).max(limits::HIDDEN_INTERVAL_MIN));
        let begins_anew = !core::mem::replace(&mut self.is_pace_known, true) || is_out_of_step;
        if !matches!(self.why, Why::Interval | Why::Hidden | Why::Paused) {
            return;
        }
        let gap = self.pace(page);
        if begins_anew {
            // Pages opened by one event (a mail, a bell), and those that come back together after an outage, would beat
            // in step for ever: the first gap is shorter by chance.
            let gap = gap.map(|gap| Millis(gap.0.div_ceil(2)).plus(rng.below(Millis(gap.0 / 2))));
            let gap = gap.map(|gap| gap.min(promised.unwrap_or(gap)));
            self.set_next(self.last_sent, gap, page);
        } else if let Some(gap) = gap {
            // Sooner than promised breaks no promise; a longer pace begins with the next one.
            self.due = self.due.min(self.last_sent.after(gap));
        }
    }

    /// Beat `seq` failed. It is tried again at once, as most that are lost are lost alone. If that fails too, somebody
    /// is away for longer: the next try waits until a beat is due, so the clients of a server that comes back are as
    /// spread over their pace as they were. From then on the lease may be short, and it is tried again after a random
    /// part of a time that doubles (full jitter).
    pub(super) fn failed(&mut self, seq: u32, at_least: Millis, now: Instant, rng: &mut Rng) {
        if !self.land(seq) {
            return;
        }
        let earliest = now.after(at_least.min(limits::LEASE_MAX));
        // Whoever is to be silent, or nearly so, has no pace that could wait.
        let rest = self.next_at.min(self.due).since(earliest);
        let within = if self.failures == 0 { limits::RETRY_AT_ONCE } else { self.retry_within() };
        let mut wait = rng.below(within).plus(Millis(1));
        if self.failures == 1 && (1..=limits::RETRY_LAST.0).contains(&rest.0) {
            wait = rest;
        }
        self.failures += 1;
        self.due = earliest.after(wait);
        self.why = Why::Retry;
    }

    /// Beat `seq` was refused for good.
    pub(super) fn refused(&mut self, seq: u32) {
        if self.land(seq) {
            self.due = Instant::NEVER;
            self.why = Why::Refused;
        }
    }

    /// Waits for the page to be shown, or touched.
    pub(super) fn pause(&mut self) {
        self.due = Instant::NEVER;
        self.why = if self.is_idle { Why::Idle } else { Why::Paused };
    }

    /// Nobody is at the tab any more: after one beat that says so it is silent, if it was not before.
    pub(super) fn fall_idle(&mut self, now: Instant, page: PageState) {
        let was_silent = self.is_silent(page);
        self.is_idle = true;
        if !was_silent {
            self.beat_at(now, Why::Idle);
        }
    }

    /// Somebody is at the tab: if nobody was, that is told at once.
    pub(super) fn end_idleness(&mut self, now: Instant) {
        if core::mem::take(&mut self.is_idle) {
            self.beat_at(now, Why::Returned);
        }
    }

    /// Whether nobody is at the tab.
    pub(super) fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// How long without input makes the tab idle; `None` when none does, or it is silent in any case.
    pub(super) fn idle_after(&self, page: PageState) -> Option<Millis> {
        self.options.idle_after.filter(|_| !self.is_silent(page))
    }

    /// A hidden tab is woken in time, as a visible one is.
    pub(super) fn has_steady_timer(&mut self) {
        self.is_timer_steady = true;
    }

    /// A retry need not wait for its time, but all tabs of a network come back together.
    pub(super) fn network_is_back(&mut self, now: Instant, rng: &mut Rng) {
        if self.why == Why::Retry {
            self.beat_at(now.after(rng.below(limits::RETRY_BASE)), Why::Retry);
        }
    }

    /// After a sleep nobody knows what the server thinks: ask at once, unless silence was agreed.
    pub(super) fn woke(&mut self, now: Instant, page: PageState) {
        if self.flight.take().is_some() || self.gap(page).is_some() {
            self.beat_at(now, Why::PageChanged);
        }
    }

    /// What a beat may promise in this state: nothing before the pace is known, as it may be any. While beats fail,
    /// the next one waits for this one's answer and then for its turn, so no less than that can be promised: it may be
    /// only the answers that are lost.
    pub(super) fn promise(&self, page: PageState) -> Option<Millis> {
        let gap = self.gap(page)?;
        let is_known = self.is_pace_known || self.options.interval.is_some();
        match self.failures {
            0 => is_known.then_some(gap),
            // A hidden tab may yet hear that it is to pause.
            _ if !is_known && !page.is_visible() => None,
            _ => Some(gap.max(limits::ANSWER_WITHIN.plus(self.retry_within()))),
        }
    }

    /// The newest word says that the tab goes; the next one takes that back.
    pub(super) fn has_said_goodbye(&mut self) {
        self.is_goodbye_open = true;
    }

    /// How long the answer to a beat is waited for. A beat that takes a goodbye back has only the server's grace to
    /// arrive in: when it seems lost, another one is worth its bytes. Twice, then the network is down.
    fn answer_within(&self) -> Millis {
        if self.is_goodbye_open && self.failures < 2 { limits::RETURN_ANSWER_WITHIN } else { limits::ANSWER_WITHIN }
    }

    /// Whether nothing is said in this state, as far as the policy is known.
    pub(super) fn is_silent(&self, page: PageState) -> bool {
        self.gap(page).is_none()
    }

    /// Whether hiding the tab counts as leaving.
    pub(super) fn leaves_when_hidden(&self) -> bool {
        self.options.when_hidden == Some(WhenHidden::Leave)
    }

    /// True when `seq` is the beat under way, which it then no longer is.
    fn land(&mut self, seq: u32) -> bool {
        let is_newest = self.flight.is_some_and(|flight| flight.seq == seq);
        if is_newest {
            self.flight = None;
        }
        is_newest
    }

    fn gap(&self, page: PageState) -> Option<Millis> {
        let gap = match page {
            PageState::Active | PageState::Passive => Some(self.interval),
            PageState::Hidden => match self.options.when_hidden {
                None => self.hidden_interval,
                Some(WhenHidden::Beat) => Some(self.hidden_interval.unwrap_or(limits::HIDDEN_INTERVAL_MIN)),
                Some(WhenHidden::Pause | WhenHidden::Leave) => None,
            },
            PageState::Frozen | PageState::Closed => None,
        };
        let gap = gap.filter(|_| !self.is_idle);
        if self.is_timer_steady { gap.map(|gap| gap.min(self.interval)) } else { gap }
    }

    /// When the next beat goes out, if all goes well.
    fn pace(&self, page: PageState) -> Option<Millis> {
        let early = if page.is_visible() || self.is_timer_steady { Millis::ZERO } else { limits::HIDDEN_EARLY };
        self.gap(page).map(|gap| gap.minus(early))
    }

    /// The longest wait of the next retry.
    fn retry_within(&self) -> Millis {
        limits::RETRY_BASE.times(1 << self.failures.min(16)).min(limits::RETRY_LAST)
    }

    fn set_next(&mut self, now: Instant, gap: Option<Millis>, page: PageState) {
        match gap {
            Some(gap) => {
                self.due = now.after(gap);
                self.why = if page.is_visible() { Why::Interval } else { Why::Hidden };
            }
            None => self.pause(),
        }
    }
}

fn clamp(interval: Millis) -> Millis {
    interval.clamp(limits::INTERVAL_MIN, limits::LEASE_MAX)
}
