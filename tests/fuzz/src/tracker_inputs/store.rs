//! What must hold for what is written down.

use std::collections::{BTreeMap, BTreeSet};

use stillhere_engine::{
    limits,
    time::{Millis, Timestamp},
    tracker::{Batch, OpenPunch, Past, PunchKind, PunchRow, SessionRow},
    wire::{Beat, SessionId, UserId},
};

/// What is written down, and the most that any tab has said.
#[derive(Debug)]
pub(super) struct Store {
    rows: BTreeMap<SessionId, SessionRow>,
    alive_at: Timestamp,
    longest: BTreeMap<SessionId, Millis>,
    punches: Vec<PunchRow>,
    /// Whose rows the shell has deleted, or is about to: what is still under way about them is half a story.
    removed: BTreeSet<UserId>,
}

impl Store {
    pub(super) fn new(alive_at: Timestamp) -> Self {
        Self {
            rows: BTreeMap::new(),
            alive_at,
            longest: BTreeMap::new(),
            punches: Vec::new(),
            removed: BTreeSet::new(),
        }
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
        for row in &batch.punches {
            self.punch(row);
        }
        for user in self.rows.values().map(|row| &row.user).filter(|user| !self.removed.contains(user)) {
            assert!(self.open_stays(user).count() <= 1, "{} is in twice: {:?}", user.as_str(), self.punches);
        }
        self.alive_at = batch.alive_at.unwrap_or(self.alive_at);
    }

    /// As a store's keys would have it.
    fn punch(&mut self, row: &PunchRow) {
        let stay = self.punches.iter().filter(|known| (&known.user, known.epoch) == (&row.user, row.epoch));
        let is_end = |kind| matches!(kind, PunchKind::Out | PunchKind::AutoOut);
        let is_new = match row.kind {
            PunchKind::Correction => {
                let ends = stay.filter(|known| matches!(known.kind, PunchKind::AutoOut | PunchKind::Correction));
                ends.map(|known| known.at).max().is_some_and(|at| at < row.at)
            }
            kind => !stay.clone().any(|known| known.kind == kind),
        };
        let mut before = self.punches.iter().filter(|known| (&known.user, known.epoch) == (&row.user, row.epoch));
        if is_new && is_end(row.kind) && !self.removed.contains(&row.user) {
            assert!(before.clone().any(|known| known.kind == PunchKind::In), "out without in: {row:?}");
            assert!(!before.any(|known| is_end(known.kind)), "out twice: {row:?}");
        }
        if is_new {
            self.punches.push(row.clone());
        }
    }

    fn open_stays(&self, user: &UserId) -> impl Iterator<Item = &PunchRow> {
        self.punches.iter().filter(move |row| row.user == *user && row.kind == PunchKind::In).filter(|row| {
            !self.punches.iter().any(|end| (&end.user, end.epoch) == (&row.user, row.epoch) && end.kind != row.kind)
        })
    }

    /// Who is in, as a starting server reads it.
    pub(super) fn stays(&self) -> Vec<OpenPunch> {
        let users: BTreeSet<&UserId> = self.punches.iter().map(|row| &row.user).collect();
        let open = users.into_iter().flat_map(|user| self.open_stays(user));
        open.map(|row| OpenPunch { user: row.user.clone(), epoch: row.epoch, proven_until: row.at }).collect()
    }

    /// The shell deletes everything about a person.
    pub(super) fn forget(&mut self, user: &UserId) {
        self.rows.retain(|_, row| row.user != *user);
        self.punches.retain(|row| row.user != *user);
    }

    pub(super) fn is_to_forget(&mut self, user: &UserId) {
        self.removed.insert(user.clone());
    }

    /// Nobody is told of a punch that is not on disk.
    pub(super) fn has_punch(&self, row: &PunchRow) {
        let is_it = |known: &PunchRow| (&known.user, known.epoch, known.kind) == (&row.user, row.epoch, row.kind);
        // A correction that says less than one before is told and not kept.
        let is_free = row.kind == PunchKind::Correction || self.removed.contains(&row.user);
        assert!(is_free || self.punches.iter().any(is_it), "told, and not on disk: {row:?}");
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
        assert!(batch.punches.iter().all(|row| row.at <= row.detected_at && row.detected_at <= now));
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
        let left: Vec<OpenPunch> = self.stays().into_iter().filter(|stay| !self.removed.contains(&stay.user)).collect();
        assert!(left.is_empty(), "nobody is here, and these are in: {left:?}");
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
