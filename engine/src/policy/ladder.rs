//! Status ladders: from facts to a word, and when it will be another.

use alloc::{boxed::Box, vec, vec::Vec};

use crate::time::{Millis, Timestamp};

/// From facts to a status: the first rung whose every condition holds, else [`Ladder::LAST`].
#[derive(Clone, Debug)]
pub struct Ladder {
    /// Best first.
    pub rungs: Vec<Rung>,
}

/// One step of a ladder.
#[derive(Clone, Debug, Default)]
pub struct Rung {
    /// The status that it gives.
    pub status: Box<str>,
    /// Only while the tab is visible.
    pub visible: bool,
    /// Only so long after the newest beat.
    pub seen_within: Option<Millis>,
    /// Only so long after the newest input.
    pub active_within: Option<Millis>,
}

/// What a ladder looks at.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Whether the tab is visible.
    pub visible: bool,
    /// The newest accepted beat.
    pub last_seen_at: Timestamp,
    /// The newest human input.
    pub last_active_at: Timestamp,
}

impl Default for Ladder {
    /// Online while visible and used within five minutes; away while the session lasts.
    fn default() -> Self {
        let online =
            Rung { status: "online".into(), visible: true, active_within: Some(Millis::minutes(5)), ..Rung::default() };
        Self { rungs: vec![online, Rung { status: "away".into(), ..Rung::default() }] }
    }
}

impl Ladder {
    /// Where nobody stands who stands on a rung.
    pub const LAST: &'static str = "offline";

    /// The rung for `facts` at `now`, and when it will be another one if nothing happens.
    #[must_use]
    pub fn judge(&self, facts: Facts, now: Timestamp) -> (u8, Timestamp) {
        let at = self.rungs.iter().position(|rung| rung.holds_until(facts) > now);
        let at = at.unwrap_or(self.rungs.len());
        let until = self.rungs.get(at).map_or(Timestamp::NEVER, |rung| rung.holds_until(facts));
        (at as u8, until)
    }

    /// The best of some statuses; `None` of none.
    pub fn best<'a>(&self, statuses: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let rung = |status: &&str| self.rungs.iter().position(|rung| *rung.status == **status).unwrap_or(usize::MAX);
        statuses.min_by_key(rung)
    }

    /// The status of somebody who has left. A rung without any condition of time speaks of a session that lasts, and
    /// there is none.
    #[must_use]
    pub fn remembered(&self, last_seen_at: Timestamp, last_active_at: Timestamp, now: Timestamp) -> &str {
        let (rung, _) = self.judge(Facts { visible: false, last_seen_at, last_active_at }, now);
        let holds = self.rungs.get(usize::from(rung));
        let holds = holds.filter(|rung| rung.seen_within.is_some() || rung.active_within.is_some());
        holds.map_or(Self::LAST, |rung| &rung.status)
    }

    /// For how long after their newest beat somebody who has left can be above [`LAST`](Self::LAST) at most; zero when
    /// the ladder speaks of lasting sessions only.
    #[must_use]
    pub fn remembers_for(&self) -> Millis {
        let rungs = self.rungs.iter().filter(|rung| !rung.visible);
        // Input is never newer than the beat that tells it.
        let within = rungs.filter_map(|rung| match (rung.seen_within, rung.active_within) {
            (Some(seen), Some(active)) => Some(seen.min(active)),
            (seen, active) => seen.or(active),
        });
        within.max().unwrap_or(Millis::ZERO)
    }

    /// All statuses that there are, best first.
    pub fn statuses(&self) -> impl Iterator<Item = &str> {
        self.rungs.iter().map(|rung| &*rung.status).chain([Self::LAST])
    }

    /// The status at a rung's place.
    #[must_use]
    pub fn status(&self, rung: u8) -> &str {
        self.rungs.get(usize::from(rung)).map_or(Self::LAST, |rung| &rung.status)
    }
}

impl Rung {
    /// The first moment at which it no longer holds; zero when it does not hold at all. Conditions only ever
    /// expire: what makes one hold again is a beat.
    fn holds_until(&self, facts: Facts) -> Timestamp {
        if self.visible && !facts.visible {
            return Timestamp(0);
        }
        // `within` includes its last moment.
        let end = |since: Timestamp, within: Option<Millis>| match within {
            Some(within) => since.after(within).after(Millis(1)),
            None => Timestamp::NEVER,
        };
        end(facts.last_seen_at, self.seen_within).min(end(facts.last_active_at, self.active_within))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_goes_down_step_by_step_and_says_when() {
        let ladder = Ladder {
            rungs: vec![
                Rung { status: "online".into(), seen_within: Some(Millis(5_000)), ..Rung::default() },
                Rung { status: "away".into(), seen_within: Some(Millis(60_000)), ..Rung::default() },
            ],
        };
        let facts = Facts { visible: true, last_seen_at: Timestamp(1_000), last_active_at: Timestamp(1_000) };
        let at = |now| {
            let (rung, until) = ladder.judge(facts, Timestamp(now));
            (ladder.status(rung), until)
        };
        assert_eq!(at(6_000), ("online", Timestamp(6_001)));
        assert_eq!(at(6_001), ("away", Timestamp(61_001)));
        assert_eq!(at(61_001), ("offline", Timestamp::NEVER));
    }

    #[test]
    fn who_has_left_is_remembered_only_by_rungs_that_ask_when() {
        let within =
            |status: &str, ms| Rung { status: status.into(), seen_within: Some(Millis(ms)), ..Rung::default() };
        let lasting = Rung { status: "available".into(), ..Rung::default() };
        let ladder = Ladder { rungs: vec![within("online", 100), within("recent", 1_000), lasting] };
        let at = |now| ladder.remembered(Timestamp(0), Timestamp(0), Timestamp(now));
        assert_eq!([at(100), at(1_000), at(1_001)], ["online", "recent", "offline"]);
        assert_eq!(ladder.best(["available", "recent", "offline"].into_iter()), Some("recent"));
        assert_eq!(ladder.remembers_for(), Millis(1_000));
        assert_eq!(Ladder::default().remembers_for(), Millis::ZERO);
    }

    #[test]
    fn a_hidden_tab_is_away_by_default() {
        let ladder = Ladder::default();
        let facts = |visible| Facts { visible, last_seen_at: Timestamp(0), last_active_at: Timestamp(0) };
        assert_eq!(ladder.status(ladder.judge(facts(true), Timestamp(0)).0), "online");
        assert_eq!(ladder.status(ladder.judge(facts(false), Timestamp(0)).0), "away");
        assert_eq!(ladder.status(ladder.judge(facts(true), Timestamp(300_001)).0), "away");
    }
}
