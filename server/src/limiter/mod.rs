//! How much one session, one user and one address may ask.
//!
//! Each has a bucket of turns that fills again with time. **A throttled beat never ends a session**: whoever is refused
//! is told when to come again, and a session that the server knows may always beat once in the shortest interval that
//! there is, whatever its user or its address does beside. What is counted for an address only is what begins there.

mod bucket;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use governor::{Quota, clock::Reference, nanos::Nanos};
use quick_cache::sync::Cache;
use stillhere_engine::{
    limits::INTERVAL_MIN,
    time::Millis,
    wire::{SessionId, UserId},
};
use tokio::time::interval;

use crate::{caller::Caller, driver::Clock, limits, settings::Operation};
use bucket::{Buckets, per_second};

/// What a beat needs to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing more.
    Free,
    /// Its session must be open already; otherwise it is to come again after this time.
    IfOpen(Millis),
}

/// It is too much; after this time it may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Throttled(pub(crate) Millis);

/// The buckets of everybody.
pub(crate) struct Limiter<C: governor::clock::Clock<Instant = Nanos> = ServerClock> {
    clock: C,
    sessions: Buckets<SessionId, C>,
    users: Buckets<UserId, C>,
    addresses: Buckets<IpAddr, C>,
    begins: Buckets<IpAddr, C>,
    visits: Buckets<IpAddr, C>,
    requests: Buckets<IpAddr, C>,
    bad_tokens: Buckets<IpAddr, C>,
    nonsense: Buckets<IpAddr, C>,
    /// When the newest beat of a session was taken. Who is forgotten here is asked for in the driver.
    taken: Cache<SessionId, Nanos>,
}

impl<C: governor::clock::Clock<Instant = Nanos> + Clone> Limiter<C> {
    /// Follows the settings.
    pub(crate) fn new(operation: &Operation, clock: C) -> Self {
        let Operation {
            address_beats_per_s,
            address_sessions_per_s,
            address_visits_per_min,
            address_requests_per_s,
            ..
        } = *operation;
        let buckets = |quota| Buckets::new(quota, &clock);
        Self {
            sessions: Buckets::new(per_second(limits::SESSION_BEATS_PER_S, limits::SESSION_BEATS_AT_ONCE), &clock),
            users: Buckets::new(per_second(limits::USER_BEATS_PER_S, limits::USER_BEATS_AT_ONCE), &clock),
            addresses: buckets(per_second(address_beats_per_s, address_beats_per_s.saturating_mul(limits::AT_ONCE_S))),
            begins: buckets(per_second(
                address_sessions_per_s,
                address_sessions_per_s.saturating_mul(limits::SESSIONS_AT_ONCE_S),
            )),
            visits: buckets(address_visits_per_min.try_into().ok().map(Quota::per_minute)),
            requests: buckets(per_second(
                address_requests_per_s,
                address_requests_per_s.saturating_mul(limits::AT_ONCE_S),
            )),
            bad_tokens: buckets(per_second(limits::BAD_TOKENS_PER_S, limits::BAD_TOKENS_AT_ONCE)),
            nonsense: buckets(per_second(limits::NONSENSE_PER_S, limits::NONSENSE_AT_ONCE)),
            taken: Cache::new(limits::SESSIONS_REMEMBERED),
            clock,
        }
    }

    /// Whether a beat may be taken.
    ///
    /// # Errors
    /// Not now. Its session has been heard a moment ago, so nothing is lost.
    pub(crate) fn beat(&self, caller: Caller, user: &UserId, session: SessionId) -> Result<Turn, Throttled> {
        self.sessions.take(&session)?;
        let known = self.taken.get(&session);
        let is_due = |at: Nanos| self.clock.now().duration_since(at) >= Nanos::from(INTERVAL_MIN.0 * NANOS_IN_MS);
        if known.is_some_and(is_due) {
            return Ok(Turn::Free);
        }
        let line = caller.line();
        let turn = self.users.take(user).and_then(|()| self.addresses.take(&line));
        match (turn, known) {
            (turn, Some(_)) => turn.map(|()| Turn::Free),
            (Err(Throttled(after)), None) => Ok(Turn::IfOpen(after)),
            (Ok(()), None) => Ok(self.begins.take(&line).map_or_else(|why| Turn::IfOpen(why.0), |()| Turn::Free)),
        }
    }

    /// The session's beat was taken.
    pub(crate) fn took(&self, session: SessionId) {
        self.taken.insert(session, self.clock.now());
    }

    /// Whether one more visitor may come through the e-mail gate.
    ///
    /// # Errors
    /// Not now.
    pub(crate) fn visit(&self, caller: Caller) -> Result<(), Throttled> {
        self.visits.take(&caller.line())
    }

    /// Whether a request that is no beat may be answered.
    ///
    /// # Errors
    /// Not now.
    pub(crate) fn request(&self, caller: Caller) -> Result<(), Throttled> {
        self.requests.take(&caller.line())
    }

    /// Whether a token that is no good is answered as such.
    ///
    /// # Errors
    /// There were too many: whoever sends them is told to wait.
    pub(crate) fn bad_token(&self, caller: Caller) -> Result<(), Throttled> {
        self.bad_tokens.take(&caller.line())
    }

    /// Whether a request that no page makes is answered at once.
    ///
    /// # Errors
    /// There were too many: the answer is to wait.
    pub(crate) fn nonsense(&self, caller: Caller) -> Result<(), Throttled> {
        self.nonsense.take(&caller.line())
    }

    /// Forgets whose bucket is full again: it is as if they had never been here.
    fn forget(&self) {
        self.sessions.forget();
        self.users.forget();
        let of_addresses =
            [&self.addresses, &self.begins, &self.visits, &self.requests, &self.bad_tokens, &self.nonsense];
        for buckets in of_addresses {
            buckets.forget();
        }
    }

    /// Forgets now and then, for as long as it is polled. What gathers meanwhile is what was asked in that time.
    pub(crate) async fn keep_small(&self) {
        let mut due = interval(limits::FORGET_EVERY);
        loop {
            due.tick().await;
            self.forget();
        }
    }
}

const NANOS_IN_MS: u64 = 1_000_000;

/// The server's clock, as buckets want it.
#[derive(Clone, Debug)]
pub(crate) struct ServerClock(pub(crate) Clock);

impl governor::clock::Clock for ServerClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.passed().into()
    }
}
