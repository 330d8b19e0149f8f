//! Removing what is kept of a person.
//!
//! First the tracker ends their sessions and the last facts of them reach the disk; then the store removes all of it.
//! Meanwhile their beats are told to try again. What begins afterwards is somebody new.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use stillhere_engine::{
    limits::SESSION_AGE,
    time::Timestamp,
    tracker::{Input, Ticket},
    wire::{Refusal, UserId},
};
use tokio::sync::oneshot;

use super::task::{Return, Task};
use crate::{
    limits,
    store::{Removed, StoreError},
};

type Answer = oneshot::Sender<Result<Removed, Refusal>>;

/// Who is being removed, and who was.
#[derive(Debug, Default)]
pub(super) struct Removals {
    /// Everybody who waits for the removal of each.
    waiting: HashMap<UserId, Vec<Answer>>,
    /// Those whose last facts are on their way to the disk.
    ending: HashMap<Ticket, UserId>,
    /// When people were removed, by prints that name nobody.
    done: HashMap<u64, Timestamp>,
    prints: RandomState,
}

impl Removals {
    /// Whether the user has just been added; otherwise their removal is under way, and this one is answered with it.
    fn add(&mut self, user: &UserId, answer: Answer) -> bool {
        let waiting = self.waiting.entry(user.clone()).or_default();
        waiting.push(answer);
        waiting.len() == 1
    }

    fn answer(&mut self, user: &UserId, answer: &Result<Removed, Refusal>) {
        for waiting in self.waiting.remove(user).into_iter().flatten() {
            // Who asked may have gone.
            let _ = waiting.send(answer.clone());
        }
    }

    /// Remembers it for as long as a tab could tell of the time before.
    fn note(&mut self, user: &UserId, now: Timestamp) {
        self.done.retain(|_, at| now.since(*at) <= SESSION_AGE);
        if self.done.len() < limits::REMOVALS {
            self.done.insert(self.prints.hash_one(user), now);
        }
    }

    /// Since when anything about the user may be true: a tab that was open all the time would tell of what was removed.
    pub(super) fn not_before(&self, user: &UserId, issued_at: Option<Timestamp>) -> Option<Timestamp> {
        if self.done.is_empty() {
            return issued_at;
        }
        issued_at.max(self.done.get(&self.prints.hash_one(user)).copied())
    }
}

impl Task {
    pub(super) fn remove(&mut self, user: UserId, answer: Answer, now: Timestamp) {
        if !self.removals.add(&user, answer) {
            return;
        }
        let ticket = self.ticket();
        self.removals.ending.insert(ticket, user.clone());
        self.tracker.handle_input(Input::Remove { ticket, user }, now);
        self.drain();
    }

    /// The sessions are over and on disk, if this ticket is that of a removal; or that was not possible.
    pub(super) fn removal_ended(&mut self, ticket: Ticket, done: Result<(), Refusal>) {
        let Some(user) = self.removals.ending.remove(&ticket) else { return };
        if let Err(why) = done {
            self.give_up(&user, why);
            return;
        }
        let (store, returns) = (Arc::clone(&self.store), self.returns.clone());
        tokio::spawn(async move {
            let removed = store.remove(&user).await;
            // The driver may have stopped.
            let _ = returns.send(Return::Removed(user, removed));
        });
    }

    pub(super) fn removed(&mut self, user: UserId, removed: Result<Removed, StoreError>) {
        let removed = match removed {
            Ok(removed) => removed,
            Err(why) => {
                tracing::error!(%why, "a person could not be removed whole yet");
                return self.give_up(&user, Refusal::StoreDown);
            }
        };
        let now = self.clock.now();
        tracing::info!(sessions = removed.sessions, punches = removed.punches, "a person was removed");
        self.removals.note(&user, now);
        self.feed.forget(&user);
        self.unwritten.forget(&user);
        self.drafts.forget(&user);
        self.removals.answer(&user, &Ok(removed));
        self.tracker.handle_input(Input::Removed(user), now);
    }

    fn give_up(&mut self, user: &UserId, why: Refusal) {
        self.removals.answer(user, &Err(why));
        self.tracker.handle_input(Input::Removed(user.clone()), self.clock.now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removal_that_is_under_way_is_joined_and_one_that_is_done_is_not() {
        let (mut removals, user) = (Removals::default(), UserId::parse("ann").unwrap());
        let add = |removals: &mut Removals| {
            let (answer, answered) = oneshot::channel();
            (removals.add(&user, answer), answered)
        };
        let (first, mut one) = add(&mut removals);
        let (second, mut two) = add(&mut removals);
        assert_eq!((first, second), (true, false));
        removals.answer(&user, &Err(Refusal::StoreDown));
        assert_eq!([one.try_recv(), two.try_recv()], [Ok(Err(Refusal::StoreDown)), Ok(Err(Refusal::StoreDown))]);
        assert!(add(&mut removals).0);
    }
}
