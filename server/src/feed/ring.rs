//! The newest changes, without a gap between them.

use std::{collections::VecDeque, sync::Arc};

use stillhere_engine::wire::UserId;

use super::{News, Position};
use crate::limits;

/// The newest changes of this start and of those before it, oldest first.
#[derive(Debug, Default)]
pub(super) struct Ring(VecDeque<Arc<News>>);

impl Ring {
    /// What the log has kept, oldest first, as far back as nothing is missing in it.
    pub(super) fn new(log: Vec<News>) -> Self {
        let mut ring = VecDeque::with_capacity(log.len());
        for news in log.into_iter().rev().take(limits::RING) {
            if ring.front().is_some_and(|after: &Arc<News>| !after.position.follows(news.position)) {
                break;
            }
            ring.push_front(Arc::new(news));
        }
        Self(ring)
    }

    /// Adds the newest, for which the oldest may have to go.
    pub(super) fn push(&mut self, news: Arc<News>) {
        if self.0.len() >= limits::RING {
            self.0.pop_front();
        }
        self.0.push_back(news);
    }

    /// Everything after the position; `None`: some of it is not there any more, or there never was such a position.
    pub(super) fn after(&self, position: Position) -> Option<impl Iterator<Item = &Arc<News>>> {
        let first = self.0.partition_point(|news| news.position <= position);
        let is_last_told = first.checked_sub(1).is_some_and(|last| self.0[last].position == position);
        let next = self.0.get(first).map(|news| news.position);
        let is_next = next.is_some_and(|next| next.epoch == position.epoch && next.follows(position));
        (is_last_told || is_next).then(|| self.0.range(first..))
    }

    /// Forgets everything up to the last news of the user: with a gap in between, whoever comes back would miss more than
    /// they know.
    pub(super) fn forget(&mut self, user: &UserId) {
        let after = self.0.iter().rposition(|news| news.user == *user).map_or(0, |last| last + 1);
        self.0.drain(..after);
    }

    /// Forgets everything before the position.
    pub(super) fn forget_before(&mut self, oldest: Position) {
        let after = self.0.partition_point(|news| news.position < oldest);
        self.0.drain(..after);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
