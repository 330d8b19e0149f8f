//! One tab's heart: when to beat, and what to say.
//!
//! The shell tells a [`Pulse`] what the browser and the server do; the pulse says what to send and how long to
//! wait. It keeps the promise that each beat makes, measures visible and active time on the tab's own clock, and
//! forgets nothing that the server has not been seen to keep.

mod activity;
mod api;
mod clock;
mod saved;
mod schedule;

pub use api::{Dispatch, Input, Means, Options, Outcome, Output, WhenHidden};
pub use clock::TabClock;
pub use saved::Saved;
pub use schedule::Why;

use crate::{
    limits,
    page::PageState,
    random::Rng,
    spans::SpanLog,
    time::{Instant, Millis, Now},
    wire::SessionId,
};
use activity::Activity;
use schedule::Schedule;

/// One tab's heart. **After every [`handle_input`](Self::handle_input), call
/// [`poll_output`](Self::poll_output) until it says [`Output::Wait`].**
#[derive(Debug)]
pub struct Pulse {
    session: SessionId,
    seq: u32,
    clock: TabClock,
    page: PageState,
    spans: SpanLog,
    activity: Activity,
    /// The newest sign of a person, on the tab's clock: input, or that they came here.
    person_at: Millis,
    schedule: Schedule,
    rng: Rng,
    /// The session that has ended, and then what is to be sent: one input brings at most one of each.
    ended: Option<SessionId>,
    dispatch: Option<Dispatch>,
    life: Life,
    now: Now,
    /// Until when the shell was told to wait.
    look_at: Instant,
}

/// How far a heart has come. There is no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Life {
    Beating,
    Stopped,
    SignedOut,
}

impl Pulse {
    /// A heart that begins to beat with its first [`Input::Page`] or [`Input::Timer`]: a new session with an id
    /// from `seed`, or the one that an earlier page of this tab has saved.
    #[must_use]
    pub fn begin(options: Options, seed: [u8; 16], saved: Option<Saved>, now: Now) -> Self {
        let mut rng = Rng::new(seed);
        let mut pulse = Self {
            session: SessionId(rng.bytes()),
            seq: 0,
            clock: TabClock::start(Millis::ZERO, now),
            page: PageState::Hidden,
            spans: SpanLog::default(),
            activity: Activity::default(),
            person_at: Millis::ZERO,
            schedule: Schedule::new(options, now.instant),
            rng,
            ended: None,
            dispatch: None,
            life: Life::Beating,
            now,
            look_at: Instant::NEVER,
        };
        if let Some(saved) = saved {
            pulse.restore(saved, now);
        }
        pulse
    }

    /// Takes note of what happened. Never fails: an input that makes no sense now changes nothing.
    pub fn handle_input(&mut self, input: Input, now: Now) {
        self.now = now;
        // Where both clocks go on in a sleep, only the timer that was held up gives it away.
        let is_overdue = self.page.is_visible() && now.instant.since(self.look_at) > limits::OVERDUE_AFTER;
        if self.clock.advance(now) || is_overdue {
            self.wake();
        }
        if self.clock.t() > limits::SESSION_AGE && !self.has_stopped() {
            self.begin_anew();
        }
        match input {
            Input::Page(state) => self.enter(state),
            Input::Activity => self.be_active(),
            Input::Timer => {}
            Input::SteadyTimer => self.schedule.has_steady_timer(),
            // An answer may come when the tab is already in its next session.
            Input::Answered { session, .. } if session != self.session => {}
            Input::Answered { seq, outcome, .. } => self.take_answer(seq, &outcome),
            Input::BeatNow => self.schedule.beat_at(now.instant, Why::Asked),
            Input::Online => self.schedule.network_is_back(now.instant, &mut self.rng),
            Input::Restore(saved) => {
                let saved = saved.unwrap_or_else(|| self.save());
                self.restore(saved, now);
                self.overtake();
            }
            Input::Stop => self.finish(Life::Stopped),
            // Said also after a `Stop`: that one only told that the tab is gone.
            Input::SignOut => self.finish(Life::SignedOut),
        }
        if self.idle_in() == Some(Millis::ZERO) {
            self.schedule.fall_idle(now.instant, self.page);
        }
        self.beat_if_due();
    }

    /// The next thing to do; [`Output::Wait`] ends the list.
    pub fn poll_output(&mut self) -> Output {
        if let Some(session) = self.ended.take() {
            return Output::Ended(session);
        }
        if let Some(dispatch) = self.dispatch.take() {
            return Output::Send(dispatch);
        }
        let (due, why) = self.due();
        let is_watched = self.page.is_visible() && !self.has_stopped();
        self.look_at = due;
        for look_in in is_watched.then_some(limits::LOOK_EVERY).into_iter().chain(self.idle_in()) {
            self.look_at = self.look_at.min(self.now.instant.after(look_in));
        }
        Output::Wait { until: self.look_at, why }
    }

    /// When the next beat is due, and why then. A wait may end before, for a look at the clocks.
    #[must_use]
    pub fn due(&self) -> (Instant, Why) {
        if self.has_stopped() { (Instant::NEVER, Why::Stopped) } else { self.schedule.wait() }
    }

    /// What the next page of this tab needs to go on with the session.
    #[must_use]
    pub fn save(&self) -> Saved {
        let t = self.clock.t();
        Saved {
            session: self.session,
            seq: self.seq,
            t,
            wall: self.now.wall,
            active: self.activity.total(t),
            spans: self.spans.closed().collect(),
        }
    }

    /// The session that beats now.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// What the page is doing, as far as the pulse was told.
    #[must_use]
    pub const fn page(&self) -> PageState {
        self.page
    }

    fn enter(&mut self, target: PageState) {
        let before = self.page;
        self.begin_clock();
        let t = self.clock.t();
        while let Some(next) = self.page.step_to(target) {
            self.page = next;
            if next.is_visible() {
                self.spans.open(t);
                self.see_person();
            } else {
                self.spans.close(t);
                self.activity.pause(t);
            }
        }
        if self.has_stopped() || self.page == before {
            return;
        }
        match self.page {
            PageState::Closed | PageState::Frozen => self.send(Means::Beacon),
            PageState::Hidden => self.schedule.beat_at(self.now.instant, Why::PageChanged),
            PageState::Active | PageState::Passive if !before.is_visible() => {
                self.schedule.beat_at(self.now.instant, Why::PageChanged);
            }
            PageState::Active | PageState::Passive => {}
        }
    }

    fn be_active(&mut self) {
        // Some browsers send one more scroll or pointer event to a page that is already hidden.
        if !self.page.is_visible() || self.has_stopped() {
            return;
        }
        let idle_for = self.activity.note(self.clock.t());
        self.see_person();
        if idle_for >= limits::IDLE_AFTER {
            self.schedule.beat_at(self.now.instant, Why::Returned);
        }
    }

    /// A person is at the tab.
    fn see_person(&mut self) {
        self.person_at = self.clock.t();
        self.schedule.end_idleness(self.now.instant);
    }

    /// How long until the tab is idle if nobody touches it; `None` when nothing would follow from that.
    fn idle_in(&self) -> Option<Millis> {
        let after = self.schedule.idle_after(self.page).filter(|_| !self.has_stopped())?;
        Some(after.minus(self.clock.t().minus(self.person_at)))
    }

    fn take_answer(&mut self, seq: u32, outcome: &Outcome) {
        if self.has_stopped() {
            return;
        }
        match *outcome {
            Outcome::Accepted { interval, hidden_interval, saved_seq } => {
                self.spans.forget_until(saved_seq);
                self.schedule.accepted(seq, interval, hidden_interval, self.page, &mut self.rng);
            }
            Outcome::Retry { after } => self.schedule.failed(seq, after, self.now.instant, &mut self.rng),
            Outcome::Refused => self.schedule.refused(seq),
            Outcome::Ended => self.begin_anew(),
        }
    }

    /// A session begins with its first beat, or with somebody looking, not with the end of the one before: a hidden tab
    /// may be silent for hours in between.
    fn begin_clock(&mut self) {
        if self.seq == 0 && !self.page.is_visible() && self.spans.is_empty() {
            self.clock = TabClock::start(Millis::ZERO, self.now);
        }
    }

    /// The session is over on the server: the tab's further stay is another one.
    fn begin_anew(&mut self) {
        self.ended = Some(self.session);
        self.session = SessionId(self.rng.bytes());
        self.seq = 0;
        self.clock = TabClock::start(Millis::ZERO, self.now);
        self.spans = SpanLog::default();
        if self.page.is_visible() {
            self.spans.open(Millis::ZERO);
        }
        self.activity = Activity::default();
        self.person_at = Millis::ZERO;
        let is_silent = self.schedule.is_silent(self.page);
        self.schedule.begin_anew(self.now.instant);
        // A silent tab need not begin again before somebody looks at it. Any other is there, hidden or not.
        if is_silent {
            self.schedule.pause();
        }
    }

    fn restore(&mut self, saved: Saved, now: Now) {
        let gap = Millis(now.wall.0.saturating_sub(saved.wall.0));
        if gap > limits::RESUME_WITHIN || saved.t.plus(gap) > limits::SESSION_AGE {
            return;
        }
        self.session = saved.session;
        self.seq = saved.seq;
        self.clock = TabClock::start(saved.t.plus(gap), now);
        self.spans = SpanLog::resume(saved.spans);
        self.activity = Activity::resume(saved.active);
        // Who goes from one page to the next is there.
        self.see_person();
        if self.page.is_visible() {
            self.spans.open(self.clock.t());
        }
        self.schedule.has_said_goodbye();
        self.schedule.beat_at(now.instant, Why::PageChanged);
    }

    /// Chromium shows the page that comes back before it hides the one that goes. That one then still holds the
    /// session, and the server would take its last word for the newer one. No page beats as often as this counts:
    /// whatever number the other has come to, this one's is higher.
    fn overtake(&mut self) {
        let beats = self.clock.t().0 / limits::BEAT_GAP_MIN.0 + 2 * limits::BEAT_BURST;
        self.seq = self.seq.max(u32::try_from(beats).unwrap_or(u32::MAX));
    }

    /// The machine has slept: nobody was looking, whatever the page's state says. The span ends where the clock
    /// was last seen running, and a new one begins now.
    fn wake(&mut self) {
        if self.page.is_visible() {
            let asleep_at = self.clock.asleep_at();
            self.spans.close(asleep_at);
            self.activity.pause(asleep_at);
            self.spans.open(self.clock.t());
        }
        self.schedule.woke(self.now.instant, self.page);
    }

    fn finish(&mut self, life: Life) {
        if self.life >= life {
            return;
        }
        self.life = life;
        let t = self.clock.t();
        self.spans.close(t);
        self.activity.pause(t);
        // A stopped tab begins no new session, and the one that it was in has its longest age behind it.
        if t <= limits::SESSION_AGE {
            self.send_as(PageState::Closed, None, Means::Beacon);
        }
    }

    fn has_stopped(&self) -> bool {
        self.life > Life::Beating
    }

    fn beat_if_due(&mut self) {
        if !self.has_stopped() && self.schedule.take_due(self.now.instant, self.page, &mut self.rng) {
            self.send(Means::Fetch);
        }
    }

    fn send(&mut self, means: Means) {
        let promise = self.schedule.promise(self.page);
        let leaves = self.page == PageState::Hidden && self.schedule.leaves_when_hidden();
        self.send_as(if leaves { PageState::Closed } else { self.page }, promise, means);
        if leaves {
            self.schedule.has_said_goodbye();
        }
    }

    fn send_as(&mut self, state: PageState, next: Option<Millis>, means: Means) {
        self.begin_clock();
        self.seq = self.seq.saturating_add(1);
        let t = self.clock.t();
        self.schedule.sent(self.seq, self.now.instant, means, self.page);
        self.dispatch = Some(Dispatch {
            session: self.session,
            seq: self.seq,
            t,
            state,
            sign_out: self.life == Life::SignedOut,
            idle: self.schedule.is_idle() && state.is_visible(),
            next,
            visible: self.spans.tell(self.seq, t),
            active: self.activity.total(t),
            means,
        });
    }
}

#[cfg(test)]
mod tests;
