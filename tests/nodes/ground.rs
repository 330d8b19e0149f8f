//! What a test stands on: nodes, what they share, and the proxy before them.

use futures_util::future::join_all;
use stillhere_test_postgres::{Cluster, Disk};
use stillhere_tests::{nginx::Nginx, server::Server};

use crate::{onlooker::Onlooker, tabs::Tabs};

/// Everything comes from one address. A lease is what a tab promises, twice, and the grace: a few seconds of trouble are none.
const SETTINGS: &str = "
auth = \"none\"
trusted_proxies = [\"127.0.0.1\"]
address_beats_per_s = 0
address_sessions_per_s = 0
address_requests_per_s = 0
interval_ms = 500
missed_beats = 1
leave_grace_ms = 1
punching = \"with-presence\"
";

/// Nodes behind a proxy.
pub(crate) struct Ground {
    pub(crate) nodes: Vec<Server>,
    pub(crate) proxy: Nginx,
    /// It runs for as long as this is held.
    _database: Cluster,
    url: String,
    settings: String,
}

/// A node for each Redis, with so many people in who go on beating, and somebody who looks on.
pub(crate) async fn in_full_swing(redis: &[String], people: usize, grace_ms: u32) -> (Ground, Tabs, Onlooker) {
    let ground = Ground::start(redis, grace_ms).await;
    let mut onlooker = Onlooker::follow(ground.proxy.url("/v1/feed"));
    onlooker.hear("snapshot", 1).await;
    let tabs = Tabs::open(people, &ground.proxy.url("/v1/beat"));
    onlooker.hear("join", people).await;
    tabs.answered(2).await;
    (ground, tabs, onlooker)
}

impl Ground {
    /// Starts so many nodes at once, which share the Redis at each one's address.
    pub(crate) async fn start(redis: &[String], grace_ms: u32) -> Self {
        Self::start_with(redis, grace_ms, "").await
    }

    /// The same, with more settings.
    pub(crate) async fn start_with(redis: &[String], grace_ms: u32, more: &str) -> Self {
        let database = Cluster::start(Disk::Ignored);
        let settings = format!("{SETTINGS}grace_ms = {grace_ms}\n{more}");
        let url = database.database("facts");
        let nodes = join_all(redis.iter().map(|redis| node(&settings, &url, redis))).await;
        let addresses: Vec<String> = nodes.iter().map(|node| node.url("").replace("http://", "")).collect();
        let proxy = Nginx::before_all(&addresses).await;
        Self { nodes, proxy, _database: database, url, settings }
    }

    /// Another node, of which the proxy does not know.
    pub(crate) async fn another(&self, redis: &str) -> Server {
        node(&self.settings, &self.url, redis).await
    }
}

async fn node(settings: &str, database: &str, redis: &str) -> Server {
    // That something is wrong is what the tests are about.
    let environment =
        [("STILLHERE_DATABASE_URL", database), ("STILLHERE_REDIS_URL", redis), ("STILLHERE_LOG", "error")];
    Server::start(&[], settings, &environment).await
}
