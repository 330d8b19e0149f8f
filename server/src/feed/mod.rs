//! The feed: what has changed lately, and who is told.
//!
//! It belongs to the driver's task, so a snapshot and the changes after it never miss each other. A position is an
//! epoch, new at each start, and an offset that counts changes. Who comes back with a position that the ring still
//! holds is told what has happened since; anybody else begins with a snapshot. So does a watcher who reads too slowly:
//! the queue ends, and the next thing is who is here by then.
//!
//! **What a restart looks like:** every line ends. The ring begins with what the store's log has kept of it, so whoever
//! comes back is told what happened before the restart and after it, and then who is here: the snapshot settles what
//! the restart itself has changed, and what was decided and not told before a crash. A position that the log does not
//! know gets the snapshot alone.

mod news;
mod ring;
#[cfg(test)]
mod tests;
mod topic;

use std::{collections::HashMap, sync::Arc};

use stillhere_engine::{
    time::Timestamp,
    tracker::{Change, Member},
};
use tokio::sync::mpsc::{self, error::TrySendError};

pub use news::{News, Position};
pub(crate) use topic::Topic;

use crate::{
    limits,
    metrics::Metrics,
    views::{ChangeView, change_name},
};
use ring::Ring;

/// What a watcher begins with, and what comes after it.
#[derive(Debug)]
pub(crate) struct Watch {
    /// What has happened since the watcher's position, if that is known.
    pub(crate) missed: Vec<Arc<News>>,
    /// Where that does not lead to the present: the position is not known, or is from before a restart.
    pub(crate) snapshot: Option<Snapshot>,
    /// Ends when the watcher has fallen behind or the server stops: to watch again tells which.
    pub(crate) news: mpsc::Receiver<Arc<News>>,
}

/// Everybody who is here.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) position: Position,
    pub(crate) now: Timestamp,
    pub(crate) members: Vec<Member>,
}

/// The ring and the watchers.
#[derive(Debug)]
pub(crate) struct Feed {
    position: Position,
    ring: Ring,
    watchers: HashMap<Topic, Vec<mpsc::Sender<Arc<News>>>>,
    /// Watchers that came since those who have gone were last looked for.
    arrivals: usize,
    metrics: Arc<Metrics>,
}

impl Feed {
    /// A feed that goes on from the log of earlier starts, oldest first.
    pub(crate) fn new(started_at: Timestamp, log: Vec<News>, metrics: Arc<Metrics>) -> Self {
        // Later than at any start before, whatever the clock says.
        let after = log.last().map_or(0, |news| news.position.epoch.saturating_add(1));
        Self {
            position: Position { epoch: started_at.0.max(after), offset: 0 },
            ring: Ring::new(log),
            watchers: HashMap::new(),
            arrivals: 0,
            metrics,
        }
    }

    /// The position of the newest change.
    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// Tells the change to everybody who watches one of its topics, and remembers it for a while. Gives back what has to
    /// be written down, so that a restart remembers it too.
    pub(crate) fn publish(&mut self, change: &Change, now: Timestamp) -> Option<Arc<News>> {
        self.metrics.change(change);
        let json = match serde_json::to_string(&ChangeView::new(change, now)) {
            Ok(json) => json,
            Err(why) => {
                // Strings and numbers always become JSON.
                tracing::error!(%why, "a change could not be written as JSON");
                return None;
            }
        };
        self.position.offset += 1;
        let (channel, user) = (change.channel().cloned(), change.user().clone());
        let (position, name) = (self.position, change_name(change));
        let news = Arc::new(News { position, at: now, name, channel, user, json });
        for topic in Topic::of(&news) {
            if let Some(watchers) = self.watchers.get_mut(&topic) {
                // Who is gone is forgotten, and so is who is behind: for them the queue ends here.
                watchers.retain(|watcher| match watcher.try_send(Arc::clone(&news)) {
                    Ok(()) => true,
                    Err(TrySendError::Closed(_)) => false,
                    Err(TrySendError::Full(_)) => {
                        self.metrics.resync();
                        false
                    }
                });
            }
        }
        self.ring.push(Arc::clone(&news));
        Some(news)
    }

    /// Adds a watcher. `members` is asked only when a snapshot is needed.
    pub(crate) fn watch(
        &mut self,
        topic: Topic,
        after: Option<Position>,
        now: Timestamp,
        members: impl FnOnce(&Topic) -> Vec<Member>,
    ) -> Watch {
        let missed = after.and_then(|after| self.since(&topic, after));
        let is_of_now = missed.is_some() && after.is_some_and(|after| after.epoch == self.position.epoch);
        let position = self.position;
        let snapshot = (!is_of_now).then(|| Snapshot { position, now, members: members(&topic) });
        self.forget_the_gone();
        let (watcher, news) = mpsc::channel(limits::WATCHER_QUEUE);
        self.watchers.entry(topic).or_default().push(watcher);
        Watch { missed: missed.unwrap_or_default(), snapshot, news }
    }

    /// What has happened since `after`, if that is still known.
    fn since(&self, topic: &Topic, after: Position) -> Option<Vec<Arc<News>>> {
        if after == self.position {
            return Some(Vec::new());
        }
        let news = self.ring.after(after)?;
        Some(news.filter(|news| topic.concerns(news)).cloned().collect())
    }

    /// A silent channel never notices that its watchers have gone. Looking now and then keeps the list in proportion
    /// to those who stay, at a cost that each arrival has paid for.
    fn forget_the_gone(&mut self) {
        self.arrivals += 1;
        if self.arrivals < limits::WATCHER_QUEUE {
            return;
        }
        self.arrivals = 0;
        self.watchers.retain(|_, watchers| {
            watchers.retain(|watcher| !watcher.is_closed());
            !watchers.is_empty()
        });
    }
}
