//! Policy: how often to beat, how long silence is borne, and what a status means. All of it is data; a preset
//! is one set of it.

mod contradiction;
mod ladder;

use alloc::vec::Vec;

pub use contradiction::Contradiction;
pub use ladder::{Facts, Ladder, Rung};

use crate::{
    limits,
    page::PageState,
    time::Millis,
    wire::{Beat, ChannelName},
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
    /// How long a paused, idle, frozen or cached tab is held without a promise.
    pub hidden_hold: Millis,
    /// How long a closed session waits for its next page before anybody is told.
    pub leave_grace: Millis,
    /// What every lease is given on top of the downtime after a restart.
    pub boot_grace: Millis,
    /// Whether there is a punch clock.
    pub punching: Punching,
    /// The channels that exist; empty: any name is one.
    pub channels: Vec<ChannelName>,
    /// From facts to a status.
    pub ladder: Ladder,
}

/// Whether the server keeps an audit log of who came and went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Punching {
    /// No.
    #[default]
    Off,
    /// A user is in from when they say so.
    OnRequest,
    /// A user is in from their first session on.
    WithPresence,
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
            punching: Punching::Off,
            channels: Vec::new(),
            ladder: Ladder::default(),
        }
    }
}

impl Policy {
    /// How long a beat is good for: until what it promised, or as long as a paused tab is held.
    #[must_use]
    pub fn lease_of(&self, beat: &Beat) -> Millis {
        if beat.is_paused() { self.hidden_hold } else { self.lease(beat.state, beat.next) }
    }

    /// How long a beat of a tab that is not idle is good for.
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
}

#[cfg(test)]
mod tests {
    use alloc::vec;

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
    fn the_longer_somebody_is_idle_the_longer_the_interval() {
        let step = |after, interval| IdleStep { after: Millis::minutes(after), interval: Millis::seconds(interval) };
        let policy = Policy { idle_steps: vec![step(2, 30), step(60, 7_200)], ..Policy::default() };
        let after = |idle| policy.interval_after(Millis::minutes(idle));
        assert_eq!([after(0), after(1)], [Millis::seconds(10); 2]);
        assert_eq!([after(2), after(59), after(60)], [30, 30, 7_200].map(Millis::seconds));
        // What the server asks for, it also believes.
        assert!(policy.lease(PageState::Active, Some(after(60))) > Millis::seconds(7_200));
    }
}
