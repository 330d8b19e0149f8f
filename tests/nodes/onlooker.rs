//! A watcher who comes back whenever the line breaks, from where it was.

use std::collections::BTreeMap;

use stillhere_tests::{feed::Feed, server::PATIENCE};
use tokio::time::timeout;

/// Follows everybody through the proxy, and counts what it hears.
pub(crate) struct Onlooker {
    url: String,
    feed: Option<Feed>,
    position: String,
    /// How often each event came: `snapshot`, `join`, `leave`, and punches by their kinds.
    pub(crate) heard: BTreeMap<String, usize>,
    /// Whose leave it has heard.
    pub(crate) left: Vec<String>,
}

impl Onlooker {
    pub(crate) fn follow(url: String) -> Self {
        Self { url, feed: None, position: String::new(), heard: BTreeMap::new(), left: Vec::new() }
    }

    /// How often it has heard this.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.heard.get(what).copied().unwrap_or(0)
    }

    /// Listens until it has heard this so many times in all.
    pub(crate) async fn hear(&mut self, what: &str, times: usize) {
        let listening = async {
            while self.count(what) < times {
                self.next().await;
            }
        };
        let came = timeout(PATIENCE * 2, listening).await;
        assert!(came.is_ok(), "{times} × {what} does not come; heard: {:?}", self.heard);
    }

    async fn next(&mut self) {
        let feed = match &mut self.feed {
            Some(feed) => feed,
            line => {
                let from = (!self.position.is_empty()).then_some(self.position.as_str());
                // The proxy may not have found out yet that a node is gone.
                let Some(feed) = Feed::try_open(&self.url, from).await else { return };
                line.insert(feed)
            }
        };
        let Some(event) = feed.hear().await else {
            self.feed = None;
            return;
        };
        self.position.clone_from(&feed.position);
        let user = event.body["user"].as_str().unwrap_or_default().to_owned();
        let what = match event.kind.as_str() {
            "punch" => event.body["kind"].as_str().unwrap_or_default().to_owned(),
            kind => kind.to_owned(),
        };
        if what == "leave" {
            self.left.push(user);
        }
        *self.heard.entry(what).or_default() += 1;
    }
}
