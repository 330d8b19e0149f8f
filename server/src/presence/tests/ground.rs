//! What a claim is held against.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
};

use stillhere_engine::{
    policy::Policy,
    tracker::PunchRow,
    wire::{Beat, SessionId, UserId},
};
use stillhere_test_redis::{Cluster, Redis};

use crate::{
    driver::{
        Driver,
        tests::{Moody, drafts},
    },
    feed::{Message, Topic, Watch},
    metrics::Metrics,
    presence::redis::Shards,
    presence::{Presence, node::Node},
    settings::{RedisSettings, RedisUrl},
    store::{PunchQuery, Store},
};

/// Whether there is one server, or two nodes.
pub(super) struct Ground {
    url: Option<String>,
    prefix: String,
    own: Option<Redis>,
}

/// Servers that are running, and where they write.
pub(super) struct Servers {
    all: Vec<Presence>,
    next: AtomicUsize,
    pub(super) store: Arc<Moody>,
}

impl Ground {
    pub(super) fn local() -> Self {
        Self { url: None, prefix: String::new(), own: None }
    }

    /// The Redis or the cluster of all tests, with keys that no other test has.
    pub(super) fn nodes(is_cluster: bool) -> Self {
        static ONE: OnceLock<Redis> = OnceLock::new();
        static THREE: OnceLock<Cluster> = OnceLock::new();
        let url = if is_cluster {
            THREE.get_or_init(|| Cluster::start(3)).url()
        } else {
            ONE.get_or_init(Redis::start).url()
        };
        Self { url: Some(url), prefix: prefix(), own: None }
    }

    /// A Redis that this test can do something to.
    pub(super) fn alone() -> Self {
        let redis = Redis::start();
        Self { url: Some(redis.url()), prefix: prefix(), own: Some(redis) }
    }

    pub(super) fn redis(&mut self) -> &mut Redis {
        self.own.as_mut().expect("a Redis of this test")
    }

    /// Redis forgets everything, as one does that is started again without its files.
    pub(super) fn forget(&self) {
        self.own.as_ref().expect("a Redis of this test").tell(&["FLUSHALL"]);
    }

    pub(super) async fn servers(&self, policy: Policy) -> Servers {
        let store = Moody::new().await;
        let mut all = Vec::new();
        for _ in 0..if self.url.is_some() { 2 } else { 1 } {
            all.push(self.server(policy.clone(), &store).await);
        }
        Servers { all, next: AtomicUsize::new(0), store }
    }

    /// One server more.
    pub(super) async fn server(&self, policy: Policy, store: &Arc<Moody>) -> Presence {
        let (metrics, store) = (Arc::new(Metrics::new()), Arc::<Moody>::clone(store) as Arc<dyn Store>);
        match &self.url {
            None => Presence::Local(Driver::start(policy, store, metrics, drafts()).await.unwrap()),
            Some(url) => {
                let settings = RedisSettings::parse(&RedisUrl::new(url), Some(&self.prefix), Some(4)).unwrap();
                let shards = Shards::open(&settings).await.unwrap();
                Presence::Shared(Node::start(policy, shards, store, metrics).await.unwrap())
            }
        }
    }
}

fn prefix() -> String {
    static TESTS: AtomicU32 = AtomicU32::new(0);
    format!("nodes{}", TESTS.fetch_add(1, Relaxed))
}

impl Servers {
    /// The next one in turn.
    pub(super) fn next(&self) -> &Presence {
        &self.all[self.next.fetch_add(1, Relaxed) % self.all.len()]
    }

    pub(super) async fn beat(&self, user: &UserId, beat: Beat) -> Result<String, &'static str> {
        let answer = self.next().beat(user.clone(), None, beat).await;
        answer.map(|accepted| accepted.status).map_err(|why| why.code())
    }

    pub(super) async fn watch(&self, topic: Topic) -> Watch {
        self.next().watch(topic, None).await.unwrap()
    }

    /// Everything that any of them has answered is on disk.
    pub(super) async fn settle(&self) {
        for server in &self.all {
            server.settle().await.unwrap();
        }
    }

    pub(super) async fn seq_on_disk(&self, session: SessionId) -> Option<u32> {
        self.store.inner.session(session).await.unwrap().map(|row| row.seq)
    }

    /// The log of punches, oldest first.
    pub(super) async fn log(&self) -> Vec<PunchRow> {
        let mut rows = self.store.punches(&PunchQuery { limit: 100, ..PunchQuery::default() }).await.unwrap().rows;
        rows.reverse();
        rows
    }
}

/// The next thing that a watcher hears: its name, and whom it is about.
pub(super) async fn heard(watch: &mut Watch) -> String {
    match watch.messages.recv().await {
        Some(Message::News(news, _)) => format!("{} {}", news.name, news.user.as_str()),
        Some(Message::Counts(..)) => "counts".into(),
        None => "the end".into(),
    }
}
