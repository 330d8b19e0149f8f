//! What watchers begin with, and the counts that they are told.

use stillhere_engine::time::Timestamp;

use super::task::Task;
use crate::feed::{Picture, Position, Topic, Watch};

impl Task {
    pub(super) fn watch(&mut self, topic: &Topic, after: Option<Position>, now: Timestamp) -> Watch {
        let tracker = &self.tracker;
        self.feed.watch(topic, after, now, |topic| match topic {
            Topic::Presence | Topic::Everything => Picture::Members(tracker.members(None)),
            Topic::Channel(channel) => Picture::Members(tracker.members(Some(channel))),
            Topic::User(user) => Picture::Members(tracker.members_of(user)),
            Topic::Users(users, _) => {
                Picture::Members(users.iter().flat_map(|user| tracker.members_of(user)).collect())
            }
            Topic::Counts(channel) => Picture::Counts(tracker.counts(channel.as_ref())),
        })
    }

    /// Counts the channels that have changed, if somebody wants to know; says when there is the next one to count.
    pub(super) fn tell_counts(&mut self, now: Timestamp) -> Timestamp {
        while let Some(channel) = self.feed.counts_due(now) {
            for counts in self.tracker.counts(Some(&channel)) {
                self.feed.publish_counts(&counts, now);
            }
        }
        self.feed.counts_next_at()
    }
}
