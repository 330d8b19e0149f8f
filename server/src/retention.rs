//! Forgetting: what is older than the settings allow goes, a piece at a time, beside everything else.

use stillhere_engine::time::{Millis, Timestamp};
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    driver::Clock,
    limits,
    store::{Store, StoreError},
};

/// How long things are kept; `None`: for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Sessions after their end, and visits.
    pub(crate) sessions: Option<Millis>,
    /// Punches.
    pub(crate) punches: Option<Millis>,
}

impl Retention {
    /// Forgets for as long as the server runs. The writer is free between two pieces.
    pub(crate) async fn keep(&self, store: &dyn Store, clock: Clock) {
        let (mut due, mut turn) = (interval(limits::RETENTION_EVERY), interval(limits::RETENTION_PAUSE));
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            due.tick().await;
            loop {
                turn.tick().await;
                match self.forget_piece(store, clock.now()).await {
                    Ok(0) => break,
                    Ok(rows) => tracing::debug!(rows, "what was too old is forgotten"),
                    Err(why) => {
                        tracing::error!(%why, "what is too old could not be forgotten yet");
                        break;
                    }
                }
            }
        }
    }

    /// Forgets one piece of all that is too old at `now`; says how many rows that were.
    pub(crate) async fn forget_piece(&self, store: &dyn Store, now: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        if let Some(kept) = self.sessions {
            forgotten += store.forget(now.before(kept)).await?;
        }
        if let Some(kept) = self.punches {
            forgotten += store.cut(now.before(kept), now).await?;
        }
        Ok(forgotten)
    }
}
