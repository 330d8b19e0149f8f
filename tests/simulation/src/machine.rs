//! A person's machine: its clocks, its sleep, and its way to the network.

use stillhere_engine::time::{Instant, Now, Timestamp};

use crate::agenda::Ms;

/// The wall clock of a right machine when the simulated world begins.
pub const WALL_AT_START: u64 = 1_790_000_000_000;

/// How the network treats a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// As usual.
    Up,
    /// The machine knows that it has none: requests fail at once.
    Offline,
    /// Whatever is sent vanishes, and nobody says so.
    Silent,
    /// Requests arrive; answers do not.
    Deaf,
}

/// Clocks, sleep and network of one device.
#[derive(Debug)]
pub struct Machine {
    /// Since when it sleeps.
    pub asleep_since: Option<Ms>,
    /// Whether the monotonic clock goes on while the machine sleeps, as on some systems.
    pub counts_sleep: bool,
    /// How the network treats it.
    pub link: Link,
    /// What a request takes at least, one way.
    pub latency: Ms,
    /// Since when it has been awake and connected.
    pub reachable_since: Ms,
    stood_still: Ms,
    wall_ahead: i64,
    drift_ppm: i64,
}

impl Machine {
    /// A machine that is awake, has a network, and whose wall clock may be wrong.
    #[must_use]
    pub const fn new(latency: Ms, counts_sleep: bool, wall_ahead: i64, drift_ppm: i64) -> Self {
        Self {
            asleep_since: None,
            counts_sleep,
            link: Link::Up,
            latency,
            reachable_since: 0,
            stood_still: 0,
            wall_ahead,
            drift_ppm,
        }
    }

    /// Both clocks at `now`.
    #[must_use]
    pub fn clocks(&self, now: Ms) -> Now {
        let drift = now as i64 * self.drift_ppm / 1_000_000;
        let wall = (WALL_AT_START + now) as i64 + self.wall_ahead + drift;
        Now { instant: Instant(now - self.stood_still), wall: Timestamp(wall.max(0) as u64) }
    }

    /// When the monotonic clock will show `instant`, if the machine stays awake.
    #[must_use]
    pub fn moment_of(&self, instant: Instant) -> Ms {
        instant.0.saturating_add(self.stood_still)
    }

    /// Somebody or something sets the wall clock.
    pub fn step_wall(&mut self, by: i64) {
        self.wall_ahead += by;
    }

    /// The lid is closed.
    pub fn sleep(&mut self, now: Ms) {
        self.asleep_since.get_or_insert(now);
    }

    /// The lid is opened.
    pub fn wake(&mut self, now: Ms) {
        self.reachable_since = now;
        if let Some(since) = self.asleep_since.take()
            && !self.counts_sleep
        {
            self.stood_still += now - since;
        }
    }

    /// Whether it sleeps.
    #[must_use]
    pub const fn is_asleep(&self) -> bool {
        self.asleep_since.is_some()
    }
}
