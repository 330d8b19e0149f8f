//! Why somebody who was there was said to have left, as only the world knows.

/// The cause of a false leave. A person with several tabs would have been kept by any of them, so the gravest counts:
/// they are in that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The person had been away for longer than is borne, and was coming back in that very second.
    Return,
    /// A page gave way to the next, and that one was still being loaded when the grace was over.
    SlowPage,
    /// The person came back in time, and the network lost or held up the first beat.
    LostReturn,
    /// The network lost or held up every beat of a lease.
    Network,
    /// The person came back after their session had ended, and the store took long to take in what the tab had to tell.
    SlowStore,
    /// The tab was frozen or fell silent while the server was down, or in its last moment, and could not say so again.
    Unheard,
    /// The server has lost its disk, and the tab has not yet said again that it is there.
    Forgotten,
    /// Nobody typed, and the system takes that for absence.
    Idle,
    /// The server was down, or came back.
    Restart,
    /// The page lies in the back/forward cache, and is to be held.
    Cached,
    /// The browser froze the tab.
    Frozen,
    /// The tab is hidden.
    Hidden,
    /// The tab has been hidden for so long that its timers run once a minute.
    Throttled,
    /// Nothing was in the way.
    Unexplained,
}

impl Cause {
    /// Every cause, the least grave first.
    pub const ALL: [Self; 14] = [
        Self::Return,
        Self::SlowPage,
        Self::LostReturn,
        Self::Network,
        Self::SlowStore,
        Self::Unheard,
        Self::Forgotten,
        Self::Idle,
        Self::Restart,
        Self::Cached,
        Self::Frozen,
        Self::Hidden,
        Self::Throttled,
        Self::Unexplained,
    ];

    /// Whether it never may happen: what browsers do to hidden tabs, and what operators do to servers, is no leave.
    #[must_use]
    pub fn is_forbidden(self) -> bool {
        self >= Self::Restart
    }

    /// For people, after "somebody who was there left because of …".
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Return => "coming back that second",
            Self::SlowPage => "next page still loading",
            Self::LostReturn => "first beat lost or late",
            Self::Network => "all beats lost or late",
            Self::SlowStore => "the store was slow",
            Self::Unheard => "fell silent in a downtime",
            Self::Forgotten => "the disk was lost",
            Self::Idle => "idle",
            Self::Restart => "restart",
            Self::Cached => "back/forward cache",
            Self::Frozen => "frozen",
            Self::Hidden => "hidden",
            Self::Throttled => "throttled",
            Self::Unexplained => "unexplained",
        }
    }
}

/// How often which cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Causes([u64; Cause::ALL.len()]);

impl Causes {
    /// One more.
    pub fn add(&mut self, cause: Cause) {
        self.0[cause as usize] += 1;
    }

    /// Adds another run's.
    pub fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// How many of this cause.
    #[must_use]
    pub const fn of(&self, cause: Cause) -> u64 {
        self.0[cause as usize]
    }

    /// How many in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many that never may happen.
    #[must_use]
    pub fn forbidden(&self) -> u64 {
        Cause::ALL.iter().filter(|cause| cause.is_forbidden()).map(|&cause| self.of(cause)).sum()
    }

    /// Those that have happened, each with how often: `restart 2, hidden 1`; empty when none has.
    #[must_use]
    pub fn in_words(&self, is_wanted: impl Fn(Cause) -> bool) -> String {
        let named = Cause::ALL.iter().filter(|&&cause| is_wanted(cause) && self.of(cause) > 0);
        named.map(|&cause| format!("{} {}", cause.name(), self.of(cause))).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_causes_is_in_their_order_and_what_is_forbidden_comes_last() {
        assert!(Cause::ALL.is_sorted());
        let forbidden = Cause::ALL.iter().filter(|cause| cause.is_forbidden()).count();
        assert_eq!(forbidden, 6);
        let mut causes = Causes::default();
        causes.add(Cause::Network);
        causes.add(Cause::Hidden);
        causes.add(Cause::Hidden);
        assert_eq!((causes.total(), causes.forbidden()), (3, 2));
        assert_eq!(causes.in_words(Cause::is_forbidden), "hidden 2");
    }
}
