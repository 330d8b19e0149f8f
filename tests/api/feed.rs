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

#[tokio::test]
async fn a_list_of_users_is_followed_wherever_they_are_and_nobody_else() {
    let server = Server::with(SETTINGS).await;
    let in_channel =
        |letter, user, channel| later(first(letter, user), json!({ "channel": channel, "nextMs": 60_000 }));
    assert_eq!(server.beat(in_channel('A', "ann", "pms")).await.status, 200);
    assert_eq!(server.beat(in_channel('C', "cid", "pms")).await.status, 200);
    let mut feed = Feed::open(&server.url("/v1/feed?users=ann,bob"), None).await;
    assert_eq!(feed.next_in_words().await, "snapshot 1");
    for (letter, user) in [('D', "dan"), ('B', "bob")] {
        assert_eq!(server.beat(in_channel(letter, user, "crm")).await.status, 200);
    }
    assert_eq!(feed.next_in_words().await, "join bob online");
}

#[tokio::test]
async fn counts_say_how_many_and_never_who() {
    let server = Server::with(SETTINGS).await;
    let pms = later(first('A', "ann"), json!({ "channel": "pms", "nextMs": 60_000 }));
    assert_eq!(server.beat(pms).await.status, 200);
    let mut all = Feed::open(&server.url("/v1/feed?counts=true"), None).await;
    let snapshot = all.next().await;
    let expected = json!([{ "channel": "pms", "users": 1, "statuses": { "online": 1 } }]);
    assert_eq!((snapshot.kind.as_str(), &snapshot.body["channels"]), ("snapshot", &expected));
    let mut one = Feed::open(&server.url("/v1/feed?counts=true&channel=crm"), None).await;
    let empty = json!([{ "channel": "crm", "users": 0, "statuses": {} }]);
    assert_eq!(one.next().await.body["channels"], empty);
    let crm = later(first('B', "bob"), json!({ "channel": "crm", "nextMs": 60_000 }));
    assert_eq!(server.beat(&crm).await.status, 200);
    for feed in [&mut all, &mut one] {
        let counts = feed.next().await;
        assert_eq!((counts.kind.as_str(), &counts.body["channel"]), ("counts", &json!("crm")));
        assert_eq!((&counts.body["users"], &counts.body["statuses"]), (&json!(1), &json!({ "online": 1 })));
        assert!(!counts.body.to_string().contains("bob"));
    }
    assert_eq!(server.beat(later(crm, json!({ "seq": 2, "state": "closed" }))).await.status, 200);
    assert_eq!(one.next().await.body["users"], 0, "the last one out is told as well");
}

#[tokio::test]
async fn a_feed_of_nothing_that_there_is_is_refused() {
    let server = Server::preset("module-users").await;
    let many = (0..257).map(|number| format!("u{number}")).collect::<Vec<_>>().join(",");
    for (question, status, code) in [
        ("users=", 400, "query_bad"),
        (&*format!("users={many}"), 400, "query_bad"),
        ("users=ann,,bob", 400, "query_bad"),
        ("users=ann&user=ann", 400, "query_bad"),
        ("users=ann&counts=true", 400, "query_bad"),
        ("counts=yes", 400, "query_bad"),
        ("counts=true&channel=nowhere", 404, "channel_unknown"),
        ("everything=true", 400, "query_bad"),
    ] {
        let answer = server.send(reqwest::Method::GET, &format!("/v1/feed?{question}"), None, &[]).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{question}");
    }
}
