//! The three kinds of time, which the compiler keeps apart.
//!
//! A length ([`Millis`]), a moment of the tab's monotonic clock ([`Instant`]) and a moment of the calendar
//! ([`Timestamp`]). Arithmetic saturates: a clock that runs backwards gives a length of zero, not a panic.

use serde::{Deserialize, Serialize};

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `seconds` as a length.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// `minutes` as a length.
    #[must_use]
    pub const fn minutes(minutes: u64) -> Self {
        Self::seconds(minutes.saturating_mul(60))
    }

    /// The sum, at most the largest length.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, at least zero.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This length `factor` times over.
    #[must_use]
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

macro_rules! moment {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// A moment that never comes: a wait for it ends only by another input.
            pub const NEVER: Self = Self(u64::MAX);

            /// The moment `length` later.
            #[must_use]
            pub const fn after(self, length: Millis) -> Self {
                Self(self.0.saturating_add(length.0))
            }

            /// The moment `length` earlier.
            #[must_use]
            pub const fn before(self, length: Millis) -> Self {
                Self(self.0.saturating_sub(length.0))
            }

            /// The time that has passed since `earlier`; zero when that lies ahead.
            #[must_use]
            pub const fn since(self, earlier: Self) -> Millis {
                Millis(self.0.saturating_sub(earlier.0))
            }
        }
    };
}

moment! {
    /// Milliseconds on a monotonic clock whose zero means nothing (`performance.now()` in a page).
    Instant
}

moment! {
    /// Milliseconds since 1970 in UTC. On the server the driver promises that it never runs backwards.
    Timestamp
}

/// Both clocks of a tab, read together. Their difference is how a sleep of the machine is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock, which may stand still while the machine sleeps.
    pub instant: Instant,
    /// The wall clock, which may be wrong and may be set.
    pub wall: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_runs_backwards_gives_no_time() {
        assert_eq!(Instant(5).since(Instant(9)), Millis::ZERO);
        assert_eq!(Timestamp(9).since(Timestamp(5)), Millis(4));
    }

    #[test]
    fn never_stays_never() {
        assert_eq!(Timestamp::NEVER.after(Millis::minutes(1)), Timestamp::NEVER);
    }
}
