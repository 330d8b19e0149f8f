//! Buckets of turns, one for each key.

use std::{hash::Hash, num::NonZeroU32};

use governor::{
    Quota, RateLimiter, clock::Clock, middleware::NoOpMiddleware, nanos::Nanos, state::keyed::DashMapStateStore,
};
use stillhere_engine::time::Millis;

use super::Throttled;

/// A quota of so many turns in a second, and so many at once after a pause; `None`: no limit.
pub(super) fn per_second(count: u32, at_once: u32) -> Option<Quota> {
    let burst = NonZeroU32::new(at_once)?;
    NonZeroU32::new(count).map(|count| Quota::per_second(count).allow_burst(burst))
}

/// The buckets of all keys of one kind, if there is a limit.
pub(super) struct Buckets<K: Hash + Eq + Clone, C: Clock<Instant = Nanos>> {
    limiter: Option<RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<Nanos>>>,
    clock: C,
}

impl<K: Hash + Eq + Clone, C: Clock<Instant = Nanos> + Clone> Buckets<K, C> {
    pub(super) fn new(quota: Option<Quota>, clock: &C) -> Self {
        let limiter = quota.map(|quota| RateLimiter::dashmap_with_clock(quota, clock.clone()));
        Self { limiter, clock: clock.clone() }
    }

    /// Takes one turn.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn take(&self, key: &K) -> Result<(), Throttled> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now()).as_millis();
            // A wait is never over before it has begun.
            Throttled(Millis(u64::try_from(wait).unwrap_or(u64::MAX).max(1)))
        })
    }

    /// Forgets those that are full.
    pub(super) fn forget(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.limiter.as_ref().map_or(0, RateLimiter::len)
    }
}
