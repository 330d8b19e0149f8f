//! Why a user stands where they stand, for people who wonder.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{Tracker, records::SessionRow};
use crate::{label::Ago, page::PageState, policy::Rung, time::Timestamp, wire::UserId};

/// One session, and what the rules make of it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The facts.
    pub row: SessionRow,
    /// The status of this session alone; its user's is the best of all.
    pub status: String,
    /// The rule that gave it, as a sentence without its full stop.
    pub because: String,
    /// When that changes if nothing is heard.
    pub changes_at: Timestamp,
    /// What comes then: another status, or `ended`.
    pub then: String,
}

/// What comes after the last status.
const ENDED: &str = "ended";

impl Tracker {
    /// The user's open sessions, each with the rule that fired and what comes next.
    #[must_use]
    pub fn explain(&self, user: &UserId) -> Vec<Explained> {
        let Some(number) = self.roll.find_user(user) else { return Vec::new() };
        let rows = self.roll.of_user(number).filter_map(|(place, session)| Some((self.roll.row(place)?, session.rung)));
        rows.map(|(row, rung)| self.explain_session(row, rung)).collect()
    }

    fn explain_session(&self, row: SessionRow, rung: u8) -> Explained {
        let ladder = &self.policy.ladder;
        let status = ladder.status(rung).to_string();
        if row.state == PageState::Closed {
            let because = "its page has said goodbye, and a next one of the tab may follow".into();
            return Explained { because, changes_at: row.lease_until, then: ENDED.into(), status, row };
        }
        let facts = self.blind.facts(row.state, row.last_seen_at, row.last_active_at);
        let (_, steps_down_at) = ladder.judge(facts, self.now);
        let (changes_at, then) = if steps_down_at < row.lease_until {
            (steps_down_at, ladder.status(ladder.judge(facts, steps_down_at).0))
        } else {
            (row.lease_until, ENDED)
        };
        let because = self.because(&row, ladder.rungs.get(usize::from(rung)));
        Explained { because, changes_at, then: then.to_string(), status, row }
    }

    fn because(&self, row: &SessionRow, rung: Option<&Rung>) -> String {
        let seen = Ago(self.now.since(row.last_seen_at));
        let active = Ago(self.now.since(row.last_active_at));
        let page = row.state.as_str();
        let Some(rung) = rung else {
            return format!("no status of the ladder holds: the page is {page}, seen {seen}, active {active}");
        };
        let mut conditions = Vec::new();
        if rung.visible {
            conditions.push(format!("the page is visible ({page})"));
        }
        if let Some(within) = rung.seen_within {
            conditions.push(format!("its last beat came {seen}, within {} s", within.0 / 1_000));
        }
        if let Some(within) = rung.active_within {
            conditions.push(format!("its last input came {active}, within {} s", within.0 / 1_000));
        }
        if conditions.is_empty() {
            return format!("the session lasts, and nothing better holds: the page is {page}, active {active}");
        }
        conditions.join(", and ")
    }
}
