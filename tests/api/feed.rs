//! What watchers get: a snapshot, then changes, and never a gap.

use serde_json::json;
use stillhere_tests::{
    beat::{first, later},
    feed::Feed,
    server::Server,
};

const SETTINGS: &str = "auth = \"none\"\ninterval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 1\n";

#[tokio::test]
async fn a_watcher_sees_joins_updates_and_leaves_and_no_beats() {
    let server = Server::with(SETTINGS).await;
    let mut feed = server.feed("site").await;
    assert_eq!(feed.next_in_words().await, "snapshot 0");
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    assert_eq!(feed.next_in_words().await, "join ann online");
    for seq in 2..10 {
        assert_eq!(server.beat(later(first('A', "ann"), json!({ "seq": seq, "nextMs": 60_000 }))).await.status, 200);
    }
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "seq": 10, "state": "hidden" }))).await.status, 200);
    assert_eq!(feed.next_in_words().await, "update ann away", "eight beats in between were no news");
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "seq": 11, "state": "closed" }))).await.status, 200);
    assert_eq!(feed.next_in_words().await, "leave ann closed");
}

#[tokio::test]
async fn a_lease_that_runs_out_is_a_leave_by_timeout() {
    let server = Server::with(SETTINGS).await;
    let mut feed = server.feed("site").await;
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "nextMs": 500 }))).await.status, 200);
    while feed.next_in_words().await != "leave ann timeout" {}
    let session = &server.sessions("ann").await[0];
    assert_eq!((&session["reason"], &session["durationMs"]), (&json!("timeout"), &json!(0)));
    let bound = session["errorBoundMs"].as_u64().expect("a bound");
    assert!((1_500..3_000).contains(&bound), "{bound}: the lease of 2 × 500 + 500, and how late that was noticed");
}

#[tokio::test]
async fn a_watcher_that_comes_back_gets_what_it_missed() {
    let server = Server::with(SETTINGS).await;
    let mut feed = server.feed("site").await;
    feed.next().await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    feed.next().await;
    let position = feed.position.clone();
    drop(feed);
    assert_eq!(server.beat(first('B', "bob")).await.status, 200);
    let mut again = Feed::open(&server.url("/v1/feed?channel=site"), Some(&position)).await;
    assert_eq!(again.next_in_words().await, "join bob online");
}

#[tokio::test]
async fn a_watcher_with_a_position_from_nowhere_gets_a_snapshot() {
    let server = Server::with(SETTINGS).await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    for position in ["", "1-1", "0-0", "99999999999999-5", "x", "-", "1-99999999999999999999999"] {
        let mut feed = Feed::open(&server.url("/v1/feed?channel=site"), Some(position)).await;
        assert_eq!(feed.next_in_words().await, "snapshot 1", "{position:?}");
    }
}

#[tokio::test]
async fn a_channels_feed_and_list_hold_nobody_from_elsewhere() {
    let server = Server::with(SETTINGS).await;
    let mut feed = server.feed("pms").await;
    feed.next().await;
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "channel": "crm" }))).await.status, 200);
    assert_eq!(server.beat(later(first('B', "bob"), json!({ "channel": "pms", "page": "/17" }))).await.status, 200);
    assert_eq!(feed.next_in_words().await, "join bob online");
    let list = server.get("/v1/channels/pms").await;
    assert_eq!((list["members"].as_array().map(Vec::len), &list["active"]), (Some(1), &json!(1)));
    assert_eq!((&list["members"][0]["user"], &list["members"][0]["page"]), (&json!("bob"), &json!("/17")));
    assert_eq!(server.beat(later(first('B', "bob"), json!({ "seq": 2, "channel": "crm" }))).await.status, 200);
    assert_eq!(feed.next_in_words().await, "leave bob moved");
}
