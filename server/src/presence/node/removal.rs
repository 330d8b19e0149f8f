//! Removing what is kept of a person, on one of several nodes.
//!
//! First their sessions end, and the last facts of that reach the store; then all of it goes, from the store and from the feed.
//! Meanwhile their beats are told to try again, by every node. Should the node be gone that does it, another one does the rest:
//! each step can be done twice.

use std::sync::Arc;

use stillhere_engine::wire::{Refusal, UserId};
use tokio::sync::mpsc;

use super::{
    Node, NodeError,
    ask::{Ask, Command},
    follower::Question,
    record,
    shard::Common,
    waiting::Waiting,
};
use crate::{limits, store::Removed};

impl Node {
    /// Ends the person's sessions and removes what is kept of them; it is on disk when this is answered.
    pub(crate) async fn remove(&self, user: UserId) -> Result<Removed, Refusal> {
        let node = self.clone();
        // Whoever has asked may go: what has begun is to be ended all the same.
        let removal = tokio::spawn(async move {
            node.ask(user.clone(), Waiting::Done, |waiting| Ask::Remove { waiting }).await?;
            let removed = erase(&node.common, &user).await.map_err(|why| {
                tracing::error!(%why, "a person could not be removed whole yet");
                Refusal::StoreDown
            });
            // The others follow within a second.
            node.question(|answer| Question::Forget { answer }).await?;
            node.ask(user, Waiting::Done, |waiting| Ask::Removed { waiting: Some(waiting) }).await?;
            let removed = removed?;
            tracing::info!(sessions = removed.sessions, punches = removed.punches, "a person was removed");
            Ok(removed)
        });
        removal.await.unwrap_or(Err(Refusal::Busy))
    }
}

/// Does the rest of a removal that has not ended in time.
pub(super) fn take_over(common: Arc<Common>, commands: mpsc::WeakUnboundedSender<Command>, user: UserId) {
    tokio::spawn(async move {
        match erase(&common, &user).await {
            Ok(_) => {
                if let Some(commands) = commands.upgrade() {
                    // Who is told of it has gone with the other node.
                    let _ = commands.send(Command::Own(user, Ask::Removed { waiting: None }));
                }
            }
            Err(why) => tracing::error!(%why, "the removal of a person is still to be ended"),
        }
    });
}

/// Takes the person out of the store and of the feed, and remembers when, by a print that names nobody.
async fn erase(common: &Common, user: &UserId) -> Result<Removed, NodeError> {
    let removed = common.store.remove(user).await?;
    common.shards.note_removed(user, common.clock.now()).await?;
    let shard = common.shards.of(user);
    while common.shards.relay(shard).await? == limits::RELAYED_AT_ONCE {}
    let mut last = None;
    for (position, bytes) in common.shards.newest(limits::SHARED_FEED).await? {
        if record::to_change(&bytes)?.1.user() == user {
            last = Some(position);
        }
    }
    if let Some(last) = last {
        common.shards.forget(last).await?;
    }
    Ok(removed)
}
