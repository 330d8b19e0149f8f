//! The feed: what has changed lately, and who is told.
//!
//! It belongs to the driver's task, so a snapshot and the changes after it never miss each other. A position is an
//! epoch, new at each start, and an offset that counts changes. Who comes back with a position that the ring still
//! holds is told what has happened since; anybody else begins with a snapshot. So does a watcher who reads too slowly:
//! the queue ends, and the next thing is who is here by then.
//!
//! **What a restart looks like:** every line ends, and whoever comes back gets a snapshot.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
};

use stillhere_engine::{
    time::Timestamp,
    tracker::{Change, Member},
    wire::{ChannelName, UserId},
};
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::{
    limits,
    metrics::Metrics,
    views::{ChangeView, change_name},
};

/// A place in the feed, `E-O` in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    epoch: u64,
    offset: u64,
}

impl Position {
    /// Reads what [`fmt::Display`] wrote; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (epoch, offset) = text.split_once('-')?;
        Some(Self { epoch: u64::from_str_radix(epoch, 16).ok()?, offset: offset.parse().ok()? })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.epoch, self.offset)
    }
}

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
    /// Whom the change concerns. A punch is between its user and the admins.
    fn of(change: &Change) -> Vec<Self> {
        let user = change.user().clone();
        match change.channel().cloned() {
            Some(channel) => vec![Self::Channel(channel), Self::Presence, Self::User(user), Self::Everything],
            None => vec![Self::User(user), Self::Everything],
        }
    }
}

/// A change as watchers get it, written down once for all of them.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) position: Position,
    /// When it was published.
    pub(crate) at: Timestamp,
    pub(crate) name: &'static str,
    pub(crate) json: String,
    topics: Vec<Topic>,
}

/// What a watcher begins with, and what comes after it.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) start: Start,
    /// Ends when the watcher has fallen behind or the server stops: to watch again tells which.
    pub(crate) news: mpsc::Receiver<Arc<News>>,
}

/// What a watcher begins with.
#[derive(Debug)]
pub(crate) enum Start {
    /// Everybody who is here.
    Snapshot { position: Position, now: Timestamp, members: Vec<Member> },
    /// What has happened since the watcher's position.
    Since(Vec<Arc<News>>),
}

/// The ring and the watchers.
#[derive(Debug)]
pub(crate) struct Feed {
    position: Position,
    ring: VecDeque<Arc<News>>,
    watchers: HashMap<Topic, Vec<mpsc::Sender<Arc<News>>>>,
    /// Watchers that came since those who have gone were last looked for.
    arrivals: usize,
    metrics: Arc<Metrics>,
}

impl Feed {
    /// A feed in which nothing has happened. `started_at` is later than at any start before.
    pub(crate) fn new(started_at: Timestamp, metrics: Arc<Metrics>) -> Self {
        Self {
            position: Position { epoch: started_at.0, offset: 0 },
            ring: VecDeque::new(),
            watchers: HashMap::new(),
            arrivals: 0,
            metrics,
        }
    }

    /// The position of the newest change.
    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// Tells the change to everybody who watches one of its topics, and remembers it for a while.
    pub(crate) fn publish(&mut self, change: &Change, now: Timestamp) {
        self.position.offset += 1;
        self.metrics.change(change);
        let json = match serde_json::to_string(&ChangeView::new(change, now)) {
            Ok(json) => json,
            // Strings and numbers always become JSON.
            Err(why) => return tracing::error!(%why, "a change could not be written as JSON"),
        };
        let (position, name, topics) = (self.position, change_name(change), Topic::of(change));
        let news = Arc::new(News { position, at: now, name, json, topics });
        for topic in &news.topics {
            if let Some(watchers) = self.watchers.get_mut(topic) {
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
        if self.ring.len() >= limits::RING {
            self.ring.pop_front();
        }
        self.ring.push_back(news);
    }

    /// Adds a watcher. `members` is asked only when a snapshot is needed.
    pub(crate) fn watch(
        &mut self,
        topic: Topic,
        after: Option<Position>,
        now: Timestamp,
        members: impl FnOnce(&Topic) -> Vec<Member>,
    ) -> Watch {
        let start = match after.and_then(|after| self.since(&topic, after)) {
            Some(news) => Start::Since(news),
            None => Start::Snapshot { position: self.position, now, members: members(&topic) },
        };
        self.forget_the_gone();
        let (watcher, news) = mpsc::channel(limits::WATCHER_QUEUE);
        self.watchers.entry(topic).or_default().push(watcher);
        Watch { start, news }
    }

    /// What has happened since `after`, if the ring still knows it.
    fn since(&self, topic: &Topic, after: Position) -> Option<Vec<Arc<News>>> {
        let behind = self.position.offset.checked_sub(after.offset)?;
        let behind = usize::try_from(behind).ok()?;
        if after.epoch != self.position.epoch || behind > self.ring.len() {
            return None;
        }
        let news = self.ring.range(self.ring.len() - behind..);
        Some(news.filter(|news| news.topics.contains(topic)).cloned().collect())
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

#[cfg(test)]
mod tests {
    use stillhere_engine::{
        time::Millis,
        tracker::{LeaveReason, PunchKind, PunchRow},
    };

    use super::*;

    fn channel(name: &str) -> ChannelName {
        ChannelName::parse(name).unwrap()
    }

    fn leave(from: &str, user: usize) -> Change {
        Change::Leave {
            channel: channel(from),
            user: UserId::parse(&user.to_string()).unwrap(),
            reason: LeaveReason::Closed,
            last_seen_at: Timestamp(0),
        }
    }

    fn feed() -> Feed {
        Feed::new(Timestamp(1_790_000_000_000), Arc::new(Metrics::new()))
    }

    fn watch(feed: &mut Feed, name: Option<&str>, after: Option<Position>) -> Watch {
        let topic = name.map_or(Topic::Presence, |name| Topic::Channel(channel(name)));
        feed.watch(topic, after, Timestamp(0), |_| Vec::new())
    }

    fn offsets(start: &Start) -> Option<Vec<u64>> {
        match start {
            Start::Snapshot { .. } => None,
            Start::Since(news) => Some(news.iter().map(|news| news.position.offset).collect()),
        }
    }

    #[test]
    fn a_position_is_read_as_it_was_written() {
        let position = Position { epoch: 255, offset: 7 };
        assert_eq!(position.to_string(), "ff-7");
        assert_eq!(Position::parse("ff-7"), Some(position));
        for text in ["", "-", "7", "x-7", "ff-", "ff-7-1", "ff--7", "\u{1F980}-1"] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_watcher_hears_of_its_channel_only() {
        let mut feed = feed();
        let mut site = watch(&mut feed, Some("site"), None);
        let mut all = watch(&mut feed, None, None);
        feed.publish(&leave("orders", 1), Timestamp(5));
        feed.publish(&leave("site", 2), Timestamp(5));
        assert_eq!(site.news.try_recv().unwrap().position.offset, 2);
        assert!(site.news.try_recv().is_err());
        assert_eq!(all.news.try_recv().unwrap().position.offset, 1);
        assert_eq!(all.news.try_recv().unwrap().position.offset, 2);
    }

    #[test]
    fn a_punch_is_between_its_user_and_the_admins() {
        let mut feed = feed();
        let user = |name| UserId::parse(name).unwrap();
        let topics = [Topic::Everything, Topic::User(user("1")), Topic::User(user("2")), Topic::Presence];
        let mut watches = topics.map(|topic| feed.watch(topic, None, Timestamp(0), |_| Vec::new()));
        let at = Timestamp(5);
        let row = PunchRow {
            user: user("1"),
            epoch: 7,
            kind: PunchKind::In,
            at,
            detected_at: at,
            reason: None,
            error_bound: Millis::ZERO,
        };
        feed.publish(&Change::Punch(row), at);
        feed.publish(&leave("site", 1), at);
        let heard = watches
            .each_mut()
            .map(|watch| std::iter::from_fn(|| watch.news.try_recv().ok().map(|news| news.name)).collect::<Vec<_>>());
        assert_eq!(heard, [vec!["punch", "leave"], vec!["punch", "leave"], vec![], vec!["leave"]]);
        let everything =
            feed.watch(Topic::Presence, Some(Position { offset: 0, ..feed.position() }), at, |_| Vec::new());
        assert_eq!(offsets(&everything.start), Some(vec![2]), "nor is it told to who comes back");
    }

    #[test]
    fn who_comes_back_soon_is_told_what_was_missed_and_nothing_twice() {
        let mut feed = feed();
        let before = feed.position();
        for i in 0..3 {
            feed.publish(&leave(["site", "orders"][i % 2], i), Timestamp(5));
        }
        let now = feed.position();
        assert_eq!(offsets(&watch(&mut feed, None, Some(before)).start), Some(vec![1, 2, 3]));
        assert_eq!(offsets(&watch(&mut feed, Some("site"), Some(before)).start), Some(vec![1, 3]));
        assert_eq!(offsets(&watch(&mut feed, None, Some(now)).start), Some(vec![]));
    }

    #[test]
    fn who_was_away_for_too_long_or_over_a_restart_gets_a_snapshot() {
        let mut feed = feed();
        let before = feed.position();
        let of_another_start = Position { epoch: before.epoch - 1, ..before };
        let from_the_future = Position { offset: 1, ..before };
        for position in [of_another_start, from_the_future] {
            assert_eq!(offsets(&watch(&mut feed, None, Some(position)).start), None);
        }
        for i in 0..limits::RING {
            feed.publish(&leave("site", i), Timestamp(5));
        }
        assert!(offsets(&watch(&mut feed, None, Some(before)).start).is_some());
        feed.publish(&leave("site", 0), Timestamp(5));
        assert_eq!(offsets(&watch(&mut feed, None, Some(before)).start), None);
        assert_eq!(feed.ring.len(), limits::RING);
    }

    #[test]
    fn a_slow_watcher_reads_the_end_of_its_queue_and_is_not_silently_behind() {
        let mut feed = feed();
        let mut slow = watch(&mut feed, Some("site"), None);
        for i in 0..=limits::WATCHER_QUEUE {
            feed.publish(&leave("site", i), Timestamp(5));
        }
        for _ in 0..limits::WATCHER_QUEUE {
            assert!(slow.news.try_recv().is_ok());
        }
        assert_eq!(slow.news.try_recv().unwrap_err(), mpsc::error::TryRecvError::Disconnected);
    }

    #[test]
    fn watchers_who_have_gone_are_forgotten_even_if_nothing_ever_happens() {
        let mut feed = feed();
        for i in 0..limits::WATCHER_QUEUE * 4 {
            watch(&mut feed, Some(&format!("channel-{i}")), None);
        }
        assert!(feed.watchers.len() <= limits::WATCHER_QUEUE, "{}", feed.watchers.len());
    }
}
