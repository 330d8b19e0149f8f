//! Use cases 3 to 5: who is in a channel, with which status and label, as far as the server can show it alone.

use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later},
    server::Server,
};

fn in_channel(letter: char, user: &str, channel: &str) -> Value {
    later(first(letter, user), json!({ "channel": channel }))
}

#[tokio::test]
async fn beat_of_an_unknown_module_is_refused_and_one_of_a_known_module_counts() {
    let server = Server::preset("module-users").await;
    let refused = server.beat(in_channel('A', "ann", "parking")).await;
    assert_eq!((refused.status, refused.code()), (404, "channel_unknown"));
    assert_eq!(server.beat(in_channel('A', "ann", "pms")).await.status, 200);
    assert_eq!(server.beat(in_channel('B', "bob", "pms")).await.status, 200);
    assert_eq!(server.get("/v1/channels/pms").await["active"], 2);
}

#[tokio::test]
async fn rules_who_moves_to_another_module_has_moved_at_once() {
    let server = Server::preset("module-users").await;
    let mut feed = server.feed("pms").await;
    feed.next().await;
    assert_eq!(server.beat(in_channel('A', "ann", "pms")).await.status, 200);
    assert_eq!(feed.next_in_words().await, "join ann active");
    let moves = later(in_channel('A', "ann", "crm"), json!({ "seq": 2 }));
    assert_eq!(server.beat(moves).await.status, 200);
    assert_eq!(feed.next_in_words().await, "leave ann moved");
    let count = async |module: &str| server.get(&format!("/v1/channels/{module}")).await["active"].clone();
    assert_eq!((count("pms").await, count("crm").await), (json!(0), json!(1)));
}

#[tokio::test]
async fn hidden_tab_is_offline_at_once_and_the_label_says_when_it_was_seen() {
    let server = Server::preset("who-is-online").await;
    assert_eq!(server.beat(first('A', "ann")).await.body["status"], "online");
    let hidden = later(first('A', "ann"), json!({ "seq": 2, "state": "hidden" }));
    assert_eq!(server.beat(hidden).await.body["status"], "offline");
    let member = &server.get("/v1/channels/site").await["members"][0];
    assert_eq!((&member["status"], &member["lastSeenAgo"]), (&json!("offline"), &json!("just now")));
}

#[tokio::test]
async fn status_of_who_has_been_idle_since_long_ago_is_told_with_the_first_beat() {
    let server = Server::preset("who-is-online").await;
    // A tab that was offline for ten minutes, with nobody at it: the server knows no later input than its beginning.
    let idle = later(first('A', "ann"), json!({ "t": 600_000 }));
    assert_eq!(server.beat(idle).await.body["status"], "offline");
    let member = &server.get("/v1/channels/site").await["members"][0];
    assert_eq!((&member["lastActiveAgo"], &member["lastSeenAgo"]), (&json!("10m ago"), &json!("just now")));
    // The minute and a quarter before a server that has just started is held against nobody.
    let half_idle = later(first('B', "bob"), json!({ "t": 75_000 + 30_000 }));
    assert_eq!(server.beat(half_idle).await.body["status"], "away");
}

#[tokio::test]
async fn wished_for_an_interval_that_adapts_to_activity() {
    let server = Server::preset("availability").await;
    assert_eq!(server.beat(first('A', "ann")).await.body["intervalMs"], 30_000);
    let idle = |seq| later(first('B', "bob"), json!({ "seq": seq, "t": 700_000, "nextMs": 30_000 }));
    assert_eq!(server.beat(idle(1)).await.body["intervalMs"], 60_000);
    let typing = later(first('B', "bob"), json!({ "seq": 2, "t": 700_500, "activeMs": 500, "nextMs": 60_000 }));
    assert_eq!(server.beat(typing).await.body["intervalMs"], 30_000);
}

#[tokio::test]
async fn one_user_has_a_status_a_label_and_an_explanation() {
    let server = Server::preset_with("availability", "leave_grace_ms = 1\n").await;
    let nobody = server.get("/v1/users/ann").await;
    assert_eq!((&nobody["status"], &nobody["lastSeenAt"]), (&json!("offline"), &Value::Null));
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    let ann = server.get("/v1/users/ann").await;
    assert_eq!((&ann["status"], &ann["lastSeenAgo"]), (&json!("online"), &json!("just now")));
    let why = server.get("/v1/users/ann/explain").await;
    let session = &why["sessions"][0];
    assert_eq!(session["because"], "its last beat came just now, within 120 s");
    assert_eq!((&session["then"], &session["status"]), (&json!("ended"), &json!("online")));
    let mut feed = server.feed("site").await;
    feed.next().await;
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "seq": 2, "state": "closed" }))).await.status, 200);
    while feed.next_in_words().await != "leave ann closed" {}
    let gone = server.get("/v1/users/ann").await;
    assert_eq!((&gone["status"], &gone["channels"]), (&json!("online"), &json!([])), "seen within two minutes");
}

#[tokio::test]
async fn counts_per_module_are_active_now_today_and_ever() {
    let server = Server::preset_with("module-users", "leave_grace_ms = 1\n").await;
    assert_eq!(server.beat(in_channel('A', "ann", "pms")).await.status, 200);
    assert_eq!(server.beat(in_channel('B', "ann", "pms")).await.status, 200, "another tab is nobody else");
    assert_eq!(server.beat(in_channel('C', "bob", "pms")).await.status, 200);
    assert_eq!(server.beat(later(in_channel('C', "bob", "crm"), json!({ "seq": 2 }))).await.status, 200);
    let counts = server.get("/v1/channels").await["channels"].clone();
    let of = |name: &str| {
        let all = counts.as_array().expect("a list");
        let found = all.iter().find(|counts| counts["channel"] == name).expect("each module is listed");
        [&found["active"], &found["today"], &found["ever"]].map(|count| count.as_u64().unwrap_or_default())
    };
    assert_eq!((of("pms"), of("crm"), of("hr")), ([1, 2, 2], [1, 1, 1], [0, 0, 0]));
}

#[tokio::test]
async fn wished_for_ann_is_viewing_request_17_and_everybody_on_that_page_is_told() {
    let server = Server::preset("module-users").await;
    let mut feed = server.feed("pms").await;
    feed.next().await;
    let on = |seq: u64, page: &str| later(in_channel('A', "ann", "pms"), json!({ "seq": seq, "t": seq, "page": page }));
    assert_eq!(server.beat(on(1, "/requests")).await.status, 200);
    assert_eq!(feed.next().await.body["member"]["page"], "/requests");
    assert_eq!(server.beat(on(2, "/requests/17")).await.status, 200);
    let told = feed.next().await;
    assert_eq!((told.kind.as_str(), &told.body["member"]["page"]), ("update", &json!("/requests/17")));
    assert_eq!(server.get("/v1/channels/pms").await["members"][0]["page"], "/requests/17");
}
