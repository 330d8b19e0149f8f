//! One change in the feed, and its place there.

use std::fmt;

use stillhere_engine::{
    time::Timestamp,
    tracker::Change,
    wire::{ChannelName, UserId},
};

use super::to_json;
use crate::views::{ChangeView, change_name};

/// A place in the feed, `E-O` in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Which start of the server: greater than that of any start before.
    pub epoch: u64,
    /// The how-manieth change since then. Before the first one it is 0.
    pub offset: u64,
}

impl Position {
    /// Reads what [`fmt::Display`] wrote; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (epoch, offset) = text.split_once('-')?;
        Some(Self { epoch: u64::from_str_radix(epoch, 16).ok()?, offset: offset.parse().ok()? })
    }

    /// Whether nothing can have happened between `before` and this.
    pub(super) fn follows(self, before: Self) -> bool {
        if self.epoch == before.epoch {
            before.offset.checked_add(1) == Some(self.offset)
        } else {
            self.epoch > before.epoch && self.offset == 1
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.epoch, self.offset)
    }
}

/// A change as watchers get it, written down once for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Its place in the feed.
    pub position: Position,
    /// When it was published.
    pub at: Timestamp,
    /// What kind of change: the event's name.
    pub name: &'static str,
    /// Where it happened; `None`: it is between its user and the admins, as punches are.
    pub channel: Option<ChannelName>,
    /// Whom it is about.
    pub user: UserId,
    /// What is told.
    pub json: String,
}

impl News {
    /// The change as it is told.
    pub(crate) fn new(position: Position, at: Timestamp, change: &Change) -> Option<Self> {
        let json = to_json(&ChangeView::new(change, at))?;
        let (name, channel, user) = (change_name(change), change.channel().cloned(), change.user().clone());
        Some(Self { position, at, name, channel, user, json })
    }
}
