//! The lines to everybody who watches.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use stillhere_engine::time::Timestamp;
use tokio::sync::mpsc;

use super::{Counted, News, Position, Topic, topic::Key};
use crate::limits;

/// What goes down a line, written once for all of them.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// A change.
    News(Arc<News>),
    /// How many are in a channel by now.
    Counts(Arc<Counted>),
}

impl Message {
    /// The event's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::News(news) => news.name,
            Self::Counts(_) => "counts",
        }
    }

    /// Where whoever has heard it goes on; `None`: counts are told anew to who comes back.
    pub(crate) fn position(&self) -> Option<Position> {
        match self {
            Self::News(news) => Some(news.position),
            Self::Counts(_) => None,
        }
    }

    /// What is told.
    pub(crate) fn json(&self) -> &str {
        match self {
            Self::News(news) => &news.json,
            Self::Counts(counted) => &counted.json,
        }
    }

    /// When it was published.
    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::News(news) => news.at,
            Self::Counts(counted) => counted.at,
        }
    }
}

/// Who is told what. A line ends when it is forgotten here.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: HashMap<u64, mpsc::Sender<Message>>,
    watched: HashMap<Key, Vec<u64>>,
    numbers: u64,
    /// Lines that came since those that have gone were last looked for.
    arrivals: usize,
}

impl Lines {
    /// A new line, for everything that the topic is about.
    pub(super) fn begin(&mut self, topic: &Topic) -> mpsc::Receiver<Message> {
        self.forget_the_gone();
        self.numbers += 1;
        let (line, messages) = mpsc::channel(limits::WATCHER_QUEUE);
        self.lines.insert(self.numbers, line);
        for key in topic.keys() {
            self.watched.entry(key).or_default().push(self.numbers);
        }
        messages
    }

    /// Tells it to everybody who watches one of these. Gives back how many were too far behind to be told.
    pub(super) fn tell(&mut self, keys: Vec<Key>, message: &Message) -> usize {
        let mut slow = 0;
        for key in keys {
            let Entry::Occupied(mut numbers) = self.watched.entry(key) else { continue };
            numbers.get_mut().retain(|number| {
                let Some(line) = self.lines.get(number) else { return false };
                let Err(why) = line.try_send(message.clone()) else { return true };
                // Who is gone is forgotten, and so is who is behind: for them the line ends here.
                slow += usize::from(matches!(why, mpsc::error::TrySendError::Full(_)));
                self.lines.remove(number);
                false
            });
            if numbers.get().is_empty() {
                numbers.remove();
            }
        }
        slow
    }

    /// Whether anybody may be watching one of these.
    pub(super) fn any(&self, keys: &[Key]) -> bool {
        keys.iter().any(|key| self.watched.contains_key(key))
    }

    /// A silent channel never notices that its watchers have gone. Looking now and then keeps the list in proportion
    /// to those who stay, at a cost that each arrival has paid for.
    fn forget_the_gone(&mut self) {
        self.arrivals += 1;
        if self.arrivals < limits::WATCHER_QUEUE {
            return;
        }
        self.arrivals = 0;
        self.lines.retain(|_, line| !line.is_closed());
        self.watched.retain(|_, numbers| {
            numbers.retain(|number| self.lines.contains_key(number));
            !numbers.is_empty()
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.watched.len()
    }
}
