//! The life of a page: five states and the one table of ways between them.

use serde::{Deserialize, Serialize};

/// What the browser is doing with a tab's page (the Page Lifecycle names).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum PageState {
    /// Visible, and the keyboard goes here.
    Active,
    /// Visible, while the keyboard goes elsewhere.
    Passive,
    /// Not visible. Timers run, once a minute.
    Hidden,
    /// Stopped by the browser, perhaps in the back/forward cache. Nothing runs.
    Frozen,
    /// Gone, or about to be.
    Closed,
}

use PageState::{Active, Closed, Frozen, Hidden, Passive};

/// `NEXT[from][to]` is the first step on the way. Browsers skip states (a tab killed while active never says
/// `hidden`); walking this table fills them in, so that every rule sees every state.
const NEXT: [[PageState; 5]; 5] = [
    //  to Active  Passive  Hidden   Frozen   Closed
    [Active, Passive, Passive, Passive, Passive], // from Active
    [Active, Passive, Hidden, Hidden, Hidden],    // from Passive
    [Passive, Passive, Hidden, Frozen, Closed],   // from Hidden
    [Hidden, Hidden, Hidden, Frozen, Hidden],     // from Frozen
    // A page that came back from the cache was not closed after all. Chromium says `hidden` after `pagehide`:
    // that is an echo, not a return.
    [Hidden, Hidden, Closed, Closed, Closed], // from Closed
];

impl PageState {
    /// The next state on the way to `target`; `None` when there is no way to go.
    #[must_use]
    pub fn step_to(self, target: Self) -> Option<Self> {
        let next = NEXT[self as usize][target as usize];
        (next != self).then_some(next)
    }

    /// The word on the wire, in SQL and in pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Active => "active",
            Passive => "passive",
            Hidden => "hidden",
            Frozen => "frozen",
            Closed => "closed",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Active, Passive, Hidden, Frozen, Closed].into_iter().find(|state| state.as_str() == word)
    }

    /// Whether a person could be looking at it.
    #[must_use]
    pub const fn is_visible(self) -> bool {
        matches!(self, Active | Passive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(mut from: PageState, to: PageState) -> alloc::vec::Vec<PageState> {
        let mut way = alloc::vec![];
        while let Some(next) = from.step_to(to) {
            way.push(next);
            from = next;
            assert!(way.len() < 6, "no way is a circle");
        }
        way
    }

    #[test]
    fn each_state_has_one_word_everywhere() {
        for state in [Active, Passive, Hidden, Frozen, Closed] {
            assert_eq!(PageState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(PageState::parse("asleep"), None);
    }

    #[test]
    fn skipped_states_are_filled_in() {
        assert_eq!(way(Active, Closed), [Passive, Hidden, Closed]);
        assert_eq!(way(Active, Frozen), [Passive, Hidden, Frozen]);
        assert_eq!(way(Frozen, Active), [Hidden, Passive, Active]);
        assert_eq!(way(Closed, Active), [Hidden, Passive, Active]);
        assert_eq!(way(Frozen, Closed), [Hidden, Closed]);
        assert_eq!(way(Hidden, Hidden), []);
    }

    #[test]
    fn a_word_of_hiding_after_the_last_word_is_an_echo() {
        assert_eq!(way(Closed, Hidden), []);
        assert_eq!(way(Closed, Frozen), []);
    }
}
