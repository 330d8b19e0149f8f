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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stillhere_engine::{
        tracker::{Batch, PunchKind, PunchRow},
        wire::UserId,
    };
    use tokio::{task::yield_now, time::timeout};

    use crate::{
        Server,
        audit::{Verdict, verify},
        settings::{Settings, Typed},
        store::{Log, Sqlite, Store, StorePlace},
    };

    use super::*;

    #[tokio::test]
    async fn a_server_forgets_what_is_too_old_as_soon_as_it_has_started() {
        let directory = tempfile::tempdir().unwrap();
        let store = Sqlite::open(directory.path()).await.unwrap();
        let punch = |epoch| PunchRow {
            user: UserId::parse("ann").unwrap(),
            epoch,
            kind: PunchKind::In,
            // In 1970.
            at: Timestamp(epoch),
            detected_at: Timestamp(epoch),
            reason: None,
            error_bound: Millis::ZERO,
        };
        let batch = Batch { punches: (1..=9).map(punch).collect(), ..Batch::default() };
        store.record(&batch.into()).await.unwrap();
        store.close().await.unwrap();
        drop(store);

        let typed = Typed::from_toml("listen = \"127.0.0.1:0\"\npunch_retention_days = 1").unwrap();
        let typed = Typed { data: Some(directory.path().into()), ..typed };
        let server = Server::bind(Settings::parse(typed, None).unwrap()).await.unwrap();
        let cut = async {
            let mut log = Log::open(&StorePlace::Directory(directory.path().into())).await.unwrap();
            while !matches!(verify(&mut log, None, |_, _| {}).await, Ok(Verdict::Whole(log)) if log.cut.is_some()) {
                yield_now().await;
            }
        };
        timeout(Duration::from_secs(30), server.run_until(cut)).await.unwrap().unwrap();
    }
}
