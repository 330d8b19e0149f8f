//! News that are told and not on disk yet.

use std::{collections::VecDeque, sync::Arc};

use stillhere_engine::wire::UserId;

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

    /// Forgets everything up to the last news of the user: the log has no gaps.
    pub(super) fn forget(&mut self, user: &UserId) {
        let after = self.0.iter().rposition(|news| news.user == *user).map_or(0, |last| last + 1);
        self.0.drain(..after);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use stillhere_engine::time::Timestamp;

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
    fn who_was_removed_is_in_no_news_that_are_still_to_be_written() {
        let of = |name: &str, offset| Arc::new(News { user: UserId::parse(name).unwrap(), ..(*news(offset)).clone() });
        let mut unwritten = Unwritten::default();
        [of("bob", 1), of("ann", 2), of("bob", 3)].into_iter().for_each(|news| unwritten.push(news));
        unwritten.forget(&UserId::parse("ann").unwrap());
        assert_eq!(offsets(&mut unwritten), [3], "and the log has no gap");
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
