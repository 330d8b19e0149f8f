//! Letters that wait for their webhooks. They come in by [`Store::record`](super::Store::record), with the batch that
//! makes them true.

use stillhere_engine::{time::Timestamp, wire::UserId};

use super::Pending;

/// What is told to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// `msg_…`: the same whenever it is made of the same thing, and whenever it is sent.
    pub message: String,
    /// The webhook's name.
    pub hook: Box<str>,
    /// What it is about, as the body says it too.
    pub event: Box<str>,
    /// Whom it is about; `None`: nobody.
    pub user: Option<UserId>,
    /// JSON.
    pub body: String,
    /// When it was made. It is due at once.
    pub made_at: Timestamp,
}

/// A letter in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number, in the order of writing.
    pub id: u64,
    /// The letter.
    pub letter: Letter,
    /// How often it has been tried in vain.
    pub attempts: u32,
}

/// What is due for one webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// In the order in which they became so; those of one moment as they were written.
    pub letters: Vec<Waiting>,
    /// When there is none: the moment at which the next one is.
    pub next_at: Option<Timestamp>,
}

/// A letter that nobody sends any more, unless somebody asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The letter.
    pub waiting: Waiting,
    /// Since when.
    pub failed_at: Timestamp,
    /// What was wrong in the end.
    pub why: String,
}

/// A page of dead letters.
#[derive(Debug)]
pub struct DeadLetters {
    /// Newest first.
    pub rows: Vec<DeadLetter>,
    /// Where the next page begins; `None`: that was the last.
    pub next: Option<u64>,
}

/// What comes of a letter that could not be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is tried again then.
    Waits(Timestamp),
    /// It is dead since then.
    Dies(Timestamp),
}

/// How many letters of one webhook there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LetterCount {
    /// Those that wait.
    pub waiting: u64,
    /// Those that are dead.
    pub dead: u64,
}

/// What a store does with letters that it has. Each promise is whole or not at all.
///
/// # Errors
/// Everywhere: the store cannot be read, or nothing was written.
pub trait Outbox: Send + Sync {
    /// What is due for the webhook at `now`, `limit` of them at most.
    fn due<'a>(&'a self, hook: &'a str, now: Timestamp, limit: u32) -> Pending<'a, Due>;

    /// They were delivered at that moment. What they said is deleted, and what was delivered long before is forgotten.
    fn sent<'a>(&'a self, ids: &'a [u64], at: Timestamp) -> Pending<'a, ()>;

    /// One more attempt was in vain.
    fn failed<'a>(&'a self, id: u64, why: &'a str, fate: Fate) -> Pending<'a, ()>;

    /// Lets the oldest of the webhook's letters die beyond the `most` that may wait, and deletes the oldest dead ones
    /// beyond as many. Says how many have died.
    fn trim<'a>(&'a self, hook: &'a str, most: u32, now: Timestamp, why: &'a str) -> Pending<'a, u64>;

    /// How many there are.
    fn count<'a>(&'a self, hook: &'a str) -> Pending<'a, LetterCount>;

    /// Its dead letters, newest first.
    fn dead<'a>(&'a self, hook: &'a str, after: Option<u64>, limit: u32) -> Pending<'a, DeadLetters>;

    /// Its dead letters wait again, as if they had never been tried, and all that wait are due now. Says how many live
    /// again.
    fn revive<'a>(&'a self, hook: &'a str, now: Timestamp) -> Pending<'a, u64>;
}
