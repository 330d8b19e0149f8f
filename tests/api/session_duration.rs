//! Use case 1, session duration: the rows *beat*, *result* and *options*, read back over HTTP.

use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later, session},
    server::Server,
};

const MINUTE: u64 = 60_000;

#[tokio::test]
async fn beat_the_server_asks_for_three_minutes_and_for_silence_while_hidden() {
    let server = Server::preset("session-duration").await;
    let answer = server.beat(first('A', "ann@example.com")).await.body;
    assert_eq!((&answer["intervalMs"], &answer["hiddenIntervalMs"]), (&json!(180_000), &Value::Null));
    let hidden = later(first('A', "ann@example.com"), json!({ "seq": 2, "t": 1_000, "state": "hidden" }));
    assert_eq!(server.beat(hidden).await.status, 200);
    let session = &server.sessions("ann@example.com").await[0];
    assert_eq!((&session["state"], &session["endedAt"]), (&json!("hidden"), &Value::Null), "paused, not ended");
}

#[tokio::test]
async fn beat_without_a_session_is_refused() {
    let server = Server::preset("session-duration").await;
    let answer = server.beat("").await;
    assert_eq!((answer.status, &answer.body["success"]), (400, &json!(false)), "{}", answer.body);
}

#[tokio::test]
async fn beat_of_a_page_that_goes_away_ends_the_session_when_it_said_so() {
    let server = Server::preset_with("session-duration", "leave_grace_ms = 1\n").await;
    let mut feed = server.feed("site").await;
    let t = 12 * MINUTE;
    let beat = later(first('A', "ann@example.com"), json!({ "t": t, "visible": [[0, t]], "activeMs": 2 * MINUTE }));
    assert_eq!(server.beat(&beat).await.status, 200);
    assert_eq!(server.beat(later(beat, json!({ "seq": 2, "state": "closed" }))).await.status, 200);
    while !feed.next_in_words().await.starts_with("leave") {}
    let session = &server.sessions("ann@example.com").await[0];
    assert_eq!(session["reason"], "closed");
    let bound = session["errorBoundMs"].as_u64().expect("a bound");
    assert!((1_000..2_000).contains(&bound), "a second, and how late the last word was: {bound}");
    assert!(session["endedAt"].is_string() && session["detectedAt"].is_string());
}

#[tokio::test]
async fn result_the_duration_is_last_seen_minus_started() {
    let server = Server::preset("session-duration").await;
    let beat = later(first('A', "ann@example.com"), json!({ "t": 7 * MINUTE, "visible": [[0, 5 * MINUTE]] }));
    assert_eq!(server.beat(beat).await.status, 200);
    let session = &server.sessions("ann@example.com").await[0];
    assert_eq!(session["durationMs"], 7 * MINUTE);
    assert_eq!(session["visibleMs"], 5 * MINUTE);
    let instant = |name: &str| session[name].as_str().unwrap_or_default().to_owned();
    assert!(instant("startedAt") < instant("lastSeenAt"), "{session}");
    assert!(instant("startedAt").ends_with('Z') && instant("startedAt").len() == "2026-01-01T00:00:00.000Z".len());
}

#[tokio::test]
async fn result_one_visitor_has_many_sessions_and_a_total() {
    let server = Server::preset("session-duration").await;
    for (letter, user, minutes) in
        [('A', "ann@example.com", 10), ('B', "ann@example.com", 5), ('C', "bob@example.com", 90)]
    {
        let beat = later(first(letter, user), json!({ "t": minutes * MINUTE, "visible": [[0, minutes * MINUTE]] }));
        assert_eq!(server.beat(beat).await.status, 200);
    }
    let list = server.get("/v1/admin/sessions?user=ann@example.com").await;
    assert_eq!(list["sessions"].as_array().map(Vec::len), Some(2));
    let totals = &list["totals"];
    assert_eq!((&totals["sessions"], &totals["users"]), (&json!(2), &json!(1)));
    assert_eq!((&totals["durationMs"], &totals["visibleMs"]), (&json!(15 * MINUTE), &json!(15 * MINUTE)));
    let all = server.get("/v1/admin/sessions").await;
    assert_eq!((&all["totals"]["users"], &all["totals"]["durationMs"]), (&json!(2), &json!(105 * MINUTE)));
}

#[tokio::test]
async fn result_a_long_list_comes_in_pages_without_gap_or_repetition() {
    let server = Server::preset("session-duration").await;
    for letter in 'A'..='K' {
        assert_eq!(server.beat(first(letter, "ann@example.com")).await.status, 200);
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/admin/sessions?limit=4{after}")).await;
        assert_eq!(page["totals"]["sessions"], 11, "the totals are those of all pages");
        seen.extend(page["sessions"].as_array().expect("a list").iter().map(|session| session["session"].to_string()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 11);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 11);
}

#[tokio::test]
async fn options_the_interval_is_a_setting_in_ms() {
    let server = Server::preset_with("session-duration", "interval_ms = 60000\n").await;
    assert_eq!(server.beat(first('A', "ann@example.com")).await.body["intervalMs"], 60_000);
}

#[tokio::test]
async fn wished_for_which_pages_were_viewed_and_from_when_to_when() {
    let server = Server::preset("session-duration").await;
    let on = |seq: u64, page: &str| later(first('A', "ann"), json!({ "seq": seq, "t": seq * 10, "page": page }));
    for (seq, page) in [(1, "/report"), (2, "/report"), (3, "/appendix"), (4, "/report")] {
        assert_eq!(server.beat(on(seq, page)).await.status, 200);
    }
    let one = server.get(&format!("/v1/admin/sessions/{}", session('A'))).await;
    let pages = one["pages"].as_array().expect("pages");
    let names: Vec<_> = pages.iter().filter_map(|page| page["page"].as_str()).collect();
    assert_eq!(names, ["/report", "/appendix", "/report"]);
    assert_eq!(pages[0]["fromAt"], one["session"]["startedAt"]);
    for pair in pages.windows(2) {
        assert_eq!(pair[0]["untilAt"], pair[1]["fromAt"]);
    }
    assert_eq!(pages[2]["untilAt"], json!(null), "it is there");
    let unknown = server.status(Method::GET, "/v1/admin/sessions/ZZZZZZZZZZZZZZZZZZZZZA", &[]).await;
    let bad = server.status(Method::GET, "/v1/admin/sessions/nonsense", &[]).await;
    assert_eq!((unknown, bad), (404, 400));
}
