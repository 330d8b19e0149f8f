//! Where records can be kept, and what can be done to it.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use stillhere_test_redis::{Cluster, Redis, Reply};

use crate::{
    presence::redis::{RedisError, Shards},
    settings::{RedisSettings, RedisUrl},
};

/// A server or a cluster, and keys that no other test has.
pub(super) struct Ground {
    kind: Kind,
    own: Own,
    prefix: String,
}

#[derive(Clone, Copy)]
enum Kind {
    One,
    Cluster,
}

/// What a test has for itself, as it does something to it.
enum Own {
    Nothing,
    One(Redis),
    Cluster(Cluster),
}

impl Ground {
    pub(super) fn one() -> Self {
        Self::of(Kind::One, Own::Nothing)
    }

    pub(super) fn cluster() -> Self {
        Self::of(Kind::Cluster, Own::Nothing)
    }

    fn of(kind: Kind, own: Own) -> Self {
        static TESTS: AtomicU32 = AtomicU32::new(0);
        Self { kind, own, prefix: format!("test{}", TESTS.fetch_add(1, Relaxed)) }
    }

    /// The same kind, for this test alone.
    pub(super) fn alone(&self) -> Self {
        match self.kind {
            Kind::One => Self::of(self.kind, Own::One(Redis::start())),
            Kind::Cluster => Self::of(self.kind, Own::Cluster(Cluster::start(3))),
        }
    }

    pub(super) async fn shards(&self) -> Shards {
        self.open(None).await.unwrap()
    }

    pub(super) async fn open(&self, shards: Option<u16>) -> Result<Shards, RedisError> {
        Shards::open(&settings(&self.url(), &self.prefix, shards)).await
    }

    pub(super) fn url(&self) -> String {
        match (&self.own, self.kind) {
            (Own::One(redis), _) => redis.url(),
            (Own::Cluster(cluster), _) => cluster.url(),
            (Own::Nothing, Kind::One) => one().url(),
            (Own::Nothing, Kind::Cluster) => three().url(),
        }
    }

    /// Sends a command as a stranger would. `$` stands for this test's prefix.
    pub(super) fn tell(&self, command: &str) -> Reply {
        let command = command.replace('$', &self.prefix);
        let words: Vec<_> = command.split(' ').collect();
        match (&self.own, self.kind) {
            (Own::One(redis), _) => redis.tell(&words),
            (Own::Cluster(cluster), _) => cluster.tell(&words),
            (Own::Nothing, Kind::One) => one().tell(&words),
            (Own::Nothing, Kind::Cluster) => three().tell(&words),
        }
    }

    /// Does something to each of this test's own servers.
    pub(super) fn each(&mut self, what: impl FnMut(&mut Redis)) {
        match &mut self.own {
            Own::Nothing => panic!("these servers are other tests' too"),
            Own::One(redis) => [redis].into_iter().for_each(what),
            Own::Cluster(cluster) => cluster.masters().iter_mut().for_each(what),
        }
    }
}

/// The server of all tests. It is started by the first that asks, and ends with the process.
fn one() -> &'static Redis {
    static ONE: OnceLock<Redis> = OnceLock::new();
    ONE.get_or_init(Redis::start)
}

fn three() -> &'static Cluster {
    static THREE: OnceLock<Cluster> = OnceLock::new();
    THREE.get_or_init(|| Cluster::start(3))
}

pub(super) fn settings(url: &str, prefix: &str, shards: Option<u16>) -> RedisSettings {
    RedisSettings::parse(&RedisUrl::new(url), Some(prefix), shards).unwrap()
}
