//! Who is where, as the feed has told it: each node has that of everybody at hand.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stillhere_engine::{
    policy::Ladder,
    time::Timestamp,
    tracker::{Change, ChannelCount, Live, Member, StatusCounts},
    wire::{ChannelName, UserId},
};

use crate::feed::{Picture, Topic};

/// Members by channel and by user.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    channels: BTreeMap<ChannelName, HashMap<UserId, Member>>,
    users: HashMap<UserId, BTreeSet<ChannelName>>,
    sessions: usize,
}

impl Crowd {
    /// Takes a change in. One that is older than what is known makes it older for a moment: the newer ones follow.
    pub(super) fn take(&mut self, change: Change) {
        match change {
            Change::Join(member) | Change::Update(member) => self.put(member),
            Change::Leave { channel, user, .. } => self.remove(&channel, &user),
            Change::Punch(_) => {}
        }
    }

    pub(super) fn put(&mut self, member: Member) {
        self.users.entry(member.user.clone()).or_default().insert(member.channel.clone());
        self.sessions += member.sessions;
        let members = self.channels.entry(member.channel.clone()).or_default();
        if let Some(before) = members.insert(member.user.clone(), member) {
            self.sessions -= before.sessions;
        }
    }

    fn remove(&mut self, channel: &ChannelName, user: &UserId) {
        if let Some(members) = self.channels.get_mut(channel) {
            self.sessions -= members.remove(user).map_or(0, |member| member.sessions);
            if members.is_empty() {
                self.channels.remove(channel);
            }
        }
        if let Some(channels) = self.users.get_mut(user) {
            channels.remove(channel);
            if channels.is_empty() {
                self.users.remove(user);
            }
        }
    }

    /// How much there is of everything. Of tabs it is known how many there were when the feed told something of their user last.
    pub(super) fn live(&self) -> Live {
        Live { sessions: self.sessions, users: self.users.len(), channels: self.channels.len() }
    }

    /// Everybody in the channel, or everywhere.
    pub(super) fn members(&self, channel: Option<&ChannelName>) -> Vec<Member> {
        match channel {
            Some(channel) => self.channels.get(channel).into_iter().flat_map(HashMap::values).cloned().collect(),
            None => self.channels.values().flat_map(HashMap::values).cloned().collect(),
        }
    }

    fn members_of(&self, user: &UserId) -> impl Iterator<Item = Member> {
        let channels = self.users.get(user).into_iter().flatten();
        channels.filter_map(|channel| self.channels.get(channel)?.get(user).cloned())
    }

    /// How many are in each channel, and how many of them have been since before the moment.
    pub(super) fn channels(&self, moment: Timestamp) -> Vec<ChannelCount> {
        let count = |(channel, members): (&ChannelName, &HashMap<UserId, Member>)| ChannelCount {
            channel: channel.clone(),
            users: members.len(),
            since_before: members.values().filter(|member| member.since_at < moment).count(),
        };
        self.channels.iter().map(count).collect()
    }

    /// How many of each status are in the channel, best first.
    pub(super) fn counts(&self, channel: &ChannelName, ladder: &Ladder) -> StatusCounts {
        let mut found = HashMap::<&str, usize>::new();
        let members = self.channels.get(channel).into_iter().flat_map(HashMap::values);
        members.for_each(|member| *found.entry(&member.status).or_default() += 1);
        let users = found.values().sum();
        let rungs = (0..=u8::try_from(ladder.rungs.len()).unwrap_or(u8::MAX)).map(|rung| ladder.status(rung));
        let statuses = rungs.filter_map(|status| Some((status.to_owned(), found.remove(status)?))).collect();
        StatusCounts { channel: channel.clone(), users, statuses }
    }

    /// What a watcher begins with.
    pub(super) fn picture(&self, topic: &Topic, ladder: &Ladder) -> Picture {
        match topic {
            Topic::Presence | Topic::Everything => Picture::Members(self.members(None)),
            Topic::Channel(channel) => Picture::Members(self.members(Some(channel))),
            Topic::User(user) => Picture::Members(self.members_of(user).collect()),
            Topic::Users(users, _) => Picture::Members(users.iter().flat_map(|user| self.members_of(user)).collect()),
            Topic::Counts(Some(channel)) => Picture::Counts(vec![self.counts(channel, ladder)]),
            Topic::Counts(None) => {
                Picture::Counts(self.channels.keys().map(|channel| self.counts(channel, ladder)).collect())
            }
        }
    }
}
