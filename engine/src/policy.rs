//! Policy: how often to beat, how long silence is borne, and what a status means. All of it is data; a preset
//! is one set of it.

use alloc::{boxed::Box, vec, vec::Vec};
use core::fmt;

use crate::{
    limits,
    page::PageState,
    time::{Millis, Timestamp},
    wire::ChannelName,
};

/// The numbers by which the tracker judges.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How often a visible tab beats.
    pub interval: Millis,
    /// How often a hidden tab beats; `None`: it is paused while hidden.
    pub hidden_interval: Option<Millis>,
    /// A longer interval for who has not been active for long; the longest idleness last. Input ends it at once.
    pub idle_steps: Vec<IdleStep>,
    /// How many beats may be missed before a lease runs out. One makes the classic `2 × interval + grace`.
    pub missed_beats: u32,
    /// What is added to each promise for network and timers.
    pub grace: Millis,
    /// How long a paused, frozen or cached tab is held without a promise.
    pub hidden_hold: Millis,
    /// How long a closed session waits for its next page before anybody is told.
    pub leave_grace: Millis,
    /// What every lease is given on top of the downtime after a restart.
    pub boot_grace: Millis,
    /// The channels that exist; empty: any name is one.
    pub channels: Vec<ChannelName>,
    /// From facts to a status.
    pub ladder: Ladder,
}

/// From how much idleness on which interval is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleStep {
    /// Idle for at least so long.
    pub after: Millis,
    /// How often to beat then.
    pub interval: Millis,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            interval: Millis::seconds(10),
            hidden_interval: Some(limits::HIDDEN_INTERVAL_MIN),
            idle_steps: Vec::new(),
            missed_beats: 1,
            grace: Millis::seconds(10),
            hidden_hold: Millis::minutes(30),
            leave_grace: Millis::seconds(5),
            boot_grace: Millis::seconds(75),
            channels: Vec::new(),
            ladder: Ladder::default(),
        }
    }
}

/// Two settings that cannot both be meant; the sentence says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction(&'static str);

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for Contradiction {}

impl Policy {
    /// How long a beat is good for.
    ///
    /// No promise means a pause, except from a visible tab: that one has yet to hear the interval.
    #[must_use]
    pub fn lease(&self, state: PageState, promise: Option<Millis>) -> Millis {
        let next = match promise {
            Some(next) => next,
            None if state.is_visible() => self.interval.max(limits::INTERVAL_UNTOLD),
            None => return self.hidden_hold,
        };
        // A tab cannot promise itself a longer silence than any that this policy knows.
        let longest = self.idle_steps.iter().map(|step| step.interval).chain(self.hidden_interval);
        let longest = longest.fold(self.hidden_hold.max(self.interval), Millis::max);
        next.min(longest).times(u64::from(self.missed_beats) + 1).plus(self.grace)
    }

    /// How often a visible tab beats that has been idle for so long.
    #[must_use]
    pub fn interval_after(&self, idle: Millis) -> Millis {
        let step = self.idle_steps.iter().rev().find(|step| step.after <= idle);
        step.map_or(self.interval, |step| step.interval)
    }

    /// Whether the channel may be entered.
    #[must_use]
    pub fn allows(&self, channel: &ChannelName) -> bool {
        self.channels.is_empty() || self.channels.contains(channel)
    }

    /// Looks for settings that contradict each other or the limits.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self) -> Result<(), Contradiction> {
        let longest = [self.interval, self.grace, self.hidden_hold, self.leave_grace, self.boot_grace]
            .into_iter()
            .chain(self.hidden_interval)
            .chain(self.idle_steps.iter().flat_map(|step| [step.after, step.interval]))
            .max();
        let rules = [
            (self.interval >= limits::INTERVAL_MIN, "`interval_ms` is below 500: make it longer"),
            (
                self.hidden_interval.is_none_or(|hidden| hidden >= limits::HIDDEN_INTERVAL_MIN),
                "`hidden_interval_ms` is below 75000: browsers run a hidden page's timers once a minute, so make it \
                 75000 or more, or \"pause\"",
            ),
            (
                self.hidden_hold >= self.lease(PageState::Active, Some(self.interval)),
                "`hidden_hold_ms` is shorter than a visible tab's lease, (missed_beats + 1) × interval_ms + grace_ms: \
                 make it at least as long, or a paused tab is gone before a dead one",
            ),
            (
                self.missed_beats >= 1,
                "`missed_beats` is 0: one lost packet would be a leave, and a hidden tab may be a minute late; make it 1 or \
                 more",
            ),
            (self.missed_beats <= 100, "`missed_beats` is above 100: make the interval longer instead"),
            (
                self.grace >= Millis(500),
                "`grace_ms` is below 500: a beat that is late by one slow answer would be a leave; make it longer",
            ),
            (
                self.are_idle_steps_in_order(),
                "`idle_steps` are not in order, or more than 8: let each come after a longer idleness than the one before and \
                 have a longer interval, the first a longer one than `interval_ms`",
            ),
            (longest <= Some(limits::LEASE_MAX), "a length is above 86400000 (a day): make it shorter"),
            (
                self.boot_grace >= limits::RETRY_LAST,
                "`boot_grace_ms` is below 60000: clients wait up to a minute between retries, so a restart would look \
                 like everybody leaving; make it 60000 or more",
            ),
            (
                (1..=limits::RUNGS).contains(&self.ladder.rungs.len()),
                "`status` has no rung or more than 8: give it from 1 to 8",
            ),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, sentence)) => Err(Contradiction(sentence)),
            None => Ok(()),
        }
    }
}

impl Policy {
    fn are_idle_steps_in_order(&self) -> bool {
        let usual = IdleStep { after: Millis::ZERO, interval: self.interval };
        let before = core::iter::once(&usual).chain(&self.idle_steps);
        let grows =
            |(before, step): (&IdleStep, &IdleStep)| before.after < step.after && before.interval < step.interval;
        self.idle_steps.len() <= limits::IDLE_STEPS && before.zip(&self.idle_steps).all(grows)
    }
}

/// From facts to a status: the first rung whose every condition holds, else [`Ladder::LAST`].
#[derive(Clone, Debug)]
pub struct Ladder {
    /// Best first.
    pub rungs: Vec<Rung>,
}

/// One step of a ladder.
#[derive(Clone, Debug, Default)]
pub struct Rung {
    /// The status that it gives.
    pub status: Box<str>,
    /// Only while the tab is visible.
    pub visible: bool,
    /// Only so long after the newest beat.
    pub seen_within: Option<Millis>,
    /// Only so long after the newest input.
    pub active_within: Option<Millis>,
}

/// What a ladder looks at.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Whether the tab is visible.
    pub visible: bool,
    /// The newest accepted beat.
    pub last_seen_at: Timestamp,
    /// The newest human input.
    pub last_active_at: Timestamp,
}

impl Default for Ladder {
    /// Online while visible and used within five minutes; away while the session lasts.
    fn default() -> Self {
        let online =
            Rung { status: "online".into(), visible: true, active_within: Some(Millis::minutes(5)), ..Rung::default() };
        Self { rungs: vec![online, Rung { status: "away".into(), ..Rung::default() }] }
    }
}

impl Ladder {
    /// Where nobody stands who stands on a rung.
    pub const LAST: &'static str = "offline";

    /// The rung for `facts` at `now`, and when it will be another one if nothing happens.
    #[must_use]
    pub fn judge(&self, facts: Facts, now: Timestamp) -> (u8, Timestamp) {
        let at = self.rungs.iter().position(|rung| rung.holds_until(facts) > now);
        let at = at.unwrap_or(self.rungs.len());
        let until = self.rungs.get(at).map_or(Timestamp::NEVER, |rung| rung.holds_until(facts));
        (at as u8, until)
    }

    /// The status at a rung's place.
    #[must_use]
    pub fn status(&self, rung: u8) -> &str {
        self.rungs.get(usize::from(rung)).map_or(Self::LAST, |rung| &rung.status)
    }
}

impl Rung {
    /// The first moment at which it no longer holds; zero when it does not hold at all. Conditions only ever
    /// expire: what makes one hold again is a beat.
    fn holds_until(&self, facts: Facts) -> Timestamp {
        if self.visible && !facts.visible {
            return Timestamp(0);
        }
        // `within` includes its last moment.
        let end = |since: Timestamp, within: Option<Millis>| match within {
            Some(within) => since.after(within).after(Millis(1)),
            None => Timestamp::NEVER,
        };
        end(facts.last_seen_at, self.seen_within).min(end(facts.last_active_at, self.active_within))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_lease_is_the_classic_formula() {
        let policy = Policy::default();
        assert_eq!(policy.lease(PageState::Active, Some(Millis::seconds(10))), Millis::seconds(30));
        assert_eq!(policy.lease(PageState::Hidden, None), policy.hidden_hold);
        assert_eq!(policy.lease(PageState::Active, None), Millis::seconds(30));
    }

    #[test]
    fn nobody_can_promise_himself_a_day() {
        let policy = Policy::default();
        let lease = |promise| policy.lease(PageState::Active, Some(promise));
        assert_eq!(lease(limits::LEASE_MAX), lease(policy.hidden_hold));
    }

    #[test]
    fn contradictions_are_refused_with_the_setting_to_change() {
        let refuse = |change: fn(&mut Policy)| {
            let mut policy = Policy::default();
            change(&mut policy);
            policy.check().unwrap_err().0
        };
        assert_eq!(Policy::default().check(), Ok(()));
        assert!(refuse(|p| p.interval = Millis(10)).contains("interval_ms"));
        assert!(refuse(|p| p.hidden_interval = Some(Millis::seconds(60))).contains("hidden_interval_ms"));
        assert!(refuse(|p| p.hidden_hold = Millis::seconds(29)).contains("hidden_hold_ms"));
        assert!(refuse(|p| p.grace = Millis::ZERO).contains("grace_ms"));
        assert!(refuse(|p| p.boot_grace = Millis::seconds(10)).contains("boot_grace_ms"));
        assert!(refuse(|p| p.leave_grace = Millis::minutes(2000)).contains("a day"));
        assert!(refuse(|p| p.ladder.rungs.clear()).contains("status"));
        assert!(refuse(|p| p.missed_beats = 101).contains("missed_beats"));
        assert!(refuse(|p| p.missed_beats = 0).contains("lost packet"));
        let step = |after, interval| IdleStep { after: Millis(after), interval: Millis(interval) };
        assert!(refuse(|p| p.idle_steps = vec![IdleStep { after: Millis(1), interval: p.interval }]).contains("idle"));
        let policy = |idle_steps| Policy { idle_steps, ..Policy::default() };
        assert!(policy(vec![step(60_000, 20_000), step(60_000, 30_000)]).check().is_err());
        assert!(policy((1..=9).map(|n| step(n, 10_000 + n)).collect()).check().is_err());
        assert_eq!(policy(vec![step(60_000, 20_000), step(600_000, 60_000)]).check(), Ok(()));
    }

    #[test]
    fn the_longer_somebody_is_idle_the_longer_the_interval() {
        let step = |after, interval| IdleStep { after: Millis::minutes(after), interval: Millis::seconds(interval) };
        let policy = Policy { idle_steps: vec![step(2, 30), step(60, 7_200)], ..Policy::default() };
        let after = |idle| policy.interval_after(Millis::minutes(idle));
        assert_eq!([after(0), after(1)], [Millis::seconds(10); 2]);
        assert_eq!([after(2), after(59), after(60)], [30, 30, 7_200].map(Millis::seconds));
        // What the server asks for, it also believes.
        assert!(policy.lease(PageState::Active, Some(after(60))) > Millis::seconds(7_200));
    }

    #[test]
    fn a_ladder_goes_down_step_by_step_and_says_when() {
        let ladder = Ladder {
            rungs: vec![
                Rung { status: "online".into(), seen_within: Some(Millis(5_000)), ..Rung::default() },
                Rung { status: "away".into(), seen_within: Some(Millis(60_000)), ..Rung::default() },
            ],
        };
        let facts = Facts { visible: true, last_seen_at: Timestamp(1_000), last_active_at: Timestamp(1_000) };
        let at = |now| {
            let (rung, until) = ladder.judge(facts, Timestamp(now));
            (ladder.status(rung), until)
        };
        assert_eq!(at(6_000), ("online", Timestamp(6_001)));
        assert_eq!(at(6_001), ("away", Timestamp(61_001)));
        assert_eq!(at(61_001), ("offline", Timestamp::NEVER));
    }

    #[test]
    fn a_hidden_tab_is_away_by_default() {
        let ladder = Ladder::default();
        let facts = |visible| Facts { visible, last_seen_at: Timestamp(0), last_active_at: Timestamp(0) };
        assert_eq!(ladder.status(ladder.judge(facts(true), Timestamp(0)).0), "online");
        assert_eq!(ladder.status(ladder.judge(facts(false), Timestamp(0)).0), "away");
        assert_eq!(ladder.status(ladder.judge(facts(true), Timestamp(300_001)).0), "away");
    }
}
