//! The punch clock: who asks, and what is answered and told.

use stillhere_engine::{
    policy::Punching,
    tracker::{Change, Input, PunchRow, Ticket, Way},
    wire::{Refusal, UserId},
};

use super::{Event, World};
use crate::{
    agenda::{Ms, SECOND},
    chance::Chance,
    checks,
};

/// Nobody waits in the simulation for the answer to a punch: whoever hears nothing asks again another day.
const NOBODY: Ticket = Ticket(0);

impl World {
    /// A person who has come punches in a little later, and may forget to punch out.
    pub(super) fn plan_punch(&mut self, person: u32, way: Way, chance: &mut Chance) {
        if self.policy.punching != Punching::OnRequest {
            return;
        }
        let delay: Ms = match way {
            Way::In => SECOND + chance.about(20 * SECOND),
            Way::Out if chance.permille(600) => return,
            Way::Out => 1 + chance.about(SECOND),
        };
        self.agenda.plan(self.now() + delay, Event::Punch { person, way });
    }

    pub(super) fn punch_arrives(&mut self, person: u32, way: Way) {
        if self.now() < self.partition_until || self.server.is_down() {
            return;
        }
        if let Ok(user) = UserId::parse(&format!("p{person}")) {
            self.take(Input::Punch { ticket: NOBODY, user, way });
        }
    }

    pub(super) fn punch_is_answered(&mut self, punch: Result<&PunchRow, &Refusal>) {
        if let Ok(row) = punch {
            let verdict = checks::punch_is_kept(&self.server.disk.punches, row);
            self.check(verdict);
        }
    }

    /// What watchers hear of stays agrees with the disk, and whoever has left is out.
    pub(super) fn check_punches(&mut self, change: &Change) {
        let verdict = match change {
            Change::Punch(row) => {
                self.tally.punches += 1;
                checks::punch_is_kept(&self.server.disk.punches, row)
            }
            Change::Leave { user, .. } if self.scenario.is_thorough && !self.reference.has_session(user) => {
                let epoch = self.server.stay_of(user);
                checks::nobody_stays_without_a_session(user.as_str(), epoch)
            }
            _ => Ok(()),
        };
        self.check(verdict);
    }
}
