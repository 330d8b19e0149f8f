//! Webhooks, against endpoints that take, refuse, hang and are not there.

use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later},
    endpoint::{Endpoint, Manner, SECRET},
    server::{PATIENCE, Server, run},
    token::{ENVIRONMENT, SECRET as TOKEN_SECRET, claims, signed},
};

/// The preset of use case 2 with a short lease.
const PUNCH_CLOCK: &str = "interval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 1\n";

const SIGNING: [(&str, &str); 1] = [("STILLHERE_WEBHOOK_SECRET_MANAGER", SECRET)];

/// A webhook in a settings file.
fn hook(name: &str, url: &str, more: &str) -> String {
    format!("[[webhook]]\nname = \"{name}\"\nurl = \"{url}\"\n{more}\n")
}

/// A server that tells `manager` of `events`, and everything in `more`.
async fn telling(endpoint: &Endpoint, events: &str, more: &str) -> Server {
    let settings = format!("{more}{}", hook("manager", &endpoint.url(), &format!("events = [{events}]")));
    Server::start(&["--preset", "demo"], &settings, &SIGNING).await
}

async fn punch(server: &Server, user: &str, kind: &str) {
    let bearer = format!("Bearer {user}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = Some(json!({ "kind": kind }).to_string());
    assert_eq!(server.send(Method::POST, "/v1/punches", body, &headers).await.status, 200);
}

/// What the server says of its one webhook.
async fn report(server: &Server) -> Value {
    server.get("/v1/admin/webhooks").await["webhooks"][0].clone()
}

/// Asks until it is so.
async fn until(server: &Server, is_so: impl Fn(&Value) -> bool) -> Value {
    let so = async {
        loop {
            let report = report(server).await;
            if is_so(&report) {
                return report;
            }
        }
    };
    tokio::time::timeout(PATIENCE, so).await.expect("it comes to be so")
}

async fn post(server: &Server, path: &str) -> Value {
    let answer = server.send(Method::POST, path, None, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

#[tokio::test]
async fn use_case_2_the_managers_webhook_is_told_once_of_an_auto_out_and_signed() {
    let mut endpoint = Endpoint::start().await;
    let hook = hook("manager", &endpoint.url(), "events = [\"punch-in\", \"auto-out\"]");
    let server = Server::start(&["--preset", "punch-clock"], &format!("{PUNCH_CLOCK}{hook}"), &SIGNING).await;
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "nextMs": 500 }))).await.status, 200);
    punch(&server, "ann", "IN").await;
    let came = endpoint.next().await;
    assert_eq!(came.body["type"], "punch.in");
    let went = endpoint.next().await;
    assert!(came.is_signed() && went.is_signed());
    assert_ne!(came.id(), went.id());
    assert_eq!(went.header("content-type"), "application/json");
    let row = server.get("/v1/punches?kind=AUTO_OUT").await["punches"][0].clone();
    assert_eq!(went.body, json!({ "type": "punch.auto_out", "timestamp": row["detectedAt"], "data": row }));
    // Whoever looks at all leases again, nothing more comes of it: the next letter is about the next thing.
    server.get("/v1/admin/sweep").await;
    assert_eq!(server.beat(later(first('B', "bob"), json!({ "nextMs": 600_000 }))).await.status, 200);
    punch(&server, "bob", "IN").await;
    let next = endpoint.next().await;
    assert_eq!((next.body["type"].as_str(), next.body["data"]["user"].as_str()), (Some("punch.in"), Some("bob")));
    let report = until(&server, |report| report["waiting"] == 0).await;
    assert!(report["lastSuccessAt"].is_string() && report["lastFailureAt"].is_null(), "{report}");
    assert!(endpoint.is_quiet());
}

#[tokio::test]
async fn use_case_5_a_chat_is_told_by_name_when_a_preferred_therapist_comes_online() {
    let mut endpoint = Endpoint::start().await;
    let wish = "events = [\"online\"]\nformat = \"slack\"\nusers = [\"ann\"]";
    let settings = format!("auth = \"jwt\"\nleave_grace_ms = 1\n{}", hook("chat", &endpoint.url(), wish));
    let server = Server::start(&["--preset", "availability"], &settings, &ENVIRONMENT).await;
    let token = |user: &str, name: &str| {
        signed(jsonwebtoken::Algorithm::HS256, TOKEN_SECRET.as_bytes(), &claims(json!({ "sub": user, "name": name })))
    };
    let beat = |letter, user: &str| later(first(letter, &token(user, "Ann <Lee> & Co")), json!({ "channel": "pms" }));
    assert_eq!(server.beat(beat('B', "bob")).await.status, 200);
    assert_eq!(server.beat(beat('A', "ann")).await.status, 200);
    // A second tab is not another arrival, nor is another room.
    let elsewhere = later(beat('A', "ann"), json!({ "seq": 2, "channel": "hr" }));
    assert_eq!(server.beat(elsewhere).await.status, 200);
    assert_eq!(server.beat(beat('C', "ann")).await.status, 200);
    let told = endpoint.next().await;
    assert_eq!(told.body, json!({ "text": "Ann &lt;Lee&gt; &amp; Co came online in pms" }));
    assert!(!told.headers.contains_key("webhook-signature"));
    let last = |letter| later(beat(letter, "ann"), json!({ "seq": 3, "channel": "hr", "state": "closed" }));
    let closed = later(last('C'), json!({ "seq": 2, "channel": "pms" }));
    for beat in [last('A'), closed] {
        assert_eq!(server.beat(beat).await.status, 200);
    }
    // She has been away, so this is an arrival.
    let mut feed = stillhere_tests::feed::Feed::open_as(&server.url("/v1/feed"), &token("bob", "Bob")).await;
    while feed.next().await.body.to_string().contains("\"ann\"") {
        feed = stillhere_tests::feed::Feed::open_as(&server.url("/v1/feed"), &token("bob", "Bob")).await;
    }
    assert_eq!(server.beat(later(beat('D', "ann"), json!({ "channel": "hr" }))).await.status, 200);
    assert_eq!(endpoint.next().await.body["text"], "Ann &lt;Lee&gt; &amp; Co came online in hr");
    assert!(endpoint.is_quiet());
}

#[tokio::test]
async fn a_server_that_is_killed_before_its_letter_was_taken_sends_it_again_by_the_same_name() {
    let mut endpoint = Endpoint::start().await;
    endpoint.behave(Manner::Hangs);
    let mut server = telling(&endpoint, "\"join\"", "").await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    let lost = endpoint.next().await;
    server.kill().await;
    endpoint.behave(Manner::Says(200));
    server.restart().await;
    let found = endpoint.next().await;
    assert_eq!((found.id(), &found.text), (lost.id(), &lost.text));
    assert!(lost.is_signed() && found.is_signed());
    until(&server, |report| report["waiting"] == 0).await;
    // What was taken is not sent again by the next start.
    server.kill().await;
    server.restart().await;
    assert_eq!(server.beat(first('B', "bob")).await.status, 200);
    assert_eq!(endpoint.next().await.body["data"]["member"]["user"], "bob");
}

#[tokio::test]
async fn letters_wait_for_an_endpoint_that_is_down_over_a_restart_and_until_it_is_up_again() {
    let endpoint = Endpoint::start().await;
    let mut server = telling(&endpoint, "\"join\", \"leave\"", "leave_grace_ms = 1\n").await;
    let address = endpoint.address;
    drop(endpoint);
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    let down = until(&server, |report| report["lastFailureAt"].is_string()).await;
    assert!(down["why"].as_str().is_some_and(|why| why.contains("onnect")), "{down}");
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "seq": 2, "state": "closed" }))).await.status, 200);
    until(&server, |report| report["waiting"] == 2).await;
    assert!(server.stop().await);
    server.restart().await;
    assert_eq!(report(&server).await["waiting"], 2);
    let mut endpoint = Endpoint::start_at(address, Manner::Says(200)).await;
    assert_eq!(post(&server, "/v1/admin/webhooks/manager/retry").await, json!({ "revived": 0 }));
    let mut kinds = [endpoint.next().await, endpoint.next().await].map(|letter| letter.body["type"].to_string());
    // Where one has failed, the next one need not wait for it.
    kinds.sort();
    assert_eq!(kinds, ["\"presence.join\"", "\"presence.leave\""]);
    until(&server, |report| report["waiting"] == 0 && report["dead"] == 0).await;
}

#[tokio::test]
async fn an_endpoint_that_fails_once_gets_the_letter_again_by_itself() {
    let mut endpoint = Endpoint::start().await;
    endpoint.behave(Manner::Says(500));
    let server = telling(&endpoint, "\"join\"", "").await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    let refused = endpoint.next().await;
    endpoint.behave(Manner::Says(200));
    let taken = endpoint.next().await;
    assert_eq!((taken.id(), &taken.text), (refused.id(), &refused.text));
    let report = until(&server, |report| report["waiting"] == 0).await;
    assert_eq!(report["why"], "the endpoint answered 500");
}

#[tokio::test]
async fn a_hanging_endpoint_slows_neither_beats_nor_another_webhook_nor_the_stop() {
    let (mut hanging, mut other) = (Endpoint::start().await, Endpoint::start().await);
    hanging.behave(Manner::Hangs);
    let chat = hook("chat", &other.url(), "events = [\"join\"]\nformat = \"slack\"");
    let manager = hook("manager", &hanging.url(), "events = [\"join\"]");
    let mut server = Server::start(&["--preset", "demo"], &format!("{chat}{manager}"), &SIGNING).await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    hanging.next().await;
    // From here on one endpoint holds its request, for as long as this test is patient with anything.
    for (letter, user) in ('B'..='Z').zip(0..) {
        assert_eq!(server.beat(first(letter, &format!("user{user}"))).await.status, 200);
    }
    assert_eq!(other.next().await.body["text"], "ann came to site");
    for number in 0..('B'..='Z').count() {
        assert_eq!(other.next().await.body["text"], format!("user{number} came to site"), "in order");
    }
    assert!(hanging.is_quiet(), "one letter at a time");
    assert!(server.stop().await, "nor does it keep the server from stopping well");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_left_alone_until_the_next_start() {
    let mut endpoint = Endpoint::start().await;
    endpoint.behave(Manner::Says(410));
    let mut server = telling(&endpoint, "\"join\"", "").await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    endpoint.next().await;
    until(&server, |report| report["gone"] == true).await;
    assert_eq!(server.beat(first('B', "bob")).await.status, 200);
    until(&server, |report| report["waiting"] == 2).await;
    post(&server, "/v1/admin/webhooks/manager/retry").await;
    let tried = post(&server, "/v1/admin/webhooks/manager/test").await;
    assert_eq!(tried, json!({ "delivered": false, "why": "the endpoint answered 410: it is gone" }));
    assert_eq!(endpoint.next().await.body["type"], "webhook.test", "nothing else has come");
    endpoint.behave(Manner::Says(200));
    server.kill().await;
    server.restart().await;
    for _ in 0..2 {
        assert_eq!(endpoint.next().await.body["type"], "presence.join");
    }
}

#[tokio::test]
async fn a_webhook_can_be_tried_out_and_says_what_is_wrong() {
    let mut endpoint = Endpoint::start().await;
    let server = telling(&endpoint, "\"leave\"", "").await;
    let tried = post(&server, "/v1/admin/webhooks/manager/test").await;
    assert_eq!(tried, json!({ "delivered": true, "why": null }));
    let letter = endpoint.next().await;
    assert!(letter.is_signed());
    assert_eq!((&letter.body["type"], &letter.body["data"]), (&json!("webhook.test"), &json!({})));
    for (code, why) in
        [(301, "the endpoint answered 301, and redirects are not followed"), (404, "the endpoint answered 404")]
    {
        endpoint.behave(Manner::Says(code));
        let tried = post(&server, "/v1/admin/webhooks/manager/test").await;
        assert_eq!(tried, json!({ "delivered": false, "why": why }));
    }
    let answer = server.send(Method::POST, "/v1/admin/webhooks/nobody/test", None, &[]).await;
    assert_eq!((answer.status, answer.code()), (404, "not_found"));
    let dead = server.get("/v1/admin/webhooks/manager/dead?limit=1").await;
    assert_eq!((&dead["letters"], &dead["next"]), (&json!([]), &Value::Null));
}

#[tokio::test]
async fn neither_secret_nor_address_of_a_webhook_is_logged_or_told() {
    let mut endpoint = Endpoint::start().await;
    let settings = hook("manager", &endpoint.url(), "events = [\"join\"]");
    let server = Server::start_logged(&["--preset", "demo"], &settings, &SIGNING).await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    endpoint.next().await;
    endpoint.behave(Manner::Says(500));
    post(&server, "/v1/admin/webhooks/manager/test").await;
    let told = report(&server).await;
    assert_eq!(told["host"], endpoint.address.to_string());
    let log = server.log();
    let shown = format!("{told}{log}");
    assert!(
        log.contains("TRACE") && !shown.contains("hunter2") && !shown.contains(&SECRET["whsec_".len()..]),
        "{shown}"
    );
}

#[tokio::test]
async fn webhooks_that_cannot_be_followed_stop_the_start_with_what_to_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    for (settings, environment, hint) in [
        (hook("manager", "http://pay.example/hunter2", "events = [\"join\"]"), &SIGNING[..], "insecure = true"),
        (
            hook("manager", "https://pay.example/hunter2", "events = [\"join\"]"),
            &[],
            "STILLHERE_WEBHOOK_SECRET_MANAGER",
        ),
        (
            hook("chat", "https://pay.example/hunter2", "events = [\"auto-out\"]\nformat = \"slack\""),
            &[],
            "`punching` is off",
        ),
        (String::new(), &SIGNING, "no `[[webhook]]` of that name"),
    ] {
        std::fs::write(&file, settings).expect("settings can be written");
        let arguments = ["check-config", "--config", file.to_str().expect("a path")];
        let (is_good, _, why) = run(&arguments, environment).await;
        assert!(!is_good && why.contains(hint) && !why.contains("hunter2"), "{why}");
    }
}
