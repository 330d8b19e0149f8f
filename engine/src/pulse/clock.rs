//! The tab's own time: monotonic, plus the sleep of the machine as far as the wall clock shows it.

use crate::{
    limits,
    time::{Millis, Now},
};

/// Time since the session began. Runs on the monotonic clock; where that stood still while the wall clock went
/// on (many systems stop it while they sleep), the difference is added.
#[derive(Clone, Debug)]
pub struct TabClock {
    t: Millis,
    asleep_at: Millis,
    last: Now,
}

impl TabClock {
    /// A clock that shows `t` now.
    #[must_use]
    pub const fn start(t: Millis, now: Now) -> Self {
        Self { t, asleep_at: t, last: now }
    }

    /// Goes on to `now`; true when the machine must have slept since the last look.
    ///
    /// A wall clock that is set forward looks the same. The server places spans by its own clock, so such a leap
    /// costs one split span and no truth.
    pub fn advance(&mut self, now: Now) -> bool {
        let ran = now.instant.since(self.last.instant);
        let passed = now.wall.since(self.last.wall);
        let slept = passed.minus(ran);
        self.last = now;
        self.asleep_at = self.t;
        let has_slept = slept > limits::SLEEP_AFTER;
        // Below that the two clocks merely differ in pace, and the monotonic one is right. A day is more than any
        // lease: beyond it a wall clock has found out what year it is.
        self.t = self.t.plus(ran).plus(if has_slept { slept.min(limits::LEASE_MAX) } else { Millis::ZERO });
        has_slept
    }

    /// The time that it shows.
    #[must_use]
    pub const fn t(&self) -> Millis {
        self.t
    }

    /// Where it stood at the look before the last one.
    #[must_use]
    pub const fn asleep_at(&self) -> Millis {
        self.asleep_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Instant, Timestamp};

    const fn now(instant: u64, wall: u64) -> Now {
        Now { instant: Instant(instant), wall: Timestamp(1_000_000 + wall) }
    }

    #[test]
    fn sleep_counts_as_time_and_is_noticed() {
        let mut clock = TabClock::start(Millis::ZERO, now(0, 0));
        assert!(!clock.advance(now(10_000, 10_005)));
        assert!(clock.advance(now(11_000, 3_611_000)));
        assert_eq!(clock.asleep_at(), Millis(10_000));
        assert_eq!(clock.t(), Millis(10_000 + 3_600_995));
    }

    #[test]
    fn a_wall_clock_that_leaps_by_years_is_not_believed() {
        let mut clock = TabClock::start(Millis::ZERO, now(0, 0));
        assert!(clock.advance(now(1_000, 50 * 365 * 86_400_000)));
        assert_eq!(clock.t(), limits::LEASE_MAX.plus(Millis(1_000)));
    }

    #[test]
    fn a_wall_clock_set_back_changes_nothing() {
        let mut clock = TabClock::start(Millis::ZERO, now(0, 900_000));
        assert!(!clock.advance(now(10_000, 0)));
        assert_eq!(clock.t(), Millis(10_000));
        assert!(!clock.advance(now(20_000, 10_000)));
        assert_eq!(clock.t(), Millis(20_000));
    }
}
