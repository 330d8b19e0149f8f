//! A watcher: reads a feed's events one by one.

use serde_json::Value;

use crate::server::PATIENCE;

/// An open feed.
pub struct Feed {
    response: reqwest::Response,
    unread: String,
    /// The position of the newest event read.
    pub position: String,
}

/// One event of a feed.
#[derive(Debug)]
pub struct Event {
    /// `snapshot`, `join`, `update` or `leave`.
    pub kind: String,
    /// Its JSON.
    pub body: Value,
}

impl Event {
    /// In one line: `join ann online`, `leave ann closed`, `snapshot 2`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        match self.kind.as_str() {
            "snapshot" => format!("snapshot {}", self.body["members"].as_array().map_or(0, Vec::len)),
            "leave" => format!("leave {} {}", text(&self.body["user"]), text(&self.body["reason"])),
            kind => format!("{kind} {} {}", text(&self.body["member"]["user"]), text(&self.body["member"]["status"])),
        }
    }
}

impl Feed {
    /// Opens a feed, after `position` if one is given.
    pub async fn open(url: &str, position: Option<&str>) -> Self {
        let request = reqwest::Client::new().get(url);
        Self::begin(match position {
            Some(position) => request.header("last-event-id", position),
            None => request,
        })
        .await
    }

    /// Opens a feed as whoever the token names.
    pub async fn open_as(url: &str, token: &str) -> Self {
        Self::begin(reqwest::Client::new().get(url).bearer_auth(token)).await
    }

    /// Opens a feed, if somebody is there who has one.
    pub async fn try_open(url: &str, position: Option<&str>) -> Option<Self> {
        let mut request = reqwest::Client::new().get(url);
        if let Some(position) = position {
            request = request.header("last-event-id", position);
        }
        let response = tokio::time::timeout(PATIENCE, request.send()).await.expect("the feed begins").ok()?;
        (response.status() == 200).then(|| Self::of(response))
    }

    async fn begin(request: reqwest::RequestBuilder) -> Self {
        let answered = tokio::time::timeout(PATIENCE, request.send()).await;
        let response = answered.expect("the feed begins").expect("the server answers");
        assert_eq!(response.status(), 200);
        Self::of(response)
    }

    fn of(response: reqwest::Response) -> Self {
        Self { response, unread: String::new(), position: String::new() }
    }

    /// The next event; comments are passed over.
    pub async fn next(&mut self) -> Event {
        tokio::time::timeout(PATIENCE, self.hear()).await.expect("the awaited event comes").expect("the feed goes on")
    }

    /// The next event in one line.
    pub async fn next_in_words(&mut self) -> String {
        self.next().await.in_words()
    }

    /// The next event, however long that takes; `None`: the line has ended.
    pub async fn hear(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.unread.split_once("\n\n") {
                let field = |name: &str| {
                    block.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim_start().to_owned())
                };
                let (kind, body, id) = (field("event:"), field("data:"), field("id:"));
                self.unread = rest.to_owned();
                if let (Some(kind), Some(body)) = (kind, body) {
                    self.position = id.unwrap_or_default();
                    return Some(Event { kind, body: serde_json::from_str(&body).expect("an event is JSON") });
                }
            }
            let chunk = self.response.chunk().await.ok().flatten()?;
            self.unread.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}
