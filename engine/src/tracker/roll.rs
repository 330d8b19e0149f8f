//! The roll: every live session in a slab, found by id, by user and by channel.

use alloc::vec::Vec;
use core::hash::BuildHasher;

use foldhash::quality::FixedState;
use hashbrown::HashTable;

use super::{
    names::Names,
    records::SessionRow,
    session::{Links, NONE, Session},
};
use crate::{
    limits,
    time::{Millis, Timestamp},
    wire::{ChannelName, PagePath, SessionId, UserId},
};

#[derive(Debug)]
pub(super) struct Roll {
    sessions: Vec<Option<Session>>,
    free: Vec<u32>,
    /// The places of all sessions, by id. The ids themselves lie in the sessions.
    index: HashTable<u32>,
    hasher: FixedState,
    users: Names<UserId>,
    channels: Names<ChannelName>,
    pages: Names<PagePath>,
    /// The first session of each user and of each channel.
    by_user: Vec<u32>,
    by_channel: Vec<u32>,
}

impl Roll {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            sessions: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            hasher: FixedState::with_seed(seed),
            users: Names::new(seed),
            channels: Names::new(seed),
            pages: Names::new(seed),
            by_user: Vec::new(),
            by_channel: Vec::new(),
        }
    }

    /// Makes room for so many sessions more: tables that grow step by step look everybody up again at each step.
    pub(super) fn reserve(&mut self, more: usize) {
        self.sessions.reserve(more);
        let (sessions, hasher) = (&self.sessions, &self.hasher);
        let rehash = |&place: &u32| sessions[place as usize].as_ref().map_or(0, |session| hasher.hash_one(session.id));
        self.index.reserve(more, rehash);
        self.users.reserve(more);
        self.by_user.reserve(more);
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn users(&self) -> usize {
        self.users.len()
    }

    pub(super) fn channels(&self) -> usize {
        self.channels.len()
    }

    pub(super) fn get(&self, place: u32) -> Option<&Session> {
        self.sessions.get(place as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut Session> {
        self.sessions.get_mut(place as usize)?.as_mut()
    }

    pub(super) fn find(&self, id: &SessionId) -> Option<u32> {
        let has_id = |&place: &u32| self.get(place).is_some_and(|session| session.id == *id);
        self.index.find(self.hasher.hash_one(id), has_id).copied()
    }

    pub(super) fn find_channel(&self, channel: &ChannelName) -> Option<u32> {
        self.channels.find(channel)
    }

    pub(super) fn find_user(&self, user: &UserId) -> Option<u32> {
        self.users.find(user)
    }

    pub(super) fn user(&self, number: u32) -> Option<&UserId> {
        self.users.name(number)
    }

    pub(super) fn channel(&self, number: u32) -> Option<&ChannelName> {
        self.channels.name(number)
    }

    pub(super) fn page(&self, number: u32) -> Option<&PagePath> {
        self.pages.name(number)
    }

    /// Adds a session; `None` when it is here already or the user has as many as one person may have.
    pub(super) fn enter(
        &mut self,
        id: &SessionId,
        user: &UserId,
        channel: &ChannelName,
        started_at: Timestamp,
    ) -> Option<u32> {
        let known = self.users.find(user);
        let sessions_of_user = known.map_or(0, |user| self.users.holders(user));
        if sessions_of_user as usize >= limits::SESSIONS_PER_USER || self.find(id).is_some() {
            return None;
        }
        let user = match known {
            Some(user) => {
                self.users.hold_known(user);
                user
            }
            None => self.users.hold(user),
        };
        let channel = self.channels.hold(channel);
        let session = Some(Session::new(*id, user, channel, started_at));
        let place = match self.free.pop() {
            Some(place) => {
                self.sessions[place as usize] = session;
                place
            }
            None => {
                self.sessions.push(session);
                self.sessions.len() as u32 - 1
            }
        };
        let (sessions, hasher) = (&self.sessions, &self.hasher);
        let rehash = |&place: &u32| sessions[place as usize].as_ref().map_or(0, |session| hasher.hash_one(session.id));
        self.index.insert_unique(hasher.hash_one(id), place, rehash);
        self.link_user(place, user);
        self.link_channel(place, channel);
        Some(place)
    }

    /// Takes a session out of its lists. It can still be read, until `forget`.
    pub(super) fn unlink(&mut self, place: u32) {
        self.cut_user(place);
        self.cut_channel(place);
    }

    /// Gives an unlinked session's place and names back.
    pub(super) fn forget(&mut self, place: u32) {
        let Some(session) = self.sessions.get_mut(place as usize).and_then(Option::take) else { return };
        self.free.push(place);
        if let Ok(entry) = self.index.find_entry(self.hasher.hash_one(session.id), |&other| other == place) {
            entry.remove();
        }
        self.users.release(session.user);
        self.channels.release(session.channel);
        if session.page != NONE {
            self.pages.release(session.page);
        }
    }

    /// Moves a session to another channel; the number of the one that it leaves stays held until `let_go`.
    pub(super) fn move_to(&mut self, place: u32, channel: &ChannelName) {
        let number = self.channels.hold(channel);
        self.cut_channel(place);
        if let Some(session) = self.get_mut(place) {
            session.channel = number;
        }
        self.link_channel(place, number);
    }

    /// Gives the number of a channel back that a session has left.
    pub(super) fn let_go(&mut self, channel: u32) {
        self.channels.release(channel);
    }

    pub(super) fn set_page(&mut self, place: u32, page: Option<&PagePath>) {
        let number = page.map_or(NONE, |page| self.pages.hold(page));
        let before = self.get_mut(place).map(|session| core::mem::replace(&mut session.page, number));
        if let Some(before) = before.filter(|&before| before != NONE) {
            self.pages.release(before);
        }
    }

    pub(super) fn of_user(&self, user: u32) -> impl Iterator<Item = (u32, &Session)> {
        let first = self.by_user.get(user as usize).copied().unwrap_or(NONE);
        self.walk(first, |session| session.next_of_user)
    }

    pub(super) fn of_channel(&self, channel: u32) -> impl Iterator<Item = (u32, &Session)> {
        let first = self.by_channel.get(channel as usize).copied().unwrap_or(NONE);
        self.walk(first, |session| session.in_channel.next)
    }

    pub(super) fn all_channels(&self) -> impl Iterator<Item = (u32, &ChannelName)> {
        self.channels.all()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (u32, &Session)> {
        self.sessions.iter().enumerate().filter_map(|(place, session)| Some((place as u32, session.as_ref()?)))
    }

    /// The session as the store keeps it.
    pub(super) fn row(&self, place: u32) -> Option<SessionRow> {
        let session = self.get(place)?;
        Some(SessionRow {
            session: session.id,
            user: self.user(session.user)?.clone(),
            channel: self.channel(session.channel)?.clone(),
            page: self.page(session.page).cloned(),
            state: session.state,
            seq: session.seq,
            started_at: session.started_at,
            last_seen_at: session.last_seen_at(),
            last_active_at: session.last_active_at(),
            lease_until: session.lease_until(),
            visible: Millis(u64::from(session.visible)),
            visible_until: Millis(u64::from(session.visible_until)),
            active: Millis(u64::from(session.active)),
            recovered: session.recovered,
            punch_epoch: None,
            end: None,
        })
    }

    fn walk(&self, first: u32, next: fn(&Session) -> u32) -> impl Iterator<Item = (u32, &Session)> {
        let mut at = first;
        core::iter::from_fn(move || {
            let place = at;
            let session = self.get(place)?;
            at = next(session);
            Some((place, session))
        })
    }

    fn link_user(&mut self, place: u32, user: u32) {
        let next = core::mem::replace(first_of(&mut self.by_user, user), place);
        if let Some(session) = self.get_mut(place) {
            session.next_of_user = next;
        }
    }

    /// Goes through the list: nobody has more than [`limits::SESSIONS_PER_USER`].
    fn cut_user(&mut self, place: u32) {
        let Some(session) = self.get_mut(place) else { return };
        let (user, next) = (session.user, core::mem::replace(&mut session.next_of_user, NONE));
        let before = self.of_user(user).find(|(_, session)| session.next_of_user == place).map(|(before, _)| before);
        match before.and_then(|before| self.get_mut(before)) {
            Some(before) => before.next_of_user = next,
            None => *first_of(&mut self.by_user, user) = next,
        }
    }

    fn link_channel(&mut self, place: u32, channel: u32) {
        let next = core::mem::replace(first_of(&mut self.by_channel, channel), place);
        if let Some(session) = self.get_mut(place) {
            session.in_channel = Links { prev: NONE, next };
        }
        if let Some(session) = self.get_mut(next) {
            session.in_channel.prev = place;
        }
    }

    fn cut_channel(&mut self, place: u32) {
        let Some(session) = self.get_mut(place) else { return };
        let (channel, Links { prev, next }) =
            (session.channel, core::mem::replace(&mut session.in_channel, Links::ALONE));
        match self.get_mut(prev) {
            Some(session) => session.in_channel.next = next,
            None => *first_of(&mut self.by_channel, channel) = next,
        }
        if let Some(session) = self.get_mut(next) {
            session.in_channel.prev = prev;
        }
    }
}

/// Where the first session of the list with this number is kept.
fn first_of(lists: &mut Vec<u32>, number: u32) -> &mut u32 {
    if lists.len() <= number as usize {
        lists.resize(number as usize + 1, NONE);
    }
    &mut lists[number as usize]
}
