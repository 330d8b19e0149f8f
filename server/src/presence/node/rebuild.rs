//! Putting together in Redis what the store knows, when Redis knows nothing of it.
//!
//! Several nodes may do so at once: each person is put back unless they are there already, and whoever is there is given the
//! sessions that are missing. Until a shard is built its people are told to try again.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use stillhere_engine::{
    tracker::{OpenPunch, SessionRow},
    wire::UserId,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};

use super::{
    NodeError,
    ask::{Ask, Command},
    shard::Common,
};
use crate::{
    limits,
    presence::redis::{Shard, Tag},
};

/// What the store knows of one person.
#[derive(Default)]
struct Known {
    rows: Vec<SessionRow>,
    open: Option<OpenPunch>,
}

/// Waits until every shard is built, and builds what nobody else does.
///
/// # Errors
/// Redis or the store cannot be used.
pub(super) async fn ensure(common: &Common, people: &[mpsc::UnboundedSender<Command>]) -> Result<(), NodeError> {
    loop {
        let mut attempts = HashMap::new();
        for shard in common.shards.all() {
            let is_built = common.shards.is_built(shard).await?;
            common.built[shard.number()].store(is_built, Relaxed);
            if !is_built {
                common.has_forgotten.store(true, Relaxed);
                attempts.insert(shard, common.shards.build(shard).await?);
            }
        }
        if attempts.is_empty() {
            return Ok(());
        }
        build(common, people, &attempts).await?;
    }
}

/// Looks now and then whether Redis has forgotten, for as long as the node is there.
pub(super) async fn keep(common: Arc<Common>, people: Vec<mpsc::WeakUnboundedSender<Command>>) {
    let mut look = interval(limits::REBUILT_WITHIN);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let Some(people) = people.iter().map(mpsc::WeakUnboundedSender::upgrade).collect::<Option<Vec<_>>>() else {
            return;
        };
        if let Err(why) = ensure(&common, &people).await {
            tracing::warn!(%why, "it is not known whether Redis has everything");
        }
    }
}

async fn build(
    common: &Common,
    people: &[mpsc::UnboundedSender<Command>],
    attempts: &HashMap<Shard, Tag>,
) -> Result<(), NodeError> {
    let alive_at = common.store.alive_at().await?;
    let known = read(common, attempts).await?;
    tracing::info!(people = known.len(), shards = attempts.len(), "putting together who is here");
    for (user, Known { rows, open }) in known {
        let ask = Ask::Restore { rows, open, alive_at };
        // The shards' tasks are there as long as this node is.
        let _ = people[common.shards.of(&user).number()].send(Command::Own(user, ask));
    }
    for (shard, attempt) in attempts {
        let (done, is_done) = oneshot::channel();
        let _ = people[shard.number()].send(Command::Until(done));
        if is_done.await.unwrap_or(false) {
            common.shards.set_built(*shard, *attempt).await?;
        }
    }
    Ok(())
}

/// Everybody of these shards of whom the store knows something that lasts.
async fn read(common: &Common, attempts: &HashMap<Shard, Tag>) -> Result<HashMap<UserId, Known>, NodeError> {
    let mut known = HashMap::<UserId, Known>::new();
    let is_wanted = |user: &UserId| attempts.contains_key(&common.shards.of(user));
    let mut place = None;
    loop {
        let piece = common.store.open_sessions(place).await?;
        for row in piece.rows.make()?.into_iter().filter(|row| is_wanted(&row.user)) {
            known.entry(row.user.clone()).or_default().rows.push(row);
        }
        place = piece.next;
        if place.is_none() {
            break;
        }
    }
    for open in common.store.open_punches().await?.into_iter().filter(|open| is_wanted(&open.user)) {
        let user = open.user.clone();
        known.entry(user).or_default().open = Some(open);
    }
    Ok(known)
}
