//! Where facts are kept. The trait is the whole promise; everything that knows SQL lies below it.
//!
//! **What a restart looks like:** every batch that `record` has accepted is there, whole; a batch that was under way
//! is there whole or not at all.

mod chain;
mod column;
mod error;
mod filters;
mod flow;
mod history;
mod log;
mod office;
mod open;
mod outbox;
mod postgres;
mod rows;
mod sqlite;
#[cfg(test)]
mod tests;
mod transfer;

use std::{fmt, pin::Pin, sync::Arc};

use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::{Batch, OpenPunch, PunchKind, PunchRow, SessionRow},
    wire::{ChannelName, PagePath, SessionId, UserId},
};

pub use crate::feed::{News, Position};
pub(crate) use chain::User;
pub use chain::{Digest, Fault, Mark, Wrong};
pub use error::StoreError;
pub use history::{AutoOuts, ChannelShare, Event, Range, Shares, Someone, Trace};
pub use log::{Cut, Log, StorePlace};
pub use office::Office;
pub use open::{OpenSessions, Place, ReadRows};
pub use outbox::{DeadLetter, DeadLetters, Due, Fate, Letter, LetterCount, Outbox, Waiting};
pub use postgres::Postgres;
pub use sqlite::Sqlite;
pub use transfer::{Act, Count, Difference, Progress, TransferError, Unlike, survey, transfer};

/// What a store gives back in a while.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A place for sessions and spans that outlives the process.
pub trait Store: Send + Sync {
    /// Writes the entry in one transaction; once this is `Ok`, a loss of power does not undo it.
    ///
    /// Writing an entry again, or an older one after a newer, changes nothing: counts and moments only grow, the
    /// newest beat decides about the rest, and an end stays an end. A punch is added once, whatever happens; a
    /// correction only where it moves an AUTO_OUT on. News have their place, which is filled once; of all of them the
    /// newest [`RING`](crate::limits::RING) are kept. A letter is there once, even if it has been delivered meanwhile.
    ///
    /// # Errors
    /// Nothing of the entry was written.
    fn record<'a>(&'a self, entry: &'a Entry) -> Pending<'a, ()>;

    /// Removes what is kept of a person: sessions, spans, visits, and that they are in by the punch clock. Their punches
    /// stay in the log as those of somebody without a name. Nothing may be written about them meanwhile.
    ///
    /// Once this is `Ok`, a loss of power brings nothing back. Doing it again is no error.
    ///
    /// # Errors
    /// Some of it may still be there.
    fn remove<'a>(&'a self, user: &'a UserId) -> Pending<'a, Removed>;

    /// Forgets a piece of what is older than `before`: sessions that ended earlier, with their spans, and visits of those
    /// who have not come or gone since, and are not there. Says how many rows that were; 0: nothing is left to forget.
    ///
    /// # Errors
    /// Nothing of the piece was forgotten.
    fn forget(&self, before: Timestamp) -> Pending<'_, u64>;

    /// Cuts off a piece at the old end of the log of punches, of rows that were written before `before`, but never the
    /// newest of all; and writes down that it was cut off, and what of, so that the rest can still be checked. Says how
    /// many rows that were; 0: nothing is left to cut off.
    ///
    /// # Errors
    /// Nothing of the piece was cut off.
    fn cut(&self, before: Timestamp, now: Timestamp) -> Pending<'_, u64>;

    /// One session, open or ended; `None`: never seen.
    ///
    /// # Errors
    /// The store cannot be read.
    fn session(&self, session: SessionId) -> Pending<'_, Option<SessionRow>>;

    /// How many sessions are without an end: for whoever makes room for them before they are read.
    ///
    /// # Errors
    /// The store cannot be read.
    fn open_count(&self) -> Pending<'_, u64>;

    /// The sessions without an end, in pieces: hand in each piece's `next` until there is none.
    ///
    /// # Errors
    /// The store cannot be read.
    fn open_sessions(&self, after: Option<Place>) -> Pending<'_, OpenSessions>;

    /// Who is in by the punch clock.
    ///
    /// # Errors
    /// The store cannot be read.
    fn open_punches(&self) -> Pending<'_, Vec<OpenPunch>>;

    /// The last sign of life before this start; `None`: the store is new.
    ///
    /// # Errors
    /// The store cannot be read.
    fn alive_at(&self) -> Pending<'_, Option<Timestamp>>;

    /// The log of the feed: the newest news, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn news(&self) -> Pending<'_, Vec<News>>;

    /// One page of the list of sessions, newest first, with the totals of everything that matches.
    ///
    /// # Errors
    /// The store cannot be read.
    fn sessions<'a>(&'a self, query: &'a SessionQuery) -> Pending<'a, SessionList>;

    /// One page of the same list, without the totals: for whoever goes through all of it.
    ///
    /// # Errors
    /// The store cannot be read.
    fn session_page<'a>(&'a self, query: &'a SessionQuery) -> Pending<'a, SessionPage>;

    /// One page of the punch clock's log, newest row first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn punches<'a>(&'a self, query: &'a PunchQuery) -> Pending<'a, PunchList>;

    /// How many users have been in each channel, ever and since `today` began. Who has been there since before `today`
    /// without a break is only counted in the first: whoever asks knows who is here now.
    ///
    /// # Errors
    /// The store cannot be read.
    fn channels(&self, today: Timestamp) -> Pending<'_, Vec<ChannelTotals>>;

    /// Whose newest session ended at or after `since`, each user once, in no order; as many as
    /// [`LEFT_ROWS`](crate::limits::LEFT_ROWS). They may have another session that lasts.
    ///
    /// # Errors
    /// The store cannot be read.
    fn left(&self, since: Timestamp) -> Pending<'_, Vec<Left>>;

    /// The pages that a session was on, and its visible spans: the newest [`COURSE_ROWS`](crate::limits::COURSE_ROWS) of
    /// each, oldest first. A session that nobody knows has left none.
    ///
    /// # Errors
    /// The store cannot be read.
    fn course(&self, session: SessionId) -> Pending<'_, Course>;

    /// Feeds what happened to anybody in the range, and says how it is spread: all as of one moment. Sessions that go on
    /// are there until the end of the range, which therefore must not lie ahead.
    ///
    /// # Errors
    /// The store cannot be read; what was fed until then means nothing.
    fn history<'a>(&'a self, range: Range, into: &'a mut (dyn FnMut(Event<'_>) + Send)) -> Pending<'a, Shares>;

    /// Feeds what is kept of one user in the range, as of one moment.
    ///
    /// # Errors
    /// As with [`history`](Self::history).
    fn user_history<'a>(
        &'a self,
        user: &'a UserId,
        range: Range,
        into: &'a mut (dyn FnMut(Trace) + Send),
    ) -> Pending<'a, ()>;

    /// The letters that wait for their webhooks.
    fn outbox(&self) -> &dyn Outbox;

    /// The right to do what only one node at a time may do; `None` while another node has it. A server that works alone always
    /// has it. Whoever has none asks again after a while: each time costs a connection.
    ///
    /// # Errors
    /// The store cannot be reached.
    fn office(&self) -> Pending<'_, Option<Office>>;

    /// Waits for what is under way and lets go of the files.
    ///
    /// # Errors
    /// None so far; a store over a network may have one.
    fn close(&self) -> Pending<'_, ()>;
}

/// What is written in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// What the tracker wants kept.
    pub batch: Batch,
    /// What watchers have been told since the last entry, oldest first.
    pub news: Vec<Arc<News>>,
    /// What webhooks are to be told of all that.
    pub letters: Vec<Letter>,
}

impl From<Batch> for Entry {
    fn from(batch: Batch) -> Self {
        Self { batch, ..Self::default() }
    }
}

/// How much was kept of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Sessions, open or ended.
    pub sessions: u64,
    /// Their spans.
    pub spans: u64,
    /// Channels in which they were ever.
    pub visits: u64,
    /// Rows of the log that are nobody's now.
    pub punches: u64,
}

impl Removed {
    /// As much more.
    fn add(&mut self, piece: Self) {
        self.sessions += piece.sessions;
        self.spans += piece.spans;
        self.visits += piece.visits;
        self.punches += piece.punches;
    }
}

/// Which sessions to list.
#[derive(Clone, Debug, Default)]
pub struct SessionQuery {
    /// Only this user's.
    pub user: Option<UserId>,
    /// Only in this channel.
    pub channel: Option<ChannelName>,
    /// Only those that were on this page, whatever page they went on to.
    pub page: Option<PagePath>,
    /// Only those that started at or after this moment. A session belongs to the moment it started, so that each is
    /// in one day only.
    pub from: Option<Timestamp>,
    /// Only those that started before this moment.
    pub to: Option<Timestamp>,
    /// Only those that last, or only those that have ended.
    pub stay: Option<Stay>,
    /// The longest page of the list.
    pub limit: u32,
    /// Goes on where an earlier page ended. Totals are over the whole list all the same.
    pub after: Option<Cursor>,
}

/// Whether a session lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// It has no end yet.
    Open,
    /// It has one.
    Ended,
}

/// What a session has left behind besides its row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// Where it was, each until it went on. Where it is now its row says.
    pub views: Vec<Viewed>,
    /// When it was visible, from and to.
    pub spans: Vec<(Timestamp, Timestamp)>,
}

/// A page that a session was on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewed {
    /// Where.
    pub channel: ChannelName,
    /// Which page, if it said so.
    pub page: Option<PagePath>,
    /// Until when.
    pub until_at: Timestamp,
}

/// Who has left, and what is remembered of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Who.
    pub user: UserId,
    /// Where they were last.
    pub channel: ChannelName,
    /// The newest beat of their sessions.
    pub last_seen_at: Timestamp,
    /// The newest input of that session.
    pub last_active_at: Timestamp,
}

/// Who has been in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelTotals {
    /// Where.
    pub channel: ChannelName,
    /// How many users ever.
    pub ever: u64,
    /// How many have come or gone today.
    pub today: u64,
}

/// Which punches to list.
#[derive(Clone, Debug, Default)]
pub struct PunchQuery {
    /// Only this user's.
    pub user: Option<UserId>,
    /// Only of this kind.
    pub kind: Option<PunchKind>,
    /// Only those that were true at or after this moment.
    pub from: Option<Timestamp>,
    /// Only those that were true before this moment.
    pub to: Option<Timestamp>,
    /// The longest page of the list.
    pub limit: u32,
    /// Goes on where an earlier page ended.
    pub after: Option<u64>,
}

/// A page of the log.
#[derive(Debug)]
pub struct PunchList {
    /// Newest first, in the order in which they were written.
    pub rows: Vec<PunchRow>,
    /// Where the next page begins; `None`: that was the last.
    pub next: Option<u64>,
}

/// A page of the list.
#[derive(Debug)]
pub struct SessionPage {
    /// Newest first.
    pub rows: Vec<SessionRow>,
    /// Where the next page begins; `None`: that was the last.
    pub next: Option<Cursor>,
}

/// A page of the list, and what the whole list comes to.
#[derive(Debug)]
pub struct SessionList {
    /// The page.
    pub page: SessionPage,
    /// Over everything that matches.
    pub totals: Totals,
}

/// Sums over a whole list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many sessions.
    pub sessions: u64,
    /// Of how many users.
    pub users: u64,
    /// From start to end, or to the newest beat of those that last.
    pub duration: Millis,
    /// Visible time.
    pub visible: Millis,
    /// Time with a person at work.
    pub active: Millis,
}

/// A place in the list of sessions that stays where it is while new ones come in on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    started_at: i64,
    id: i64,
}

impl Cursor {
    /// Reads what [`fmt::Display`] wrote; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (started_at, id) = text.split_once('-')?;
        let hex = |part| i64::from_str_radix(part, 16).ok().filter(|&number| number >= 0);
        Some(Self { started_at: hex(started_at)?, id: hex(id)? })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.started_at, self.id)
    }
}
