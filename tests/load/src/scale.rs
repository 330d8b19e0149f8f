//! How much of everything: enough for figures that mean something, or so little that only the answers are looked at.

/// Sizes of all measurements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Rounds in which everybody has a turn; the middle one counts.
    pub(crate) rounds: usize,
    /// How long one turn is.
    pub(crate) seconds: f64,
    /// Tabs that beat in turn over HTTP.
    pub(crate) tabs: u32,
    /// Sockets, each with sixteen tabs.
    pub(crate) sockets: u32,
    /// Sessions that are here at once.
    pub(crate) crowd: u32,
    /// Watchers of one channel.
    pub(crate) watchers: [usize; 3],
    /// How often somebody leaves.
    pub(crate) leaves: u32,
    /// Beats a second of honest people while others mean no good.
    pub(crate) honest_per_s: f64,
    /// How much of a flood: a part of what it is at its full size.
    pub(crate) flood: f64,
    /// Connections that are held open and say nothing, or next to nothing.
    pub(crate) held_open: usize,
    /// Tabs that come back at once after a restart.
    pub(crate) herd: u32,
    /// Sessions in the past.
    pub(crate) past: u32,
    /// Members of one channel.
    pub(crate) members: u32,
}

impl Scale {
    /// For figures.
    pub(crate) const FULL: Self = Self {
        rounds: 5,
        seconds: 3.0,
        tabs: 50_000,
        sockets: 4_000,
        crowd: 1_000_000,
        watchers: [100, 1_000, 10_000],
        leaves: 50,
        honest_per_s: 1_000.0,
        flood: 1.0,
        held_open: 10_000,
        herd: 100_000,
        past: 10_000_000,
        members: 100_000,
    };

    /// With fewer people: so large a part of them.
    pub(crate) fn part(self, part: f64) -> Self {
        let of = |count: u32| (f64::from(count) * part).ceil() as u32;
        let (crowd, herd) = (of(self.crowd), of(self.herd));
        Self { crowd, herd, past: of(self.past), members: of(self.members), ..self }
    }

    /// For answers only.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        seconds: 0.2,
        tabs: 1_000,
        sockets: 64,
        crowd: 2_000,
        watchers: [1, 5, 20],
        leaves: 3,
        honest_per_s: 100.0,
        flood: 0.05,
        held_open: 50,
        herd: 500,
        past: 2_000,
        members: 500,
    };
}
