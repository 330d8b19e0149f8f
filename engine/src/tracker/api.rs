//! What goes into a tracker and what comes out of it.

use alloc::{boxed::Box, vec::Vec};

use super::records::{Batch, Change, OpenPunch, PunchRow, SessionRow};
use crate::{
    time::Timestamp,
    wire::{Accepted, Beat, Refusal, SessionId, UserId},
};

/// Names the one who waits for an answer. The shell chooses it; the tracker only gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// A beat and what the shell knows about it.
#[derive(Clone, Debug)]
pub struct Report {
    /// Who waits for the answer.
    pub ticket: Ticket,
    /// Whom the token names.
    pub user: UserId,
    /// Since when the token is good; an unknown session cannot have begun before.
    pub issued_at: Option<Timestamp>,
    /// The beat.
    pub beat: Beat,
    /// What the store knows about the session; `None` before anybody has looked.
    pub past: Option<Past>,
}

/// What the store knows about a session that the tracker does not.
#[derive(Clone, Debug)]
pub enum Past {
    /// Nothing.
    NeverSeen,
    /// This.
    Stored(Box<SessionRow>),
}

/// Which way somebody punches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Begins a stay. It needs an open session, whose beats keep it going.
    In,
    /// Ends it.
    Out,
}

/// What can happen to a tracker.
#[derive(Debug)]
pub enum Input {
    /// A beat has arrived.
    Beat(Box<Report>),
    /// The wait is over, or the shell thinks so.
    Timer,
    /// A user punches in or out by the clock.
    Punch {
        /// Who waits.
        ticket: Ticket,
        /// Whom the token names.
        user: UserId,
        /// Which way.
        way: Way,
    },
    /// A user signs out of a session: it is over at once.
    SignOut {
        /// Who waits.
        ticket: Ticket,
        /// Whom the token names.
        user: UserId,
        /// Of which session; one that is over, or that nobody knows, is no error.
        session: SessionId,
    },
    /// An operator removes a person: all of their sessions are over at once, and no punch says so. What is in the store
    /// is for the shell to delete, once this is done; until it says `Removed`, the person's beats are told to try again,
    /// as what they begin would be deleted with the rest.
    Remove {
        /// Who waits.
        ticket: Ticket,
        /// Whom.
        user: UserId,
    },
    /// The store has deleted, or has failed to delete, what it kept of the person.
    Removed(UserId),
    /// Write everything that has changed now, not with the next checkpoint, and say when that is done: somebody
    /// is about to read the store.
    Settle(Ticket),
    /// The batch of the last `Record` is on disk.
    Recorded,
    /// The batch of the last `Record` could not be written; here it is back.
    RecordFailed(Box<Batch>),
    /// Who is in by the punch clock, read back at start, after the sessions and before any beat.
    RestorePunches(Vec<OpenPunch>),
    /// Open sessions read back at start, before any beat; as many inputs of this kind as the shell likes.
    Restore {
        /// The sessions.
        rows: Vec<SessionRow>,
        /// The last sign of life before the downtime; `None`: the store is new, and there was nothing before.
        alive_at: Option<Timestamp>,
    },
}

/// What the shell is to do.
#[derive(Debug)]
pub enum Output {
    /// Answer the one with this ticket.
    Answer {
        /// Who waits.
        ticket: Ticket,
        /// What to say.
        answer: Result<Accepted, Refusal>,
    },
    /// What this ticket's input asked for is done, and on disk with everything that had changed before. After a
    /// `Settle` this is also said when the store is down, and what it holds is as new as it can be.
    Done {
        /// Who waits.
        ticket: Ticket,
        /// Why not.
        done: Result<(), Refusal>,
    },
    /// A punch that was asked for is on disk.
    Punched {
        /// Who waits.
        ticket: Ticket,
        /// The row, or why there is none.
        punch: Result<Box<PunchRow>, Refusal>,
    },
    /// Look the report's session up in the store, set its `past`, and hand it in again.
    LookUp(Box<Report>),
    /// Write this in one transaction, then say `Recorded` or `RecordFailed`. There is never a second one before.
    Record(Box<Batch>),
    /// Tell the watchers.
    Publish(Change),
    /// Nothing to do until then, or until something happens.
    Wait {
        /// [`Timestamp::NEVER`]: only an input helps.
        until: Timestamp,
        /// The reason, for people.
        why: Why,
    },
}

/// Why a tracker waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The next lease, grace or status step is due.
    Lease,
    /// What has changed is to be written.
    Checkpoint,
    /// A write is under way.
    Recording,
}
