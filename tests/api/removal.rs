//! Removing what is kept of a person, through the API.

use reqwest::Method;
use serde_json::json;
use stillhere_tests::{
    beat::{first, later},
    server::{Answer, Server},
};

use crate::punch_clock::punch;

async fn remove(server: &Server, user: &str) -> Answer {
    server.send(Method::DELETE, &format!("/v1/admin/users/{user}"), None, &[]).await
}

#[tokio::test]
async fn who_is_removed_is_out_at_once_and_everywhere_and_may_come_again_as_somebody_new() {
    let mut server = Server::preset("punch-clock").await;
    for (letter, user) in [('A', "zelda"), ('B', "bob")] {
        let beat = later(first(letter, user), json!({ "t": 5_000, "visible": [[0, 5_000]] }));
        assert_eq!(server.beat(beat).await.status, 200);
        assert_eq!(punch(&server, user, "IN").await.status, 200);
    }
    let mut feed = server.feed("site").await;
    assert_eq!(feed.next_in_words().await, "snapshot 2");
    let answer = remove(&server, "zelda").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let counts = ["sessions", "spans", "visits", "punches"].map(|name| answer.body[name].as_u64());
    assert_eq!(counts, [Some(1); 4], "{}", answer.body);
    assert_eq!(feed.next_in_words().await, "leave zelda removed");
    assert_eq!(server.sessions("zelda").await.len(), 0);
    let log = server.get("/v1/punches").await;
    assert_eq!(log["punches"].as_array().map(Vec::len), Some(2), "nobody's IN, and no AUTO_OUT");
    assert!(!log.to_string().contains("zelda") && log.to_string().contains("\"bob\""), "{log}");
    let again = remove(&server, "zelda").await;
    assert_eq!((again.status, &again.body["sessions"], &again.body["punches"]), (200, &json!(0), &json!(0)));

    let old = later(first('A', "zelda"), json!({ "seq": 2, "t": 9_000 }));
    assert_eq!(server.beat(&old).await.status, 410, "the page begins a new session");
    assert_eq!(server.beat(first('C', "zelda")).await.status, 200);
    assert_eq!(server.sessions("zelda").await.len(), 1);

    // Nothing comes back with the next start either.
    server.kill().await;
    server.restart().await;
    assert_eq!(server.sessions("zelda").await.len(), 1);
    assert_eq!(remove(&server, "zelda").await.body["sessions"], 1);
    assert!(server.stop().await);
    let bytes = std::fs::read(server.data().join("stillhere.sqlite")).expect("it is there");
    assert!(bytes.windows(3).any(|word| word == b"bob") && !bytes.windows(3).any(|word| word == b"zelda"));
}
