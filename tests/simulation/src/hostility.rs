//! What the world does to people, networks and servers, kind by kind and how often.

use std::fmt;

/// How bad the world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Level {
    /// Nothing goes wrong; people only come, look and go.
    Calm,
    /// What a site meets on a usual day.
    Usual,
    /// Everything at once, far too often.
    Hostile,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One kind of hostility. A failing story is reduced by leaving kinds out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

kinds! {
    /// A request or an answer is lost.
    Loss,
    /// A request or an answer is late, perhaps later than the one after it.
    Delay,
    /// A request arrives twice.
    Duplicate,
    /// A machine is without network for a while.
    Outage,
    /// The server is cut off from everybody for a while.
    Partition,
    /// A machine sleeps.
    Sleep,
    /// A hidden page is frozen, and perhaps discarded.
    Freeze,
    /// Pages change within a tab, through the back/forward cache or not.
    Navigation,
    /// Tabs are duplicated, and people use two devices.
    Company,
    /// A page or a browser dies without a word.
    Kill,
    /// A machine's wall clock is wrong, drifts, and is set.
    WallClock,
    /// The server dies and comes back.
    Crash,
    /// Writes fail, or succeed and are said to have failed.
    StoreFault,
    /// The server comes back with an empty disk.
    DiskLost,
    /// The server's clock is set while it is down.
    ServerClock,
    /// Browsers slow down the timers of hidden pages.
    Throttling,
    /// Timers are a little early or late.
    TimerJitter,
}

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u32);

impl Kinds {
    /// Every kind.
    pub const ALL: Self = Self((1 << Kind::ALL.len()) - 1);
    /// None: even timers are exact.
    pub const NONE: Self = Self(0);

    /// Whether `kind` is among them.
    #[must_use]
    pub const fn has(self, kind: Kind) -> bool {
        self.0 >> kind as u32 & 1 == 1
    }

    /// The set without `kind`.
    #[must_use]
    pub const fn without(self, kind: Kind) -> Self {
        Self(self.0 & !(1 << kind as u32))
    }

    /// The set with `kind`.
    #[must_use]
    pub const fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u32)
    }

    /// As one number, for a command line.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// From that number; what names no kind is left out.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & Self::ALL.0)
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Kind::ALL.iter().filter(|&&kind| self.has(kind))).finish()
    }
}

/// The kinds of a run and how often each comes.
#[derive(Clone, Copy, Debug)]
pub struct Hostility {
    /// How bad.
    pub level: Level,
    /// Of which kinds.
    pub kinds: Kinds,
}

impl Hostility {
    /// `usual` or `hostile` as the level is; nothing when it is calm or the kind is left out.
    #[must_use]
    pub const fn rate(&self, kind: Kind, usual: u64, hostile: u64) -> u64 {
        if !self.kinds.has(kind) {
            return 0;
        }
        match self.level {
            Level::Calm => 0,
            Level::Usual => usual,
            Level::Hostile => hostile,
        }
    }

    /// Whether hidden pages' timers are slowed down: browsers do that on the calmest day.
    #[must_use]
    pub const fn throttles(&self) -> bool {
        self.kinds.has(Kind::Throttling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_left_out_never_happens() {
        let kinds = Kinds::ALL.without(Kind::Crash);
        let hostility = Hostility { level: Level::Hostile, kinds };
        assert_eq!((hostility.rate(Kind::Crash, 1, 9), hostility.rate(Kind::Loss, 1, 9)), (0, 9));
        assert_eq!(Kinds::from_bits(kinds.bits()), kinds);
    }
}
