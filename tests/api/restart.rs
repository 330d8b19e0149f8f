//! A restart is not a departure.

use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later},
    feed::Feed,
    server::Server,
};

pub(crate) const SETTINGS: &str = "auth = \"none\"\ninterval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 1\n";

/// What must be the same before and after.
pub(crate) fn facts(session: &Value) -> Value {
    let fields =
        ["session", "user", "channel", "page", "state", "startedAt", "visibleMs", "activeMs", "endedAt", "reason"];
    fields.iter().map(|&field| (field.to_owned(), session[field].clone())).collect()
}

#[tokio::test]
async fn a_killed_server_comes_back_with_everybody_in_and_every_length_right() {
    is_killed_and_comes_back(&mut Server::with(SETTINGS).await).await;
}

/// The same story for every store.
pub(crate) async fn is_killed_and_comes_back(server: &mut Server) {
    let ann =
        later(first('A', "ann"), json!({ "page": "/one", "t": 60_000, "visible": [[0, 50_000]], "activeMs": 9_000 }));
    assert_eq!(server.beat(&ann).await.status, 200);
    assert_eq!(server.beat(later(first('B', "bob"), json!({ "state": "hidden", "t": 5_000 }))).await.status, 200);
    let mut feed = server.feed("site").await;
    assert_eq!(server.beat(first('C', "cid")).await.status, 200);
    assert_eq!(server.beat(later(first('C', "cid"), json!({ "seq": 2, "state": "closed" }))).await.status, 200);
    assert_eq!(feed.next_in_words().await, "snapshot 2");
    let snapshot = feed.position.clone();
    while feed.next_in_words().await != "leave cid closed" {}
    let before: Vec<Value> = server.get("/v1/admin/sessions").await["sessions"].as_array().expect("a list").clone();

    server.kill().await;
    server.restart().await;

    let after = server.get("/v1/admin/sessions").await["sessions"].as_array().expect("a list").clone();
    assert_eq!(after.iter().map(facts).collect::<Vec<_>>(), before.iter().map(facts).collect::<Vec<_>>());
    let mut feed = Feed::open(&server.url("/v1/feed?channel=site"), Some(&snapshot)).await;
    assert_eq!(feed.next_in_words().await, "join cid online", "what was missed is told across the restart");
    assert_eq!(feed.next_in_words().await, "leave cid closed");
    assert_eq!(feed.next_in_words().await, "snapshot 2", "ann and bob are here, cid is not");
    // The next thing that is told is the next thing that happens: no leave, no join.
    let back = later(ann, json!({ "seq": 2, "t": 61_000, "visible": [[0, 50_000], [60_000, 61_000]] }));
    assert_eq!(server.beat(&back).await.status, 200);
    assert_eq!(server.beat(first('D', "dan")).await.status, 200);
    assert_eq!(feed.next_in_words().await, "join dan online");
    let session = &server.sessions("ann").await[0];
    assert_eq!(session["startedAt"], before.iter().find(|session| session["user"] == "ann").expect("ann")["startedAt"]);
}

#[tokio::test]
async fn a_last_word_that_was_answered_is_an_end_whatever_happens_to_the_server() {
    let mut server = Server::with("auth = \"none\"\nleave_grace_ms = 60000\n").await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "seq": 2, "state": "closed" }))).await.status, 200);
    server.kill().await;
    server.restart().await;
    assert_eq!(server.sessions("ann").await[0]["state"], "closed");
}

#[tokio::test]
async fn a_stop_by_signal_writes_everything() {
    let mut server = Server::with("auth = \"none\"\n").await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    let beat = later(first('A', "ann"), json!({ "seq": 2, "t": 500, "visible": [[0, 500]] }));
    assert_eq!(server.beat(beat).await.status, 200);
    let _open_feed = server.feed("site").await;
    assert!(server.stop().await, "it ends well, though somebody watches");
    server.restart().await;
    assert_eq!(server.sessions("ann").await[0]["visibleMs"], 500);
    assert_eq!(server.get("/v1/channels/site").await["members"][0]["user"], "ann");
}

#[tokio::test]
async fn a_stop_by_ctrl_c_is_the_same() {
    let mut server = Server::with("auth = \"none\"\n").await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    server.signal(nix::sys::signal::Signal::SIGINT);
    assert!(server.stop().await);
    server.restart().await;
    assert_eq!(server.sessions("ann").await.len(), 1);
}
