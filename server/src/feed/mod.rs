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

mod counts;
mod lines;
mod news;
mod ring;
#[cfg(test)]
mod tests;
mod topic;

use std::sync::Arc;

use serde::Serialize;
use stillhere_engine::{
    time::Timestamp,
    tracker::{Change, Member, StatusCounts},
    wire::{ChannelName, UserId},
};
use tokio::sync::mpsc;

pub(crate) use counts::Counted;
pub(crate) use lines::{Message, event};
pub use news::{News, Position};
pub(crate) use topic::Topic;

use crate::{metrics::Metrics, views::CountsChangeView};
use counts::Recount;
use lines::Lines;
use ring::Ring;
use topic::Key;

/// What a watcher begins with, and what comes after it.
#[derive(Debug)]
pub(crate) struct Watch {
    /// What has happened since the watcher's position, if that is known.
    pub(crate) missed: Vec<Arc<News>>,
    /// Where that does not lead to the present: the position is not known, or is from before a restart.
    pub(crate) snapshot: Option<Snapshot>,
    /// Ends when the watcher has fallen behind or the server stops: to watch again tells which.
    pub(crate) messages: mpsc::Receiver<Message>,
}

/// How everything stands.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) position: Position,
    pub(crate) now: Timestamp,
    pub(crate) picture: Picture,
}

/// What a snapshot shows, by what is watched.
#[derive(Debug)]
pub(crate) enum Picture {
    /// Everybody who is here.
    Members(Vec<Member>),
    /// How many are where.
    Counts(Vec<StatusCounts>),
}

/// The ring and the watchers.
#[derive(Debug)]
pub(crate) struct Feed {
    position: Position,
    ring: Ring,
    lines: Lines,
    recount: Recount,
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
            lines: Lines::default(),
            recount: Recount::default(),
            metrics,
        }
    }

    /// A feed that others lead as well: the newest of it, oldest first, and its position.
    pub(crate) fn join(position: Position, newest: Vec<News>, metrics: Arc<Metrics>) -> Self {
        Self { position, ring: Ring::new(newest), lines: Lines::default(), recount: Recount::default(), metrics }
    }

    /// The position of the newest change.
    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// Tells the change to everybody who watches what it is about, and remembers it for a while. Gives back what has to
    /// be written down, so that a restart remembers it too.
    pub(crate) fn publish(&mut self, change: &Change, now: Timestamp) -> Option<Arc<News>> {
        self.metrics.change(change);
        let position = Position { offset: self.position.offset + 1, ..self.position };
        let news = Arc::new(News::new(position, now, change)?);
        self.pass_on(&news, now);
        Some(news)
    }

    /// Tells what somebody has published and given its position.
    pub(crate) fn pass_on(&mut self, news: &Arc<News>, now: Timestamp) {
        self.position = news.position;
        let keys = Key::of(news);
        if self.lines.any(&keys) {
            self.tell(keys, &Message::news(Arc::clone(news)));
        }
        if let Some(channel) = &news.channel
            && self.lines.any(&[Key::Counts, Key::CountsOf(channel.clone())])
        {
            self.recount.note(channel, now);
        }
        self.ring.push(Arc::clone(news));
    }

    /// When the next channel is to be counted; [`Timestamp::NEVER`]: when something happens.
    pub(crate) fn counts_next_at(&self) -> Timestamp {
        self.recount.next_at()
    }

    /// A channel that is to be counted now.
    pub(crate) fn counts_due(&mut self, now: Timestamp) -> Option<ChannelName> {
        self.recount.take_due(now)
    }

    /// Tells how many are in a channel to everybody who wants to know.
    pub(crate) fn publish_counts(&mut self, counts: &StatusCounts, now: Timestamp) {
        if !self.recount.counted(counts, now) {
            return;
        }
        if let Some(json) = to_json(&CountsChangeView::new(counts, now)) {
            let message = Message::counts(Counted { at: now, json });
            self.tell(vec![Key::Counts, Key::CountsOf(counts.channel.clone())], &message);
        }
    }

    /// Forgets what others who lead the feed have forgotten; `None`: all of it.
    pub(crate) fn forget_before(&mut self, oldest: Option<Position>) {
        let beyond = Position { offset: self.position.offset + 1, ..self.position };
        self.ring.forget_before(oldest.unwrap_or(beyond));
    }

    /// Forgets a user who was removed. Whoever comes back with an older position begins with a snapshot.
    pub(crate) fn forget(&mut self, user: &UserId) {
        self.ring.forget(user);
    }

    /// Adds a watcher. `picture` is asked only when a snapshot is needed.
    pub(crate) fn watch(
        &mut self,
        topic: &Topic,
        after: Option<Position>,
        now: Timestamp,
        picture: impl FnOnce(&Topic) -> Picture,
    ) -> Watch {
        // How many there are is told by a picture, not by what has changed since another one.
        let is_counts = matches!(topic, Topic::Counts(_));
        let after = after.filter(|_| !is_counts);
        let missed = after.and_then(|after| self.since(topic, after));
        let is_of_now = missed.is_some() && after.is_some_and(|after| after.epoch == self.position.epoch);
        let position = self.position;
        let snapshot = (!is_of_now).then(|| Snapshot { position, now, picture: picture(topic) });
        if is_counts {
            self.recount.forget_what_was_told();
        }
        Watch { missed: missed.unwrap_or_default(), snapshot, messages: self.lines.begin(topic) }
    }

    /// What has happened since `after`, if that is still known.
    fn since(&self, topic: &Topic, after: Position) -> Option<Vec<Arc<News>>> {
        if after == self.position {
            return Some(Vec::new());
        }
        let news = self.ring.after(after)?;
        Some(news.filter(|news| topic.concerns(news)).cloned().collect())
    }

    fn tell(&mut self, keys: Vec<Key>, message: &Message) {
        for _ in 0..self.lines.tell(keys, message) {
            self.metrics.resync();
        }
    }
}

/// Strings and numbers always become JSON.
pub(super) fn to_json(view: &impl Serialize) -> Option<String> {
    let json = serde_json::to_string(view);
    json.map_err(|why| tracing::error!(%why, "a change could not be written as JSON")).ok()
}
