//! The lines to everybody who watches.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use axum::body::Bytes;
use stillhere_engine::time::Timestamp;
use tokio::sync::mpsc;

use super::{Counted, News, Position, Topic, topic::Key};
use crate::limits;

/// What goes down a line, and the server-sent event that says it: written once for all of them.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// A change.
    News(Arc<News>, Bytes),
    /// How many are in a channel by now.
    Counts(Arc<Counted>, Bytes),
}

/// A server-sent event. JSON as it is written here has no line breaks.
pub(crate) fn event(name: &str, position: Option<Position>, json: &str) -> Bytes {
    let id = position.map_or_else(String::new, |position| format!("id: {position}\n"));
    format!("event: {name}\ndata: {json}\n{id}\n").into()
}

impl Message {
    /// Of a change.
    pub(crate) fn news(news: Arc<News>) -> Self {
        let event = event(news.name, Some(news.position), &news.json);
        Self::News(news, event)
    }

    /// Of how many are in a channel by now.
    pub(crate) fn counts(counted: Counted) -> Self {
        let event = event("counts", None, &counted.json);
        Self::Counts(Arc::new(counted), event)
    }

    /// As a server-sent event.
    pub(crate) fn event(&self) -> Bytes {
        let (Self::News(_, event) | Self::Counts(_, event)) = self;
        event.clone()
    }

    /// The event's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::News(news, _) => news.name,
            Self::Counts(..) => "counts",
        }
    }

    /// Where whoever has heard it goes on; `None`: counts are told anew to who comes back.
    pub(crate) fn position(&self) -> Option<Position> {
        match self {
            Self::News(news, _) => Some(news.position),
            Self::Counts(..) => None,
        }
    }

    /// What is told.
    pub(crate) fn json(&self) -> &str {
        match self {
            Self::News(news, _) => &news.json,
            Self::Counts(counted, _) => &counted.json,
        }
    }

    /// When it was published.
    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::News(news, _) => news.at,
            Self::Counts(counted, _) => counted.at,
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
