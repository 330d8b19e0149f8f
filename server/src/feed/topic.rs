//! What can be watched, and whom a change concerns.

use std::collections::BTreeSet;

use stillhere_engine::wire::{ChannelName, UserId};

use super::News;

/// What somebody watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Who is where.
    Presence,
    /// Who is in one channel.
    Channel(ChannelName),
    /// One user, wherever they are, and their punches.
    User(UserId),
    /// Some users, wherever they are, and the punches of those who are in the second set as well.
    Users(BTreeSet<UserId>, BTreeSet<UserId>),
    /// How many are in each channel, or in one.
    Counts(Option<ChannelName>),
    /// All of it.
    Everything,
}

/// What a change is told by: a watcher is listed under each that it watches, and no change has two of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Presence,
    Channel(ChannelName),
    User(UserId),
    Punches(UserId),
    Counts,
    CountsOf(ChannelName),
    Everything,
}

impl Topic {
    pub(super) fn keys(&self) -> Vec<Key> {
        match self {
            Self::Presence => vec![Key::Presence],
            Self::Channel(channel) => vec![Key::Channel(channel.clone())],
            Self::User(user) => vec![Key::User(user.clone()), Key::Punches(user.clone())],
            Self::Users(users, punches) => {
                let users = users.iter().cloned().map(Key::User);
                users.chain(punches.iter().cloned().map(Key::Punches)).collect()
            }
            Self::Counts(None) => vec![Key::Counts],
            Self::Counts(Some(channel)) => vec![Key::CountsOf(channel.clone())],
            Self::Everything => vec![Key::Everything],
        }
    }

    /// Whether who watches this is told of the news.
    pub(super) fn concerns(&self, news: &News) -> bool {
        match self {
            Self::Presence => news.channel.is_some(),
            Self::Channel(channel) => news.channel.as_ref() == Some(channel),
            Self::User(user) => news.user == *user,
            Self::Users(users, punches) => if news.channel.is_some() { users } else { punches }.contains(&news.user),
            Self::Counts(_) => false,
            Self::Everything => true,
        }
    }
}

impl Key {
    /// Whom the news concern. A punch is between its user and the admins.
    pub(super) fn of(news: &News) -> Vec<Self> {
        let user = news.user.clone();
        match news.channel.clone() {
            Some(channel) => vec![Self::Channel(channel), Self::Presence, Self::User(user), Self::Everything],
            None => vec![Self::Punches(user), Self::Everything],
        }
    }
}
