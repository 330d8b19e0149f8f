//! The feed that all nodes lead, as this one follows it: what has changed, who is where, and who watches.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use stillhere_engine::{
    time::Timestamp,
    tracker::{ChannelCount, Member, Tracker},
    wire::ChannelName,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};

use super::{crowd::Crowd, record, shard::Common, trouble::Trouble};
use crate::{
    feed::{Feed, News, Position, Topic, Watch},
    limits,
    presence::redis::{Cursor, RedisError, Shard},
};

/// What somebody wants to know of everybody.
pub(super) enum Question {
    /// To watch.
    Watch { topic: Topic, after: Option<Position>, answer: oneshot::Sender<Watch> },
    /// Who is there, as it was told, and by which position.
    Members { channel: Option<ChannelName>, answer: oneshot::Sender<(Position, Vec<Member>)> },
    /// Forget what the feed has forgotten, at once.
    Forget { answer: oneshot::Sender<()> },
    /// How many are where.
    Channels { today: Timestamp, answer: oneshot::Sender<Vec<ChannelCount>> },
}

pub(super) struct Follower {
    common: Arc<Common>,
    feed: Feed,
    crowd: Crowd,
    /// What is known is not what Redis knows: it has to be read anew.
    is_lost: bool,
    trouble: Trouble,
}

impl Follower {
    /// Reads what there is.
    ///
    /// # Errors
    /// Redis cannot be read.
    pub(super) async fn open(common: Arc<Common>) -> Result<Self, RedisError> {
        let (feed, crowd) = read(&common).await?;
        Ok(Self { common, feed, crowd, is_lost: false, trouble: Trouble::default() })
    }

    pub(super) async fn run(
        mut self,
        mut questions: mpsc::UnboundedReceiver<Question>,
        mut told: mpsc::UnboundedReceiver<Shard>,
    ) {
        let mut look = interval(limits::FOLLOW_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Another node may be gone before it has relayed what it has changed.
        let mut gather = interval(limits::REBUILT_WITHIN);
        loop {
            tokio::select! {
                question = questions.recv() => match question {
                    Some(question) => {
                        // Whoever was told of a change by another node finds it here, too.
                        self.go_on().await;
                        if matches!(question, Question::Forget { .. }) {
                            self.compare().await;
                        }
                        self.answer(question);
                    }
                    None => return,
                },
                Some(shard) = told.recv() => {
                    let mut shards = BTreeSet::from([shard]);
                    while let Ok(shard) = told.try_recv() {
                        shards.insert(shard);
                    }
                    self.relay(shards).await;
                }
                _ = gather.tick() => {
                    self.compare().await;
                    self.relay(self.common.shards.all().collect()).await;
                }
                _ = look.tick() => self.go_on().await,
            }
        }
    }

    async fn relay(&mut self, shards: BTreeSet<Shard>) {
        for shard in shards {
            let mut relayed = Ok(limits::RELAYED_AT_ONCE);
            while matches!(relayed, Ok(limits::RELAYED_AT_ONCE)) {
                relayed = self.trouble.note("nothing can be told", self.common.shards.relay(shard).await);
            }
        }
        self.go_on().await;
    }

    /// Finds out whether the feed is still the one that this node follows: one that has begun anew may have nothing to tell
    /// for long.
    async fn compare(&mut self) {
        if let Ok(position) = self.trouble.note("the feed cannot be found", self.common.shards.position().await) {
            self.is_lost |= position.epoch != self.feed.position().epoch;
        }
        // Somebody may have been removed by another node.
        if let Ok(oldest) = self.trouble.note("the feed cannot be read", self.common.shards.oldest().await) {
            self.feed.forget_before(oldest);
        }
        self.common.metrics.live(self.crowd.live());
    }

    /// Takes in what is new.
    async fn go_on(&mut self) {
        let caught_up = self.catch_up().await;
        // The feed that is there already is passed on all the same.
        let _ = self.trouble.note("the feed cannot be read", caught_up);
        let now = self.common.clock.now();
        while let Some(channel) = self.feed.counts_due(now) {
            self.feed.publish_counts(&self.crowd.counts(&channel, &self.common.policy.ladder), now);
        }
    }

    async fn catch_up(&mut self) -> Result<(), RedisError> {
        // A feed that has begun anew may have nothing to tell, and this node may have missed the end of the last one.
        self.is_lost |= self.common.has_forgotten.swap(false, Relaxed);
        loop {
            if self.is_lost {
                return self.begin_anew().await;
            }
            let news = self.common.shards.news(self.feed.position(), limits::RELAYED_AT_ONCE).await?;
            let count = news.len();
            for (position, bytes) in news {
                let before = self.feed.position();
                if (position.epoch, position.offset) != (before.epoch, before.offset + 1) {
                    self.is_lost = true;
                    break;
                }
                let (at, change) = record::to_change(&bytes)?;
                let news = News::new(position, at, &change);
                self.common.metrics.change(&change);
                self.crowd.take(change);
                match news {
                    Some(news) => self.feed.pass_on(&Arc::new(news), self.common.clock.now()),
                    None => self.is_lost = true,
                }
            }
            if count < limits::RELAYED_AT_ONCE && !self.is_lost {
                return Ok(());
            }
        }
    }

    /// Redis has lost something, or this node has fallen too far behind. Every line ends; whoever watches comes back and is
    /// told who is here.
    async fn begin_anew(&mut self) -> Result<(), RedisError> {
        for shard in self.common.shards.all() {
            if !self.common.shards.is_built(shard).await? {
                return Ok(());
            }
        }
        (self.feed, self.crowd) = read(&self.common).await?;
        self.is_lost = false;
        Ok(())
    }

    fn answer(&mut self, question: Question) {
        // Whoever has gone meanwhile wants to know nothing.
        match question {
            Question::Watch { topic, after, answer } => {
                let (crowd, ladder) = (&self.crowd, &self.common.policy.ladder);
                let now = self.common.clock.now();
                _ = answer.send(self.feed.watch(&topic, after, now, |topic| crowd.picture(topic, ladder)));
            }
            Question::Members { channel, answer } => {
                _ = answer.send((self.feed.position(), self.crowd.members(channel.as_ref())));
            }
            Question::Forget { answer } => _ = answer.send(()),
            Question::Channels { today, answer } => _ = answer.send(self.crowd.channels(today)),
        }
    }
}

/// The feed up to now, and everybody who is here. What changes meanwhile is told again, which does no harm.
async fn read(common: &Common) -> Result<(Feed, Crowd), RedisError> {
    let position = common.shards.position().await?;
    let mut newest = Vec::new();
    for (at, bytes) in common.shards.newest(limits::RING).await? {
        let (decided_at, change) = record::to_change(&bytes)?;
        newest.extend(News::new(at, decided_at, &change).filter(|_| at <= position));
    }
    let mut crowd = Crowd::default();
    for shard in common.shards.all() {
        let mut from = Some(Cursor::START);
        while let Some(cursor) = from {
            let (people, next) = common.shards.users(shard, cursor).await?;
            for (_, kept) in people {
                let tracker = Tracker::resume(Arc::clone(&common.policy), record::to_holding(&kept.record)?);
                tracker.members(None).into_iter().for_each(|member| crowd.put(member));
            }
            from = next;
        }
    }
    Ok((Feed::join(position, newest, Arc::clone(&common.metrics)), crowd))
}
