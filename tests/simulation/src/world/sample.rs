//! Who is compared with the reference: everybody in a small world, some people in a large one.

use stillhere_engine::{policy::Punching, tracker::Member, wire::UserId};

use super::World;
use crate::{
    agenda::{MINUTE, Ms},
    checks::{self, Verdict},
};

/// So many people of a large world are compared.
const SAMPLE: u32 = 50;
/// A large world is compared so often: its whole membership is listed each time.
const COMPARE_EVERY: Ms = 10 * MINUTE;

impl World {
    /// Whether the reference follows this user.
    pub(super) fn is_followed(&self, user: &UserId) -> bool {
        self.scenario.is_thorough
            || person(user).is_some_and(|person| person % (self.scenario.persons / SAMPLE).max(1) == 0)
    }

    /// Compares the tracker's picture with the watcher's copy and with the reference, if it is time for that.
    pub(super) fn compare_pictures(&mut self, published: usize) {
        let now = self.now();
        let is_time = if self.scenario.is_thorough {
            published > 0 || self.agenda.planned().is_multiple_of(8)
        } else {
            now >= self.compared_at + COMPARE_EVERY
        };
        // Listing everybody is what costs: first whether anybody wants to know.
        if !is_time {
            return;
        }
        let Some(snapshot) = self.server.members() else { return };
        self.compared_at = now;
        for verdict in self.differences(snapshot) {
            self.check(verdict);
        }
    }

    fn differences(&self, mut snapshot: Vec<Member>) -> Vec<Verdict> {
        let clock = self.server.clock(self.now());
        let copy = self.watcher.compare(&snapshot);
        let is_punched = self.policy.punching == Punching::WithPresence;
        let stays: Vec<_> = snapshot
            .iter()
            .filter(|_| is_punched)
            .map(|member| checks::presence_is_a_stay(member.user.as_str(), self.server.stay_of(&member.user)))
            .collect();
        if !self.scenario.is_thorough {
            snapshot.retain(|member| self.is_followed(&member.user));
        }
        let pictures = [copy, self.reference.compare(&snapshot, clock)];
        stays.into_iter().chain(pictures).collect()
    }
}

fn person(user: &UserId) -> Option<u32> {
    user.as_str().get(1..)?.parse().ok()
}
