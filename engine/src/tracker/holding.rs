//! What a tracker holds of one person, as it goes from one server to the next.
//!
//! Where several servers share their memory, none of them owns a person: each takes what there is of them, lets a tracker
//! of its own judge one thing that has happened, and puts back what has become of it. So there is one set of rules,
//! however many servers there are. A tracker that is made of a holding goes on as the one before would have.

use alloc::{sync::Arc, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{
    Blind, Tracker,
    punches::Stay,
    records::{Batch, Change, PunchKind, PunchRow},
    session::{Moments, NONE, Session},
};
use crate::{
    limits,
    page::PageState,
    policy::Policy,
    time::Timestamp,
    wire::{ChannelName, PagePath, SessionId, UserId},
};

/// Everything that is live or not written down yet about one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    user: UserId,
    /// When it was judged last.
    now: Timestamp,
    /// The newest first.
    sessions: Vec<Held>,
    stay: Option<Stay>,
    newest_epoch: u64,
    /// Since when what is kept of them is being removed.
    removed_since: Option<Timestamp>,
    blind: Blind,
    /// What has to be in the store before anybody is told.
    unwritten: Batch,
}

/// A live session with its names instead of their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    id: SessionId,
    channel: ChannelName,
    page: Option<PagePath>,
    state: PageState,
    seq: u32,
    saved_seq: u32,
    visible: u32,
    visible_until: u32,
    active: u32,
    started_at: Timestamp,
    since_at: Timestamp,
    moments: Moments,
    rung: u8,
    is_dirty: bool,
    recovered: bool,
}

impl Holding {
    /// That of somebody of whom nothing is known.
    #[must_use]
    pub fn nobody(user: UserId, now: Timestamp) -> Self {
        Self {
            user,
            now,
            sessions: Vec::new(),
            stay: None,
            newest_epoch: 0,
            removed_since: None,
            blind: Blind::default(),
            unwritten: Batch::default(),
        }
    }

    /// Since when somebody has been removing what is kept of them; `None`: nobody is.
    #[must_use]
    pub const fn removed_since(&self) -> Option<Timestamp> {
        self.removed_since
    }

    /// Whose it is.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// Whether there is something that the store does not have.
    #[must_use]
    pub fn is_unwritten(&self) -> bool {
        self.unwritten != Batch::default() || self.sessions.iter().any(|session| session.is_dirty)
    }

    /// The store has this batch, which some server was to write: nobody else has to. Gives back what may be told by now.
    ///
    /// It may have been written of an older holding of the person: what has come since stays to be written.
    pub fn record(&mut self, batch: &Batch) -> Vec<Change> {
        for row in &batch.sessions {
            self.note_saved(&row.session, row.seq);
            if let Some(held) = self.sessions.iter_mut().find(|held| held.id == row.session) {
                held.is_dirty &= held.seq > row.seq;
            }
        }
        let Batch { sessions, spans, visits, views, punches, .. } = &mut self.unwritten;
        sessions.retain(|row| !batch.sessions.contains(row));
        spans.retain(|row| !batch.spans.contains(row));
        visits.retain(|row| !batch.visits.contains(row));
        views.retain(|row| !batch.views.contains(row));
        let is_new = |row: &PunchRow| batch.punches.contains(row) && row.kind != PunchKind::Correction;
        let told = punches.iter().filter(|row| is_new(row)).cloned().map(Change::Punch).collect();
        punches.retain(|row| !batch.punches.contains(row));
        told
    }

    /// Whether nobody has to remember anything of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let is_remembered = self.removed_since.is_some() || self.epoch_until() > self.now;
        !(is_remembered || !self.sessions.is_empty() || self.is_unwritten())
    }

    /// An epoch is remembered until every server's clock is past it: no stay may have that of an earlier one.
    fn epoch_until(&self) -> Timestamp {
        epoch_until(self.newest_epoch)
    }

    /// The store has the session up to this beat. Somebody may have heard of it already, or of a later one.
    pub fn note_saved(&mut self, session: &SessionId, seq: u32) {
        if let Some(held) = self.sessions.iter_mut().find(|held| held.id == *session) {
            held.saved_seq = held.saved_seq.max(seq);
        }
    }
}

impl Tracker {
    /// A tracker of one person that goes on where another has put them down.
    #[must_use]
    pub fn resume(policy: impl Into<Arc<Policy>>, holding: Holding) -> Self {
        // Nobody can choose names that collide with somebody else's: there is nobody else.
        let mut tracker = Self::new(policy, 0, holding.now);
        let Holding { user, sessions, stay, newest_epoch, removed_since, blind, unwritten, .. } = holding;
        tracker.ledger.wait_for_a_reason();
        tracker.blind = blind;
        for held in sessions.into_iter().rev() {
            tracker.resume_session(&user, &held);
        }
        tracker.punches.newest = newest_epoch;
        if let Some((number, stay)) = tracker.roll.find_user(&user).zip(stay) {
            tracker.punches.stays.insert(number, stay);
        }
        if let Some(since) = removed_since {
            tracker.removing.insert(user, since);
        }
        tracker.ledger.take_over(unwritten);
        tracker
    }

    fn resume_session(&mut self, user: &UserId, held: &Held) {
        let Some(place) = self.roll.enter(&held.id, user, &held.channel, held.started_at) else { return };
        self.roll.set_page(place, held.page.as_ref());
        if let Some(session) = self.roll.get_mut(place) {
            session.state = held.state;
            session.seq = held.seq;
            session.saved_seq = held.saved_seq;
            session.visible = held.visible;
            session.visible_until = held.visible_until;
            session.active = held.active;
            session.since_at = held.since_at;
            session.set_moments(held.moments);
            session.rung = held.rung;
            session.is_dirty = held.is_dirty;
            session.recovered = held.recovered;
        }
        if held.is_dirty {
            self.ledger.note_urgent(place);
        }
        self.judge(place);
    }

    /// Nobody could be heard from `since` until `until`, and that is held against nobody who has not been judged since: as
    /// after a restart each lease lasts as much longer, and a little more, as clients wait between retries. To be called
    /// before anything else is judged.
    pub fn excuse(&mut self, since: Timestamp, until: Timestamp) {
        if until <= self.now {
            return;
        }
        self.blind = Blind::new(since, until, self.policy.boot_grace);
        let places: Vec<u32> = self.roll.all().map(|(place, _)| place).collect();
        for place in places {
            let standing = self.standing_at(place);
            if let Some(session) = self.roll.get_mut(place) {
                session.set_lease_until(self.blind.extend(session.lease_until()));
            }
            self.judge(place);
            self.publish(standing, None);
        }
    }

    /// What there is of the person, who is the only one of this tracker; `None`: nothing that anybody has to remember.
    /// `under_way` is the batch of the last `Record`, if nobody has said yet what became of it: until it is written, whoever
    /// goes on has to write it too.
    #[must_use]
    pub fn hold(&self, user: &UserId, under_way: Option<&Batch>) -> Option<Holding> {
        let number = self.roll.find_user(user);
        let sessions = number.into_iter().flat_map(|number| self.roll.of_user(number));
        let sessions: Vec<Held> = sessions.filter_map(|(_, session)| self.hold_session(session, under_way)).collect();
        let holding = Holding {
            user: user.clone(),
            now: self.now,
            sessions,
            stay: number.and_then(|number| self.punches.stays.get(&number).copied()),
            newest_epoch: self.punches.newest,
            removed_since: self.removing.get(user).copied(),
            blind: self.blind,
            unwritten: self.ledger.unwritten(under_way),
        };
        (!holding.is_over()).then_some(holding)
    }

    fn hold_session(&self, session: &Session, under_way: Option<&Batch>) -> Option<Held> {
        let is_under_way = under_way.is_some_and(|batch| batch.sessions.iter().any(|row| row.session == session.id));
        Some(Held {
            id: session.id,
            channel: self.roll.channel(session.channel)?.clone(),
            page: if session.page == NONE { None } else { self.roll.page(session.page).cloned() },
            state: session.state,
            seq: session.seq,
            saved_seq: session.saved_seq,
            visible: session.visible,
            visible_until: session.visible_until,
            active: session.active,
            started_at: session.started_at,
            since_at: session.since_at,
            moments: session.moments(),
            rung: session.rung,
            is_dirty: session.is_dirty || is_under_way,
            recovered: session.recovered,
        })
    }

    /// When this tracker's only person has to be looked at again, if nobody hears of them.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        let remembered_until = if self.roll.len() == 0 { epoch_until(self.punches.newest) } else { Timestamp::NEVER };
        self.wheel.next().min(remembered_until)
    }
}

fn epoch_until(newest: u64) -> Timestamp {
    match newest {
        0 => Timestamp(0),
        newest => Timestamp(newest).after(limits::CLOCKS_APART),
    }
}
