//! Reading back who was here.

use std::sync::Arc;

use stillhere_engine::{time::Timestamp, tracker::Input};

use super::task::Task;
use crate::store::StoreError;

impl Task {
    /// Takes in who was here when the last server went.
    pub(super) async fn restore(&mut self, alive_at: Option<Timestamp>) -> Result<(), StoreError> {
        self.tracker.expect(self.store.open_count().await?);
        let mut piece = self.store.open_sessions(None).await?;
        while let Some(place) = piece.next {
            // The next piece is read while this one is made into sessions and taken in.
            let store = Arc::clone(&self.store);
            let next = tokio::spawn(async move { store.open_sessions(Some(place)).await });
            let rows = piece.rows.make()?;
            self.tracker.handle_input(Input::Restore { rows, alive_at }, self.clock.now());
            piece = next.await.map_err(|why| StoreError::new("read", why))??;
        }
        let rows = piece.rows.make()?;
        self.tracker.handle_input(Input::Restore { rows, alive_at }, self.clock.now());
        let open = self.store.open_punches().await?;
        self.tracker.handle_input(Input::RestorePunches(open), self.clock.now());
        let sessions = self.tracker.live().sessions;
        let downtime_ms = alive_at.map_or(0, |alive_at| self.clock.started_at().since(alive_at).0);
        tracing::info!(sessions, downtime_ms, "read back who was here");
        Ok(())
    }
}
