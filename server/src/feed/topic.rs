//! What can be watched.

use stillhere_engine::wire::{ChannelName, UserId};

use super::News;

/// What somebody watches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// Who is where.
    Presence,
    /// Who is in one channel.
    Channel(ChannelName),
    /// One user, wherever they are, and their punches.
    User(UserId),
    /// All of it.
    Everything,
}

impl Topic {
    /// Whom the news concern. A punch is between its user and the admins.
    pub(super) fn of(news: &News) -> Vec<Self> {
        let user = Self::User(news.user.clone());
        match news.channel.clone() {
            Some(channel) => vec![Self::Channel(channel), Self::Presence, user, Self::Everything],
            None => vec![user, Self::Everything],
        }
    }

    /// Whether who watches this is told.
    pub(super) fn concerns(&self, news: &News) -> bool {
        match self {
            Self::Presence => news.channel.is_some(),
            Self::Channel(channel) => news.channel.as_ref() == Some(channel),
            Self::User(user) => news.user == *user,
            Self::Everything => true,
        }
    }
}
