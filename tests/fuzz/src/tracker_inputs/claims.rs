//! What must hold for those who wait and for those who watch.

use std::collections::BTreeMap;

use stillhere_engine::{
    tracker::{Change, Member, Ticket, Tracker},
    wire::{SessionId, UserId},
};

/// What somebody with a ticket waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owed {
    Answer(SessionId),
    Punch,
    SignOut,
    Remove(UserId),
    Settle,
}

/// Everybody who waits.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    last: u64,
    owed: BTreeMap<u64, Owed>,
}

impl Tickets {
    pub(super) fn owe(&mut self, what: Owed) -> Ticket {
        self.last += 1;
        self.owed.insert(self.last, what);
        Ticket(self.last)
    }

    pub(super) fn answered(&mut self, ticket: Ticket) -> SessionId {
        match self.owed.remove(&ticket.0) {
            Some(Owed::Answer(session)) => session,
            other => panic!("an answer for {ticket:?}, which waits for {other:?}"),
        }
    }

    pub(super) fn done(&mut self, ticket: Ticket) -> Owed {
        match self.owed.remove(&ticket.0) {
            Some(owed @ (Owed::Settle | Owed::SignOut | Owed::Remove(_))) => owed,
            other => panic!("{ticket:?} is done, which waits for {other:?}"),
        }
    }

    pub(super) fn punched(&mut self, ticket: Ticket) {
        assert_eq!(self.owed.remove(&ticket.0), Some(Owed::Punch), "a punch for {ticket:?}");
    }

    pub(super) fn len(&self) -> usize {
        self.owed.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.owed.is_empty()
    }

    /// Whoever waited has lost the connection; nobody may be answered under an old number.
    pub(super) fn after_a_crash(&self) -> Self {
        Self { last: self.last, owed: BTreeMap::new() }
    }
}

/// A watcher of everything, who knows nothing but the snapshot and the changes since.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    here: BTreeMap<(String, String), Look>,
}

/// What a watcher sees of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    status: String,
    page: Option<String>,
    sessions: usize,
}

impl Watcher {
    pub(super) fn looking_at(tracker: &Tracker) -> Self {
        Self { here: tracker.members(None).iter().map(|member| (key(member), look(member))).collect() }
    }

    pub(super) fn hears(&mut self, change: &Change) {
        match change {
            Change::Join(member) => {
                let before = self.here.insert(key(member), look(member));
                assert_eq!(before, None, "a join of one who is here: {member:?}");
            }
            Change::Update(member) => {
                let before = self.here.insert(key(member), look(member));
                assert!(before.is_some(), "an update of one who is not here: {member:?}");
                assert_ne!(before, Some(look(member)), "an update that changes nothing");
            }
            Change::Leave { channel, user, .. } => {
                let before = self.here.remove(&(channel.as_str().to_owned(), user.as_str().to_owned()));
                assert!(before.is_some(), "a leave without a join: {change:?}");
            }
            Change::Punch(row) => panic!("a punch is for its own user: {row:?}"),
        }
    }

    /// Who follows the changes knows what a new snapshot would say.
    pub(super) fn agrees_with(&self, tracker: &Tracker) {
        assert_eq!(self.here, Self::looking_at(tracker).here, "told, and true");
    }
}

fn key(member: &Member) -> (String, String) {
    (member.channel.as_str().to_owned(), member.user.as_str().to_owned())
}

fn look(member: &Member) -> Look {
    let page = member.page.as_ref().map(|page| page.as_str().to_owned());
    Look { status: member.status.clone(), page, sessions: member.sessions }
}
