//! The server's clock: the only place that reads one.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use stillhere_engine::time::Timestamp;

/// The wall clock as it was at the start, moved on by the monotonic one. It never runs backwards: not when the wall
/// clock is set, and not over a restart either.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    started_at: Timestamp,
}

impl Clock {
    /// Starts it, at `not_before` at the earliest: the last moment that an earlier run has written down.
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the clock")]
    pub(crate) fn start(not_before: Timestamp) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let started_at = Timestamp(u64::try_from(wall).unwrap_or(0)).max(not_before);
        Self { started: Instant::now(), started_at }
    }

    /// Starts it at this moment, which is that of somebody else's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the clock")]
    pub(crate) fn start_at(started_at: Timestamp) -> Self {
        Self { started: Instant::now(), started_at }
    }

    /// The moment it was started.
    pub(crate) const fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// How long it has run, to the nanosecond: for lengths that the millisecond is too coarse for.
    pub(crate) fn passed(&self) -> Duration {
        self.started.elapsed()
    }

    /// This moment.
    pub(crate) fn now(&self) -> Timestamp {
        let passed = self.started.elapsed().as_millis();
        Timestamp(self.started_at.0.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX)))
    }

    /// Waits until the moment has come.
    pub(crate) async fn reached(&self, at: Timestamp) {
        match self.instant_of(at) {
            Some(instant) => tokio::time::sleep_until(instant).await,
            None => std::future::pending().await,
        }
    }

    /// When the moment comes, in the terms of the runtime's timers; `None`: in no lifetime.
    pub(crate) fn instant_of(&self, at: Timestamp) -> Option<tokio::time::Instant> {
        // A timer that fires a fraction of a millisecond early would only find that it is not time yet.
        let from_start = Duration::from_millis(at.since(self.started_at).0);
        self.started.checked_add(from_start).filter(|_| at != Timestamp::NEVER).map(tokio::time::Instant::from_std)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_where_the_last_run_stopped_even_if_the_wall_was_set_back() {
        let ahead = Timestamp(Clock::start(Timestamp(0)).now().0 + 3_600_000);
        let clock = Clock::start(ahead);
        assert!(clock.now() >= ahead);
    }

    #[test]
    fn never_does_not_come() {
        let clock = Clock::start(Timestamp(0));
        assert!(clock.instant_of(Timestamp::NEVER).is_none());
        assert!(clock.instant_of(clock.now()).is_some());
    }
}
