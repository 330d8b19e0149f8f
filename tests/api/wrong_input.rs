//! Wrong input to every route: a status, a stable code, a sentence, and whether to try again. Nothing is lost.

use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later, session},
    server::{Answer, Server},
};

/// Every refusal has the same shape and a sentence that a web developer understands.
fn check(answer: &Answer, status: u16, code: &str, retry: bool) {
    assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.body);
    let error = &answer.body["error"];
    assert_eq!(error["retry"], retry, "{error}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.len() > 20 && message.ends_with('.'), "{message:?} is a sentence");
}

/// The sentence of a refused beat.
async fn refused(server: &Server, body: impl ToString) -> String {
    let answer = server.beat(body).await;
    check(&answer, 400, "beat_bad", false);
    answer.body["error"]["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_body_that_is_no_beat_is_refused_with_the_reason() {
    let server = Server::preset("demo").await;
    check(&server.beat("").await, 400, "beat_empty", false);
    for body in ["   ", "hello", "{", "[]", "null", "42", "\"beat\"", "{\"session\":1}", "\u{0}"] {
        let why = refused(&server, body).await;
        assert!(!why.is_empty(), "{body:?}");
    }
}

#[tokio::test]
async fn each_field_is_checked_and_named() {
    let server = Server::preset("demo").await;
    let wrong = |field: &str, value: Value| (field.to_owned(), later(first('A', "ann"), json!({ field: value })));
    for (field, body) in [
        wrong("session", json!("short")),
        wrong("session", json!("!".repeat(22))),
        wrong("seq", json!(0)),
        wrong("seq", json!(-1)),
        wrong("seq", json!(1.5)),
        wrong("seq", json!(4_294_967_296_u64)),
        wrong("t", json!(-1)),
        wrong("t", json!(1e300)),
        wrong("t", json!(u64::MAX)),
        wrong("nextMs", json!(0)),
        wrong("nextMs", json!(-10_000)),
        wrong("nextMs", json!(1e12)),
        wrong("activeMs", json!(1)),
        wrong("activeMs", json!(-1)),
        wrong("visible", json!([[5, 1]])),
        wrong("visible", json!([[0, 1]])),
        wrong("visible", json!([[-1, 0]])),
        wrong("visible", json!(vec![[0, 0]; 129])),
        wrong("channel", json!("")),
        wrong("channel", json!("two words")),
        wrong("channel", json!("c".repeat(97))),
        wrong("page", json!("\n")),
        wrong("page", json!("/".repeat(257))),
        wrong("state", json!("asleep")),
        wrong("chanel", json!("site")),
    ] {
        let why = refused(&server, body).await;
        assert!(why.contains(&field) || field == "state" && why.contains("asleep"), "{field}: {why}");
    }
}

#[tokio::test]
async fn a_missing_field_is_named() {
    let server = Server::preset("demo").await;
    for field in ["session", "seq", "t", "state"] {
        let mut body = first('A', "ann");
        body.as_object_mut().expect("an object").remove(field);
        assert!(refused(&server, body).await.contains(field));
    }
}

#[tokio::test]
async fn a_beat_without_a_token_is_nobodys() {
    let server = Server::preset("demo").await;
    let mut body = first('A', "ann");
    body.as_object_mut().expect("an object").remove("token");
    check(&server.beat(body).await, 401, "token_missing", false);
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_before_it_is_read() {
    let server = Server::preset("demo").await;
    let body = later(first('A', "ann"), json!({ "page": "x".repeat(9_000) }));
    check(&server.beat(body).await, 413, "body_too_long", false);
    assert!(server.beat(first('A', "ann")).await.status == 200, "and the next one is taken");
}

#[tokio::test]
async fn a_wrong_method_or_address_says_what_is_right() {
    let server = Server::preset("demo").await;
    for (method, path, allowed) in [
        (Method::GET, "/v1/beat", "POST"),
        (Method::DELETE, "/v1/beat", "POST"),
        (Method::POST, "/v1/channels/site", "GET"),
        (Method::PUT, "/v1/feed", "GET"),
        (Method::POST, "/v1/admin/sessions", "GET"),
        (Method::POST, "/healthz", "GET"),
    ] {
        let answer = server.send(method.clone(), path, None, &[]).await;
        check(&answer, 405, "method_wrong", false);
        let allow = answer.headers.get("allow").and_then(|allow| allow.to_str().ok()).unwrap_or_default().to_owned();
        assert!(allow.contains(allowed), "{method} {path}: allow {allow:?}");
    }
    for path in ["/v1/beats", "/v1", "/v2/beat", "/v1/admin", "/no/such/page"] {
        check(&server.send(Method::GET, path, None, &[]).await, 404, "not_found", false);
    }
}

#[tokio::test]
async fn a_body_of_another_kind_is_refused() {
    let server = Server::preset("demo").await;
    let xml = [("content-type", "application/xml")];
    let answer = server.send(Method::POST, "/v1/beat", Some(first('A', "ann").to_string()), &xml).await;
    check(&answer, 415, "type_wrong", false);
    let json = [("content-type", "application/json")];
    assert_eq!(server.send(Method::POST, "/v1/beat", Some(first('A', "ann").to_string()), &json).await.status, 200);
}

#[tokio::test]
async fn queries_that_mean_nothing_are_refused() {
    let server = Server::preset("demo").await;
    for query in [
        "from=yesterday",
        "to=2026-13-01T00:00:00Z",
        "limit=0",
        "limit=-1",
        "limit=1000000",
        "limit=x",
        "open=maybe",
        "after=%00",
        "after=nonsense",
        "user=%0A",
        "channel=two%20words",
        "colour=red",
    ] {
        let answer = server.send(Method::GET, &format!("/v1/admin/sessions?{query}"), None, &[]).await;
        check(&answer, 400, "query_bad", false);
        let name = query.split('=').next().unwrap_or_default();
        let message = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(name), "{query}: {message}");
    }
    check(&server.send(Method::GET, "/v1/feed?colour=red", None, &[]).await, 400, "query_bad", false);
    check(&server.send(Method::GET, "/v1/feed?channel=two%20words", None, &[]).await, 404, "channel_unknown", false);
    check(&server.send(Method::GET, "/v1/channels/two%20words", None, &[]).await, 404, "channel_unknown", false);
}

#[tokio::test]
async fn a_session_of_another_and_one_that_has_ended_are_told_apart() {
    let server = Server::with("auth = \"none\"\ninterval_ms = 500\nleave_grace_ms = 1\ngrace_ms = 500\n").await;
    let mut feed = server.feed("site").await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    check(&server.beat(later(first('A', "eve"), json!({ "seq": 2 }))).await, 403, "session_of_another", false);
    let last_word = later(first('A', "ann"), json!({ "seq": 3, "t": 10, "state": "closed" }));
    assert_eq!(server.beat(last_word).await.status, 200);
    while !feed.next_in_words().await.starts_with("leave ann") {}
    let after = later(first('A', "ann"), json!({ "seq": 4, "t": 20 }));
    check(&server.beat(after).await, 410, "session_ended", false);
    assert_eq!(server.sessions("ann").await[0]["session"], session('A'));
}

#[tokio::test]
async fn a_channel_that_is_not_on_the_list_is_unknown() {
    let server = Server::with("auth = \"none\"\nchannels = [\"pms\", \"site\"]\n").await;
    let body = later(first('A', "ann"), json!({ "channel": "crm" }));
    check(&server.beat(body).await, 404, "channel_unknown", false);
    check(&server.send(Method::GET, "/v1/channels/crm", None, &[]).await, 404, "channel_unknown", false);
    check(&server.send(Method::GET, "/v1/feed?channel=crm", None, &[]).await, 404, "channel_unknown", false);
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "channel": "pms" }))).await.status, 200);
}
