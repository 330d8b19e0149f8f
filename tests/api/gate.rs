//! Use case 1, the row *start*: the e-mail gate, its cookie, and beats without a word.

use reqwest::Method;
use serde_json::json;
use stillhere_tests::{
    beat::session,
    feed::Feed,
    server::{Answer, Server},
    token::{ENVIRONMENT, SECRET, token},
};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

async fn gated(settings: &str) -> Server {
    let settings = format!("auth = \"email\"\ncontent_url = \"/report.html\"\n{settings}");
    Server::start(&["--preset", "session-duration"], &settings, &ENVIRONMENT).await
}

async fn enter(server: &Server, email: &str) -> Answer {
    let body = json!({ "email": email }).to_string();
    server.send(Method::POST, "/v1/sessions", Some(body), &[JSON, OWN]).await
}

/// Four lines of plain JavaScript: `fetch("/v1/beat", { method: "POST" })`.
async fn beat(server: &Server, cookie: &str) -> Answer {
    server.send(Method::POST, "/v1/beat", None, &[("cookie", cookie), OWN]).await
}

fn set_cookie(answer: &Answer) -> Option<String> {
    answer.headers.get("set-cookie").map(|cookie| cookie.to_str().expect("text").to_owned())
}

/// What the browser sends back.
fn cookie(answer: &Answer) -> String {
    let cookie = set_cookie(answer).expect("a cookie");
    cookie.split(';').next().expect("a value").to_owned()
}

/// What the page reads from it.
fn session_in(cookie: &str) -> &str {
    cookie.split_once('=').and_then(|(_, value)| value.split('.').next()).expect("a session")
}

#[tokio::test]
async fn start_an_e_mail_makes_a_session_and_a_cookie_that_the_page_can_read() {
    let server = gated("").await;
    let answer = enter(&server, "  Ann@Example.COM ").await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let text = set_cookie(&answer).expect("a cookie");
    let (_, attributes) = text.split_once("; ").expect("attributes");
    assert_eq!(attributes, "Path=/; Max-Age=86400; SameSite=Strict; Secure");
    assert_eq!(answer.body["session"], session_in(&cookie(&answer)));
    let list = server.get_as(&token("boss", "admin"), "/v1/admin/sessions?user=ann@example.com").await;
    let session = &list["sessions"][0];
    assert_eq!((&session["session"], &session["startedAt"]), (&answer.body["session"], &answer.body["startedAt"]));
    assert_eq!(session["endedAt"], json!(null));
}

#[tokio::test]
async fn start_a_form_leads_to_the_content() {
    let server = gated("insecure_cookies = true\n").await;
    let form = Some("name=Ann&email=ann%40example.com&go=".to_owned());
    let answer = server.send(Method::POST, "/v1/sessions", form, &[FORM, ("origin", &server.url(""))]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.headers["location"], "/report.html");
    assert!(!set_cookie(&answer).expect("a cookie").contains("Secure"), "development goes without TLS");
    assert_eq!(beat(&server, &cookie(&answer)).await.status, 200);
}

#[tokio::test]
async fn beat_an_empty_one_with_the_cookie_goes_on_with_the_session() {
    let server = gated("").await;
    let entered = enter(&server, "ann@example.com").await;
    for _ in 0..3 {
        let answer = beat(&server, &cookie(&entered)).await;
        assert_eq!((answer.status, &answer.body["success"]), (200, &json!(true)), "{}", answer.body);
        assert_eq!(answer.body["status"], "online");
        assert_eq!(set_cookie(&answer), None);
    }
    let list = server.get_as(&token("boss", "admin"), "/v1/admin/sessions?user=ann@example.com").await;
    assert_eq!(list["totals"]["sessions"], 1);
    let instant = |name: &str| list["sessions"][0][name].as_str().unwrap_or_default().to_owned();
    assert!(instant("lastSeenAt") > instant("startedAt"), "{list}");
}

#[tokio::test]
async fn beat_after_the_session_has_ended_begins_the_visitors_next_one() {
    let server = gated("interval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 1\n").await;
    let mut feed = Feed::open_as(&server.url("/v1/feed?channel=site"), &token("boss", "admin")).await;
    let entered = enter(&server, "ann@example.com").await;
    while feed.next_in_words().await != "leave ann@example.com timeout" {}
    let answer = beat(&server, &cookie(&entered)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let next = cookie(&answer);
    assert_ne!(session_in(&next), session_in(&cookie(&entered)));
    assert_eq!(beat(&server, &next).await.status, 200);
    let list = server.get_as(&token("boss", "admin"), "/v1/admin/sessions?user=ann@example.com").await;
    assert_eq!((&list["totals"]["sessions"], &list["totals"]["users"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn beat_with_a_cookie_from_before_a_restart_is_as_good() {
    let mut server = gated("").await;
    let entered = enter(&server, "ann@example.com").await;
    server.kill().await;
    server.restart().await;
    let answer = beat(&server, &cookie(&entered)).await;
    assert_eq!((answer.status, set_cookie(&answer)), (200, None), "{}", answer.body);
}

#[tokio::test]
async fn beat_of_the_client_with_the_cookie_is_the_visitors_whatever_its_session() {
    let server = gated("").await;
    let entered = enter(&server, "ann@example.com").await;
    let body = json!({ "session": session('A'), "seq": 1, "t": 0, "state": "active" }).to_string();
    let fields = [("cookie", cookie(&entered)), ("origin", server.url(""))];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = server.send(Method::POST, "/v1/beat", Some(body), &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let list = server.get_as(&token("boss", "admin"), "/v1/admin/sessions?user=ann@example.com").await;
    assert_eq!(list["sessions"].as_array().map(Vec::len), Some(2));
    assert!(list["sessions"].to_string().contains(&session('A')));
}

#[tokio::test]
async fn a_visitor_who_signs_out_is_forgotten() {
    let server = gated("").await;
    let entered = cookie(&enter(&server, "ann@example.com").await);
    let path = |session: &str| format!("/v1/sessions/{session}");
    let other = server.send(Method::DELETE, &path(&session('B')), None, &[("cookie", &entered), OWN]).await;
    assert_eq!(set_cookie(&other), None, "another session is none of the cookie's: {}", other.body);
    let out = server.send(Method::DELETE, &path(session_in(&entered)), None, &[("cookie", &entered), OWN]).await;
    assert_eq!(out.status, 204, "{}", out.body);
    assert!(set_cookie(&out).expect("a cookie").starts_with("stillhere_session=; Path=/; Max-Age=0"));
    let list = server.get_as(&token("boss", "admin"), "/v1/admin/sessions?user=ann@example.com").await;
    assert_eq!(list["sessions"][0]["reason"], "signed_out");
}

#[tokio::test]
async fn result_two_spellings_of_an_address_are_one_visitor_with_a_total() {
    let server = gated("").await;
    for email in ["ann@example.com", "ANN@Example.com\n"] {
        assert_eq!(enter(&server, email).await.status, 201);
    }
    let list = server.get_as(&token("boss", "admin"), "/v1/admin/sessions?user=ann@example.com").await;
    assert_eq!((&list["totals"]["sessions"], &list["totals"]["users"]), (&json!(2), &json!(1)));
    assert!(list["totals"]["durationMs"].is_u64());
}

#[tokio::test]
async fn what_is_no_address_is_refused_with_a_sentence() {
    let server = gated("").await;
    for (kind, body) in [
        (JSON, "{\"email\":\"ann\"}"),
        (JSON, "{\"email\":\"\"}"),
        (JSON, "{\"email\":7}"),
        (JSON, "{}"),
        (JSON, ""),
        (FORM, "mail=ann@example.com"),
        (FORM, "email=ann%00@example.com"),
    ] {
        let answer = server.send(Method::POST, "/v1/sessions", Some(body.into()), &[kind, OWN]).await;
        assert_eq!((answer.status, answer.code()), (400, "email_bad"), "{body}: {}", answer.body);
        assert!(answer.body["error"]["message"].as_str().unwrap_or_default().contains("ann@example.com"));
        assert_eq!(set_cookie(&answer), None);
    }
    let xml =
        server.send(Method::POST, "/v1/sessions", Some("<a/>".into()), &[("content-type", "text/xml"), OWN]).await;
    assert_eq!(xml.code(), "type_wrong");
}

#[tokio::test]
async fn a_forged_cookie_and_a_foreign_page_get_nowhere() {
    let server = Server::start_logged(&[], "auth = \"email\"\n", &ENVIRONMENT).await;
    let entered = enter(&server, "ann@example.com").await;
    let good = cookie(&entered);
    let (text, seal) = good.rsplit_once('.').expect("a seal");
    let other = cookie(&enter(&server, "eve@example.com").await);
    let forged = [
        format!("{}.{seal}", other.rsplit_once('.').expect("a seal").0),
        format!("{text}."),
        "stillhere_session=".to_owned(),
        format!("stillhere_session={}", session_in(&good)),
    ];
    for cookie in &forged {
        let answer = beat(&server, cookie).await;
        assert_eq!((answer.status, answer.code()), (401, "token_bad"), "{cookie}: {}", answer.body);
    }
    for source in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("x-nothing", "said")] {
        let answer = server.send(Method::POST, "/v1/beat", None, &[("cookie", &good), source]).await;
        assert_eq!((answer.status, answer.code()), (403, "origin_bad"), "{source:?}: {}", answer.body);
    }
    let form = Some("email=eve%40example.com".to_owned());
    let answer = server.send(Method::POST, "/v1/sessions", form, &[FORM, ("origin", "https://evil.example")]).await;
    assert_eq!((answer.status, answer.code(), set_cookie(&answer)), (403, "origin_bad", None));
    let log = server.log();
    assert!(log.contains("DEBUG") && !log.contains(seal) && !log.contains(SECRET));
    assert!(!log.contains("example.com"), "nor does it name visitors");
}

#[tokio::test]
async fn a_visitor_sees_neither_other_visitors_nor_what_is_kept() {
    let server = gated("").await;
    let visitor = cookie(&enter(&server, "ann@example.com").await);
    let paths = [
        "/v1/channels",
        "/v1/channels/site",
        "/v1/feed",
        "/v1/punches",
        "/v1/users/bob",
        "/v1/admin/sessions",
        "/v1/admin/stats",
        // Anybody may have come in by this address.
        "/v1/admin/users/ann@example.com/history",
    ];
    for path in paths {
        let answer = server.send(Method::GET, path, None, &[("cookie", &visitor), OWN]).await;
        assert_eq!((answer.status, answer.code()), (403, "not_allowed"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn an_empty_beat_without_a_cookie_and_a_gate_that_is_not_there_say_so() {
    let server = gated("").await;
    let answer = server.beat("").await;
    assert_eq!((answer.status, &answer.body["success"]), (400, &json!(false)), "{}", answer.body);
    assert_eq!(answer.code(), "beat_empty");
    let open = Server::preset("demo").await;
    let answer = enter(&open, "ann@example.com").await;
    assert_eq!((answer.status, answer.code()), (404, "gate_off"));
}
