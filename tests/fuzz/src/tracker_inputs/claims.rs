//! What must hold: for those who wait, for those who watch, and for what is written down.

use std::collections::BTreeMap;

use stillhere_engine::{
    limits,
    time::{Millis, Timestamp},
    tracker::{Batch, Change, Member, Past, SessionRow, Ticket, Tracker},
    wire::{Beat, SessionId},
};

/// What somebody with a ticket waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owed {
    Answer(SessionId),
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

    pub(super) fn settled(&mut self, ticket: Ticket, what: &Owed) {
        assert_eq!(self.owed.remove(&ticket.0).as_ref(), Some(what), "{ticket:?}");
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

/// What is written down, and the most that any tab has said.
#[derive(Debug)]
pub(super) struct Store {
    rows: BTreeMap<SessionId, SessionRow>,
    alive_at: Timestamp,
    longest: BTreeMap<SessionId, Millis>,
}

impl Store {
    pub(super) fn new(alive_at: Timestamp) -> Self {
        Self { rows: BTreeMap::new(), alive_at, longest: BTreeMap::new() }
    }

    pub(super) fn was_told(&mut self, beat: &Beat) {
        let longest = self.longest.entry(beat.session).or_default();
        *longest = beat.t.max(*longest);
    }

    pub(super) fn past(&self, session: &SessionId) -> Past {
        self.rows.get(session).map_or(Past::NeverSeen, |row| Past::Stored(Box::new(row.clone())))
    }

    pub(super) fn open(&self) -> Vec<SessionRow> {
        self.rows.values().filter(|row| row.end.is_none()).cloned().collect()
    }

    pub(super) const fn alive_at(&self) -> Timestamp {
        self.alive_at
    }

    pub(super) fn write(&mut self, batch: &Batch) {
        for row in &batch.sessions {
            self.rows.insert(row.session, row.clone());
        }
        self.alive_at = batch.alive_at.unwrap_or(self.alive_at);
    }

    /// Each row is possible in itself and takes nothing back.
    pub(super) fn can_be_written(&self, batch: &Batch, now: Timestamp) {
        for row in &batch.sessions {
            let longest = self.longest.get(&row.session).copied().unwrap_or_default();
            assert!(longest <= limits::SESSION_AGE);
            assert!(row.visible <= row.visible_until && row.visible_until <= longest, "visible: {row:?}");
            assert!(row.active <= longest, "active: {row:?}");
            assert!(row.started_at <= row.last_seen_at && row.last_seen_at <= now, "times: {row:?}");
            if let Some(end) = row.end {
                assert!(end.ended_at <= end.detected_at.max(now) && end.detected_at <= now, "end: {row:?}");
            }
            if let Some(older) = self.rows.get(&row.session) {
                takes_nothing_back(row, older);
            }
        }
        for span in &batch.spans {
            let longest = self.longest.get(&span.session).copied().unwrap_or_default();
            assert!(span.span.start <= span.span.end && span.span.end <= longest, "{span:?}");
            assert!(span.start_at <= span.end_at && span.end_at <= now, "{span:?}");
        }
        assert!(batch.alive_at.is_none_or(|at| at <= now));
    }

    /// What a tab was told to be kept is on disk.
    pub(super) fn has_kept(&self, session: &SessionId, saved_seq: u32) {
        let kept = self.rows.get(session).map_or(0, |row| row.seq);
        assert!(saved_seq <= kept, "beat {saved_seq} is said to be kept, {kept} is");
    }

    pub(super) fn all_have_ended(&self) {
        for row in self.rows.values() {
            assert!(row.end.is_some(), "nobody is here, and this goes on: {row:?}");
        }
    }
}

fn takes_nothing_back(row: &SessionRow, older: &SessionRow) {
    assert_eq!(row.user, older.user, "another's session");
    assert!(row.seq >= older.seq, "seq: {older:?}, then {row:?}");
    assert!(row.visible >= older.visible && row.visible_until >= older.visible_until, "{older:?}, then {row:?}");
    assert!(row.active >= older.active, "active: {older:?}, then {row:?}");
    assert!(row.last_seen_at >= older.last_seen_at, "last seen: {older:?}, then {row:?}");
    if let Some(before) = older.end {
        let after = row.end.expect("who has ended stays ended");
        assert!(after.ended_at >= before.ended_at && after.reason == before.reason, "{older:?}, then {row:?}");
    }
}
