//! What no policy may say: settings that contradict each other or the limits.

use core::fmt;

use super::{IdleStep, Policy};
use crate::{limits, page::PageState, time::Millis};

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

    fn are_idle_steps_in_order(&self) -> bool {
        let usual = IdleStep { after: Millis::ZERO, interval: self.interval };
        let before = core::iter::once(&usual).chain(&self.idle_steps);
        let grows =
            |(before, step): (&IdleStep, &IdleStep)| before.after < step.after && before.interval < step.interval;
        self.idle_steps.len() <= limits::IDLE_STEPS && before.zip(&self.idle_steps).all(grows)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

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
}
