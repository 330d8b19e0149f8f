//! Who waits for what becomes of their requests, in one shard.

use std::collections::HashMap;

use stillhere_engine::{
    tracker::{PunchRow, Ticket},
    wire::{Accepted, Refusal},
};
use tokio::sync::oneshot;

use super::judged::{Found, Said};

/// Who waits.
#[derive(Debug)]
pub(super) enum Waiting {
    Beat(oneshot::Sender<Result<Accepted, Refusal>>),
    Done(oneshot::Sender<Result<(), Refusal>>),
    Punch(oneshot::Sender<Result<Box<PunchRow>, Refusal>>),
    Sweep(oneshot::Sender<Result<Found, Refusal>>),
}

/// Everybody who waits, by their tickets.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    waiting: HashMap<Ticket, Waiting>,
    /// Nobody has the first one.
    tickets: u64,
}

impl Waiters {
    /// Gives somebody a ticket.
    pub(super) fn admit(&mut self, waiting: Waiting) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.waiting.insert(ticket, waiting);
        ticket
    }

    /// Tells it to whoever waits for it. Who has gone meanwhile will ask again.
    pub(super) fn say(&mut self, said: Said) {
        match said {
            Said::Answer(ticket, answer) => {
                if let Some(Waiting::Beat(waiting)) = self.waiting.remove(&ticket) {
                    let _ = waiting.send(answer);
                }
            }
            Said::Done(ticket, done) => {
                if let Some(Waiting::Done(waiting)) = self.waiting.remove(&ticket) {
                    let _ = waiting.send(done);
                }
            }
            Said::Punched(ticket, punch) => {
                if let Some(Waiting::Punch(waiting)) = self.waiting.remove(&ticket) {
                    let _ = waiting.send(punch);
                }
            }
            Said::Swept(ticket, found) => {
                if let Some(Waiting::Sweep(waiting)) = self.waiting.remove(&ticket) {
                    let _ = waiting.send(found);
                }
            }
        }
    }

    /// It could not be done now.
    pub(super) fn refuse(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket).into_iter().for_each(Waiting::refuse);
    }
}

impl Waiting {
    /// It cannot be done now.
    pub(super) fn refuse(self) {
        let why = Refusal::StoreDown;
        // Who has gone meanwhile will ask again.
        match self {
            Self::Beat(waiting) => _ = waiting.send(Err(why)),
            Self::Done(waiting) => _ = waiting.send(Err(why)),
            Self::Punch(waiting) => _ = waiting.send(Err(why)),
            Self::Sweep(waiting) => _ = waiting.send(Err(why)),
        }
    }
}
