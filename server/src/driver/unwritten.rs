//! News that are told and not on disk yet.

use std::{collections::VecDeque, sync::Arc};

use crate::{feed::News, limits};

/// They go with the next batch, oldest first. The log keeps [`limits::RING`] of them, so while the store is down no more
/// are gathered than that: those that are dropped would be cut from the log by those that stay.
#[derive(Debug, Default)]
pub(super) struct Unwritten(VecDeque<Arc<News>>);

impl Unwritten {
    /// Adds the newest.
    pub(super) fn push(&mut self, news: Arc<News>) {
        if self.0.len() >= limits::RING {
            self.0.pop_front();
        }
        self.0.push_back(news);
    }

    /// Hands all of them over to be written.
    pub(super) fn take(&mut self) -> Vec<Arc<News>> {
        std::mem::take(&mut self.0).into()
    }

    /// Takes back those that could not be written. They are older than what has come meanwhile.
    pub(super) fn put_back(&mut self, news: Vec<Arc<News>>) {
        let newer = std::mem::replace(&mut self.0, news.into());
        for news in newer {
            self.push(news);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use stillhere_engine::{time::Timestamp, wire::UserId};

    use super::*;
    use crate::feed::Position;

    fn news(offset: u64) -> Arc<News> {
        let (position, user) = (Position { epoch: 1, offset }, UserId::parse("ann").unwrap());
        Arc::new(News { position, at: Timestamp(0), name: "join", channel: None, user, json: String::new() })
    }

    fn offsets(unwritten: &mut Unwritten) -> Vec<u64> {
        unwritten.take().iter().map(|news| news.position.offset).collect()
    }

    #[test]
    fn what_could_not_be_written_comes_before_what_has_happened_meanwhile() {
        let mut unwritten = Unwritten::default();
        unwritten.push(news(1));
        unwritten.push(news(2));
        let failed = unwritten.take();
        unwritten.push(news(3));
        unwritten.put_back(failed);
        assert_eq!(offsets(&mut unwritten), [1, 2, 3]);
        assert!(unwritten.is_empty());
    }

    #[test]
    fn while_nothing_can_be_written_the_newest_are_kept_without_a_gap() {
        let mut unwritten = Unwritten::default();
        let most = limits::RING as u64;
        (1..=most).for_each(|offset| unwritten.push(news(offset)));
        let failed = unwritten.take();
        (most + 1..=most + 10).for_each(|offset| unwritten.push(news(offset)));
        unwritten.put_back(failed);
        assert_eq!(offsets(&mut unwritten), (11..=most + 10).collect::<Vec<_>>());
    }
}
