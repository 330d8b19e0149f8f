//! Use case 2, row by row, as far as the server can show it alone.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later, session},
    feed::Feed,
    server::{Answer, Server},
};

/// The preset with a short lease, so that nobody waits for a timeout.
const BRIEF: &str = "interval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 1\n";

pub(crate) async fn punch(server: &Server, user: &str, kind: &str) -> Answer {
    let bearer = format!("Bearer {user}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    server.send(Method::POST, "/v1/punches", Some(json!({ "kind": kind }).to_string()), &headers).await
}

/// The log, oldest row first, as `ann IN`.
async fn log(server: &Server) -> Vec<String> {
    let bearer = [("authorization", "Bearer boss")];
    let answer = server.send(Method::GET, "/v1/punches", None, &bearer).await;
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let rows = answer.body["punches"].as_array().expect("rows").clone();
    rows.iter().rev().map(|row| format!("{} {}", text(&row["user"]), text(&row["kind"]))).collect()
}

#[tokio::test]
async fn records_in_and_out_are_in_the_log_when_they_are_answered() {
    let server = Server::preset("punch-clock").await;
    let refused = punch(&server, "ann", "IN").await;
    assert_eq!((refused.status, refused.code()), (409, "no_session"));
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    let row = punch(&server, "ann", "IN").await;
    assert_eq!((row.status, &row.body["kind"], &row.body["reason"]), (200, &json!("IN"), &Value::Null));
    assert_eq!(punch(&server, "ann", "IN").await.code(), "punched_already");
    let out = punch(&server, "ann", "OUT").await;
    assert_eq!((out.status, &out.body["epoch"]), (200, &row.body["epoch"]));
    assert_eq!(punch(&server, "ann", "OUT").await.code(), "punched_already");
    assert_eq!(log(&server).await, ["ann IN", "ann OUT"]);
    assert_eq!(punch(&server, "ann", "AUTO_OUT").await.code(), "body_bad", "the server alone writes it");
}

#[tokio::test]
async fn stale_a_silent_employee_is_punched_out_once_and_told_within_a_second() {
    let server = Server::preset_with("punch-clock", BRIEF).await;
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "nextMs": 500 }))).await.status, 200);
    let mut page = Feed::open(&server.url("/v1/feed?user=ann"), None).await;
    page.next().await;
    assert_eq!(punch(&server, "ann", "IN").await.status, 200);
    let mut told = Vec::new();
    while told.last().is_none_or(|kind| kind != "AUTO_OUT") {
        let event = page.next().await;
        if event.kind == "punch" {
            told.push(event.body["kind"].as_str().unwrap_or_default().to_owned());
        }
    }
    assert_eq!(told, ["IN", "AUTO_OUT"]);
    let row = &server.get("/v1/punches?kind=AUTO_OUT").await["punches"][0];
    assert_eq!(row["reason"], "timeout");
    let stale = row["errorBoundMs"].as_u64().expect("how stale");
    assert!((1..5_000).contains(&stale), "one lease of 2 × 500 + 500: {stale}");
    assert_eq!(log(&server).await, ["ann IN", "ann AUTO_OUT"]);
}

#[tokio::test]
async fn multi_tab_closing_one_of_two_tabs_keeps_the_employee_in() {
    let server = Server::preset_with("punch-clock", BRIEF).await;
    for letter in ['A', 'B'] {
        assert_eq!(server.beat(later(first(letter, "ann"), json!({ "nextMs": 600_000 }))).await.status, 200);
    }
    assert_eq!(punch(&server, "ann", "IN").await.status, 200);
    let mut page = Feed::open(&server.url("/v1/feed?user=ann"), None).await;
    page.next().await;
    let closed = |letter| later(first(letter, "ann"), json!({ "seq": 2, "state": "closed" }));
    assert_eq!(server.beat(closed('A')).await.status, 200);
    assert_eq!(page.next().await.kind, "update");
    assert_eq!(log(&server).await, ["ann IN"]);
    assert_eq!(server.beat(closed('B')).await.status, 200);
    while page.next().await.kind != "punch" {}
    assert_eq!(log(&server).await, ["ann IN", "ann AUTO_OUT"]);
}

#[tokio::test]
async fn a_restart_punches_nobody_out_and_forgets_nobody() {
    let mut server = Server::preset_with("punch-clock", BRIEF).await;
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "nextMs": 500 }))).await.status, 200);
    assert_eq!(punch(&server, "ann", "IN").await.status, 200);
    server.kill().await;
    server.restart().await;
    assert_eq!(log(&server).await, ["ann IN"]);
    assert_eq!(punch(&server, "ann", "IN").await.code(), "punched_already");
    assert_eq!(punch(&server, "ann", "OUT").await.status, 200);
}

#[tokio::test]
async fn signing_out_is_leaving_at_once_by_request_too() {
    let server = Server::preset_with("punch-clock", "leave_grace_ms = 600000\n").await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    let mut feed = server.feed("site").await;
    feed.next().await;
    let path = format!("/v1/sessions/{}", session('A'));
    let sign_out = async |user: &str| {
        let bearer = format!("Bearer {user}");
        server.send(Method::DELETE, &path, None, &[("authorization", bearer.as_str())]).await
    };
    assert_eq!(sign_out("eve").await.code(), "session_of_another");
    assert_eq!(sign_out("ann").await.status, 204);
    assert_eq!(feed.next_in_words().await, "leave ann signed_out");
    assert_eq!(sign_out("ann").await.status, 204, "what was wanted is so");
}

#[tokio::test]
async fn the_log_as_csv_is_the_whole_log_and_runs_nothing_in_a_spreadsheet() {
    let server = Server::preset("punch-clock").await;
    for (letter, user) in [('A', "ann"), ('B', "=HYPERLINK(\"x\")")] {
        assert_eq!(server.beat(first(letter, user)).await.status, 200);
        for kind in ["IN", "OUT"] {
            assert_eq!(punch(&server, user, kind).await.status, 200);
        }
    }
    let download = async |query: &str, accept: &str| {
        let ask = reqwest::Client::new().get(server.url("/v1/punches") + query).header("accept", accept);
        let answer = ask.send().await.expect("the server answers");
        let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
        (answer.status().as_u16(), kind, answer.text().await.expect("whole"))
    };
    let (status, kind, told) = download("", "text/csv").await;
    assert_eq!((status, kind.as_str()), (200, "text/csv; charset=utf-8; header=present"));
    let lines: Vec<_> = told.lines().collect();
    assert_eq!((lines.len(), lines[0]), (5, "user,epoch,kind,at,detectedAt,reason,errorBoundMs"));
    assert!(lines[1].starts_with("\"'=HYPERLINK(\"\"x\"\")\",") && lines[4].starts_with("ann,"), "{told}");
    let (_, _, told) = download("?format=csv&user=ann&kind=IN", "*/*").await;
    assert_eq!(told.lines().count(), 2, "{told}");
    assert_eq!(download("?format=csv&limit=2", "*/*").await.0, 400, "there are no pages");
    assert_eq!(download("?format=xml", "*/*").await.0, 400);
    assert!(download("", "*/*").await.1.starts_with("application/json"));
}

#[tokio::test]
async fn records_the_current_status_of_each_employee_is_known() {
    let server = Server::preset("punch-clock").await;
    for (letter, user) in [('A', "ann"), ('B', "bob")] {
        assert_eq!(server.beat(first(letter, user)).await.status, 200);
    }
    let is_in = async |user: &str| server.get(&format!("/v1/users/{user}")).await["isIn"].clone();
    assert_eq!(punch(&server, "ann", "IN").await.status, 200);
    assert_eq!((is_in("ann").await, is_in("bob").await, is_in("eve").await), (json!(true), json!(false), json!(false)));
    assert_eq!(punch(&server, "ann", "OUT").await.status, 200);
    assert_eq!(is_in("ann").await, json!(false));
}

#[tokio::test]
async fn stated_numbers_two_hundred_employees_beat_and_punch_at_the_same_moment() {
    let server = Server::preset("punch-clock").await;
    let all = |step: &'static str| {
        let server = &server;
        let one = move |number: usize| async move {
            let (user, id) = (format!("employee-{number}"), format!("{number:A>21}A"));
            match step {
                "beat" => server.beat(later(first('A', &user), json!({ "session": id }))).await.status,
                kind => punch(server, &user, kind).await.status,
            }
        };
        join_all((0..200).map(one))
    };
    for step in ["beat", "IN", "OUT"] {
        assert_eq!(all(step).await, [200; 200], "{step}");
    }
    let csv = reqwest::get(server.url("/v1/punches?format=csv")).await.expect("an answer").text().await.expect("text");
    let count = |kind: &str| csv.lines().filter(|line| line.contains(&format!(",{kind},"))).count();
    assert_eq!((count("IN"), count("OUT")), (200, 200), "{csv}");
}
