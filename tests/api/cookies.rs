//! A token in a cookie: the browser sends it for every page, and it counts for ours.

use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later},
    server::{Answer, Server},
    token::{ENVIRONMENT, token},
};

const SETTINGS: &str = "auth = \"jwt\"\ntoken_cookie = \"token\"\nallowed_origins = [\"https://app.example\"]\n";

async fn ask(server: &Server, method: Method, path: &str, body: Option<&Value>, fields: &[(&str, &str)]) -> Answer {
    let cookie = format!("theme=dark; token={}", token("ann", "admin"));
    let mut all = vec![("cookie", cookie.as_str()), ("content-type", "text/plain;charset=UTF-8")];
    all.extend(fields);
    server.send(method, path, body.map(ToString::to_string), &all).await
}

/// A beat's body without a token.
fn body(seq: u64) -> Value {
    let mut body = later(first('A', ""), json!({ "seq": seq }));
    body.as_object_mut().expect("an object").remove("token");
    body
}

#[tokio::test]
async fn a_page_of_ours_is_known_by_its_cookie() {
    let server = Server::start(&[], SETTINGS, &ENVIRONMENT).await;
    let own = server.url("");
    for (seq, field) in [
        (1, ("origin", "https://app.example")),
        (2, ("origin", own.as_str())),
        (3, ("sec-fetch-site", "same-origin")),
        (4, ("referer", "https://app.example/page")),
    ] {
        let answer = ask(&server, Method::POST, "/v1/beat", Some(&body(seq)), &[field]).await;
        assert_eq!(answer.status, 200, "{field:?}: {}", answer.body);
    }
    let list = ask(&server, Method::GET, "/v1/admin/sessions", None, &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!(list.body["sessions"][0]["user"], "ann");
}

#[tokio::test]
async fn a_foreign_page_makes_no_use_of_the_cookie_on_any_route() {
    let server = Server::start(&[], SETTINGS, &ENVIRONMENT).await;
    for (method, path) in [
        (Method::POST, "/v1/beat"),
        (Method::GET, "/v1/channels"),
        (Method::GET, "/v1/channels/site"),
        (Method::GET, "/v1/users/ann"),
        (Method::GET, "/v1/users/ann/explain"),
        (Method::GET, "/v1/feed"),
        (Method::POST, "/v1/punches"),
        (Method::GET, "/v1/punches"),
        (Method::DELETE, "/v1/sessions/AAAAAAAAAAAAAAAAAAAAAA"),
        (Method::GET, "/v1/admin/sessions"),
    ] {
        for field in [
            ("origin", "https://evil.example"),
            ("origin", "https://app.example.evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("referer", "https://evil.example/?https://app.example"),
            ("x-nothing", "said"),
        ] {
            let body = (path == "/v1/beat").then(|| body(1));
            let answer = ask(&server, method.clone(), path, body.as_ref(), &[field]).await;
            assert_eq!((answer.status, answer.code()), (403, "origin_bad"), "{path} {field:?}: {}", answer.body);
            assert_eq!(answer.body["error"]["retry"], false);
        }
    }
    let none = ask(&server, Method::GET, "/v1/admin/sessions", None, &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!(none.body["totals"]["sessions"], 0, "nothing of it has left a trace");
}

#[tokio::test]
async fn a_page_of_another_origin_of_ours_may_have_the_cookie_sent_and_read_the_answer() {
    let server = Server::start(&[], SETTINGS, &ENVIRONMENT).await;
    let answer = ask(&server, Method::POST, "/v1/beat", Some(&body(1)), &[("origin", "https://app.example")]).await;
    let field = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(field("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(field("access-control-allow-credentials"), Some("true"));
}
