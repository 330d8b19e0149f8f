//! Active time: how long a person was at work in the tab.

use crate::{limits, time::Millis};

/// A running total. Each input counts for itself and for [`limits::ACTIVE_TAIL`] after it, so that reading
/// between two scrolls counts and a forgotten tab does not.
#[derive(Clone, Debug, Default)]
pub(super) struct Activity {
    total: Millis,
    /// The stretch that is going on or was the last: from when, and until when without further input.
    stretch: (Millis, Millis),
    last_input: Millis,
}

impl Activity {
    /// Goes on from another page load's total.
    #[must_use]
    pub(super) fn resume(total: Millis) -> Self {
        Self { total, ..Self::default() }
    }

    /// An input at `t`; returns how long there had been none.
    pub(super) fn note(&mut self, t: Millis) -> Millis {
        let idle_for = t.minus(self.last_input);
        self.last_input = t;
        let until = t.plus(limits::ACTIVE_TAIL);
        if self.stretch.1 < t {
            self.pause(t);
        }
        self.stretch.1 = until;
        idle_for
    }

    /// Nobody can be active from `t` on: the tab is hidden, or the machine sleeps.
    pub(super) fn pause(&mut self, t: Millis) {
        self.total = self.total(t);
        self.stretch = (t, t);
    }

    /// The total up to `t`.
    #[must_use]
    pub(super) fn total(&self, t: Millis) -> Millis {
        let (start, end) = self.stretch;
        self.total.plus(end.min(t).minus(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_input_counts_for_itself_and_a_short_while() {
        let mut activity = Activity::default();
        activity.note(Millis(10_000));
        assert_eq!(activity.total(Millis(12_000)), Millis(2_000));
        assert_eq!(activity.total(Millis(60_000)), Millis(5_000));
        activity.note(Millis(60_000));
        activity.note(Millis(63_000));
        assert_eq!(activity.total(Millis(90_000)), Millis(5_000 + 8_000));
    }

    #[test]
    fn hiding_ends_the_stretch_and_counts_nothing_twice() {
        let mut activity = Activity::default();
        activity.note(Millis(1_000));
        activity.pause(Millis(2_000));
        activity.pause(Millis(9_000));
        assert_eq!(activity.total(Millis(9_000)), Millis(1_000));
    }
}
