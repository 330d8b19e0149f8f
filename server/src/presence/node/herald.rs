//! What webhooks are told where several nodes share their work: one of them, which is in office, follows the feed for them.
//!
//! Up to where it has done so is in the store, as the log of the feed, in the transaction of the letters: whoever is in office
//! next goes on from there. So each change makes its letters once, whichever node goes.

use std::{collections::HashSet, sync::Arc};

use stillhere_engine::{
    tracker::{Change, Member, PunchRow},
    wire::{ChannelName, UserId},
};
use tokio::time::{MissedTickBehavior, interval};

use super::{Node, NodeError, record, shard::Common};
use crate::{
    feed::{News, Position},
    limits,
    store::Entry,
    webhooks::Drafts,
};

impl Node {
    /// Writes letters about everything that happens, for as long as it is polled.
    pub(crate) async fn write_letters(&self, drafts: Drafts) {
        let mut herald = Herald { common: Arc::clone(&self.common), drafts, told: None };
        let mut look = interval(limits::HERALD_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_failing = false;
        loop {
            look.tick().await;
            let done = herald.go_on(self).await;
            if let Err(why) = &done
                && !is_failing
            {
                tracing::warn!(%why, "webhooks cannot be told yet; this is said once until they can");
            }
            is_failing = done.is_err();
        }
    }
}

struct Herald {
    common: Arc<Common>,
    drafts: Drafts,
    /// The newest change of which there are letters; `None`: it has to be looked up.
    told: Option<Position>,
}

impl Herald {
    async fn go_on(&mut self, node: &Node) -> Result<(), NodeError> {
        let mut told = match self.told {
            Some(told) => told,
            None => self.begin(node).await?,
        };
        loop {
            // Should anything fail, what is told is what the store says.
            self.told = None;
            let changes = self.common.shards.news(told, limits::RELAYED_AT_ONCE).await?;
            let (count, last) = (changes.len(), changes.last().map(|(position, _)| *position));
            if let Some(last) = last {
                self.write(changes).await?;
                told = last;
            }
            self.told = Some(told);
            if count < limits::RELAYED_AT_ONCE {
                return Ok(());
            }
        }
    }

    /// Finds out up to where everything is told, and who is here by then.
    async fn begin(&mut self, node: &Node) -> Result<Position, NodeError> {
        let newest = self.common.shards.position().await?;
        let Some(told) = self.common.store.news().await?.last().map(|news| news.position) else {
            // Webhooks are new here: what was before is not told.
            self.meet(node, &HashSet::new()).await;
            return Ok(newest);
        };
        let missed = self.common.shards.news(told, limits::SHARED_FEED).await?;
        let oldest = missed.first().map_or(newest, |(position, _)| *position);
        if told.epoch != newest.epoch || oldest.offset > told.offset + 1 {
            tracing::warn!(from = %told, to = %oldest, "webhooks are not told of changes that the feed does not know any more");
        }
        let mut came = HashSet::new();
        for (_, bytes) in &missed {
            if let (_, Change::Join(member)) = record::to_change(bytes)? {
                came.insert((member.user, member.channel));
            }
        }
        self.meet(node, &came).await;
        Ok(told)
    }

    /// Whoever is here is told to nobody as having come, but for those whose coming is still to be told.
    async fn meet(&mut self, node: &Node, came: &HashSet<(UserId, ChannelName)>) {
        let here: Vec<Member> = node.members(None).await.map_or(Vec::new(), |found| found.members);
        let is_known = |member: &Member| !came.contains(&(member.user.clone(), member.channel.clone()));
        let first = self.common.policy.ladder.status(0).to_owned();
        self.drafts.begin(&first, || here.into_iter().filter(is_known).collect());
    }

    async fn write(&mut self, changes: Vec<(Position, Vec<u8>)>) -> Result<(), NodeError> {
        let (mut news, mut punches) = (Vec::new(), Vec::<PunchRow>::new());
        for (position, bytes) in changes {
            let (at, change) = record::to_change(&bytes)?;
            let Some(one) = News::new(position, at, &change).map(Arc::new) else { continue };
            self.drafts.note(&change, &one);
            news.push(one);
            if let Change::Punch(row) = change {
                punches.push(row);
            }
        }
        let entry = Entry { letters: self.drafts.take(&punches), news, ..Entry::default() };
        self.common.store.record(&entry).await?;
        self.drafts.ring()(&entry.letters);
        Ok(())
    }
}
