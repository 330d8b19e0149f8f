//! What an operator sees: `/metrics`, and who may see it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use stillhere_tests::{
    beat::{first, later},
    endpoint::Endpoint,
    feed::Feed,
    server::Server,
    token::ENVIRONMENT,
};

const DOCUMENT: &str = include_str!("../../server/OPERATION.md");
const TOKEN: &str = "a token for the metrics, which is long enough";

/// The preset with a short lease, so that nobody waits for a timeout.
const BRIEF: &str = "interval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 1\n";

async fn metrics(server: &Server) -> String {
    let answer = reqwest::get(server.url("/metrics")).await.expect("the server answers");
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().expect("text").starts_with("text/plain; version=0.0.4"));
    answer.text().await.expect("a text")
}

/// The value of one series.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().expect("a number")
}

#[tokio::test]
async fn after_a_story_metrics_show_what_the_document_lists_and_nothing_else() {
    let endpoint = Endpoint::start().await;
    // One webhook takes its letters, and nobody listens at the other.
    let hook = |name, url| {
        format!("[[webhook]]\nname = \"{name}\"\nurl = \"{url}\"\nevents = [\"punch-in\"]\nformat = \"slack\"\n")
    };
    let hooks = hook("chat", endpoint.url()) + &hook("lost", "http://127.0.0.1:9".into());
    let server = Server::preset_with("punch-clock", &format!("{BRIEF}{hooks}")).await;
    let mut page = Feed::open(&server.url("/v1/feed?user=berta"), None).await;
    page.next().await;
    assert_eq!(server.beat(later(first('A', "berta"), json!({ "nextMs": 500 }))).await.status, 200);
    let bearer = [("authorization", "Bearer berta"), ("content-type", "application/json")];
    let punch = Some("{\"kind\":\"IN\"}".to_owned());
    assert_eq!(server.send(Method::POST, "/v1/punches", punch, &bearer).await.status, 200);
    assert_eq!(server.beat("{}").await.code(), "beat_bad");
    while page.next().await.body["kind"] != "AUTO_OUT" {}
    let mut text = metrics(&server).await;
    while ["sent", "failed"].iter().any(|end| !text.contains(&format!("stillhere_letters_{end}_total{{"))) {
        text = metrics(&server).await;
    }
    let shown: BTreeSet<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let listed: BTreeSet<_> = rows
        .filter(|(name, _)| name.starts_with("stillhere_"))
        .filter_map(|(name, rest)| Some((name, rest.split_once(' ')?.0)))
        .collect();
    assert_eq!(shown, listed);
    for (series, expected) in [
        ("stillhere_beats_taken_total", 1.0),
        ("stillhere_beat_answer_seconds_count", 1.0),
        ("stillhere_refusals_total{code=\"beat_bad\"}", 1.0),
        ("stillhere_letters_sent_total{hook=\"chat\"}", 1.0),
        ("stillhere_letters_waiting{hook=\"lost\"}", 1.0),
        ("stillhere_letters_dead{hook=\"lost\"}", 0.0),
        ("stillhere_sessions", 0.0),
        ("stillhere_users", 0.0),
        ("stillhere_channels", 0.0),
        ("stillhere_sessions_ended_total{reason=\"timeout\"}", 1.0),
        ("stillhere_detection_seconds_count", 1.0),
        ("stillhere_punches_total{kind=\"IN\"}", 1.0),
        ("stillhere_punches_total{kind=\"AUTO_OUT\"}", 1.0),
        ("stillhere_checkpoints_failed_total", 0.0),
        ("stillhere_look_ups_total{outcome=\"new\"}", 1.0),
        ("stillhere_watchers", 1.0),
        ("stillhere_changes_total{kind=\"join\"}", 1.0),
        ("stillhere_changes_total{kind=\"leave\"}", 1.0),
        ("stillhere_changes_total{kind=\"punch\"}", 2.0),
        ("stillhere_push_seconds_count", 4.0),
        ("stillhere_resyncs_total", 0.0),
    ] {
        assert_eq!(value(&text, series), expected, "{series} in\n{text}");
    }
    assert!(value(&text, "stillhere_checkpoint_rows_sum") >= 4.0, "{text}");
    assert!(!text.contains("berta"), "a metric names nobody");
}

#[tokio::test]
async fn an_open_session_is_counted_while_it_lasts() {
    let server = Server::preset("demo").await;
    for (letter, user) in [('A', "ann"), ('B', "ann"), ('C', "bob")] {
        assert_eq!(server.beat(first(letter, user)).await.status, 200);
    }
    let text = metrics(&server).await;
    let live = ["stillhere_sessions", "stillhere_users", "stillhere_channels"].map(|series| value(&text, series));
    assert_eq!(live, [3.0, 2.0, 1.0]);
}

#[tokio::test]
async fn a_request_through_a_proxy_is_not_local_unless_the_proxy_is_known_and_says_so() {
    let see = async |server: &Server, fields: &[(&str, &str)]| {
        server.send(Method::GET, "/metrics", None, fields).await.status
    };
    let server = Server::preset("demo").await;
    assert_eq!(see(&server, &[]).await, 200);
    let answer = server.send(Method::GET, "/metrics", None, &[("x-forwarded-for", "127.0.0.1")]).await;
    assert_eq!((answer.status, answer.code()), (403, "metrics_closed"));
    assert_eq!(see(&server, &[("forwarded", "for=127.0.0.1")]).await, 403);
    let behind = Server::preset_with("demo", "trusted_proxies = [\"127.0.0.1\"]\n").await;
    assert_eq!(see(&behind, &[("x-forwarded-for", "127.0.0.1")]).await, 200);
    assert_eq!(see(&behind, &[("x-forwarded-for", "192.0.2.1")]).await, 403);
    assert_eq!(see(&behind, &[("x-forwarded-for", "127.0.0.1, 192.0.2.1")]).await, 403, "the client said the first");
    for (setting, status) in [("off", 403), ("open", 200)] {
        let server = Server::preset_with("demo", &format!("metrics = \"{setting}\"\n")).await;
        assert_eq!(see(&server, &[]).await, if setting == "off" { 403 } else { 200 });
        assert_eq!(see(&server, &[("x-forwarded-for", "192.0.2.1")]).await, status);
    }
}

#[tokio::test]
async fn a_token_for_the_metrics_opens_them_and_nothing_else_does() {
    let environment = [ENVIRONMENT[0], ("STILLHERE_METRICS_TOKEN", TOKEN)];
    let server = Server::start_logged(&[], "auth = \"jwt\"\n", &environment).await;
    let see = async |token: &str| {
        let field = format!("Bearer {token}");
        let answer = server.send(Method::GET, "/metrics", None, &[("authorization", &field)]).await;
        (answer.status, answer.code().to_owned())
    };
    assert_eq!(see(TOKEN).await.0, 200);
    assert_eq!(see(&TOKEN[1..]).await, (401, "token_bad".into()));
    assert_eq!(see(&stillhere_tests::token::token("boss", "admin")).await, (401, "token_bad".into()));
    let answer = server.send(Method::GET, "/metrics", None, &[]).await;
    assert_eq!((answer.status, answer.code()), (401, "token_missing"));
    assert!(!server.log().contains(TOKEN));
}
