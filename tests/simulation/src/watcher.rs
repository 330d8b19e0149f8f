//! A watcher: somebody who follows the feed and folds it into a picture of their own.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use stillhere_engine::{
    tracker::{Change, Member},
    wire::{ChannelName, UserId},
};

use crate::checks::Broken;

/// What a watcher knows of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The status as last told.
    pub status: String,
    /// How many sessions.
    pub sessions: usize,
    /// Since when.
    pub since_at: u64,
}

impl From<&Member> for Seen {
    fn from(member: &Member) -> Self {
        Self { status: member.status.clone(), sessions: member.sessions, since_at: member.since_at.0 }
    }
}

/// The copy.
#[derive(Debug, Default)]
pub struct Watcher {
    members: HashMap<(ChannelName, UserId), Seen, FixedState>,
    /// How many joins and leaves were told.
    pub joins: u64,
    /// Likewise.
    pub leaves: u64,
}

impl Watcher {
    /// A new epoch begins with a snapshot.
    pub fn begin_with(&mut self, members: &[Member]) {
        self.members.clear();
        for member in members {
            self.members.insert((member.channel.clone(), member.user.clone()), member.into());
        }
    }

    /// Check: a join only of somebody who is out, an update or a leave only of somebody who is in.
    ///
    /// # Errors
    /// The change that does not fit.
    pub fn apply(&mut self, change: &Change) -> Result<(), Broken> {
        match change {
            Change::Punch(_) => {}
            Change::Join(member) => {
                self.joins += 1;
                let before = self.members.insert((member.channel.clone(), member.user.clone()), member.into());
                if before.is_some() {
                    return Err(broken("a join of a user who is already in", &member.user, &member.channel));
                }
            }
            Change::Update(member) => {
                let before = self.members.insert((member.channel.clone(), member.user.clone()), member.into());
                if before.is_none() {
                    return Err(broken("an update of a user who is not in", &member.user, &member.channel));
                }
            }
            Change::Leave { channel, user, .. } => {
                self.leaves += 1;
                if self.members.remove(&(channel.clone(), user.clone())).is_none() {
                    return Err(broken("a leave of a user who is not in", user, channel));
                }
            }
        }
        Ok(())
    }

    /// Check: the copy equals the snapshot.
    ///
    /// # Errors
    /// The first member in whom they differ.
    pub fn compare(&self, snapshot: &[Member]) -> Result<(), Broken> {
        for member in snapshot {
            let copy = self.members.get(&(member.channel.clone(), member.user.clone()));
            if copy != Some(&Seen::from(member)) {
                let what = format!("the copy says {copy:?}, the snapshot {:?}", Seen::from(member));
                return Err(broken(&what, &member.user, &member.channel));
            }
        }
        if self.members.len() > snapshot.len() {
            let told = format!("the copy has {} members, the snapshot {}", self.members.len(), snapshot.len());
            return Err(Broken::new("watcher_equals_snapshot", told));
        }
        Ok(())
    }
}

fn broken(what: &str, user: &UserId, channel: &ChannelName) -> Broken {
    let check = if what.starts_with("the copy") { "watcher_equals_snapshot" } else { "joins_and_leaves_alternate" };
    Broken::new(check, format!("{} in {}: {what}", user.as_str(), channel.as_str()))
}
