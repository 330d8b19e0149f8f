//! What the past looks like: use case 1, row *result*; use case 2, row *wished for*; use case 4, row *metrics*.

use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later, session},
    feed::Feed,
    server::Server,
};

const MINUTE: u64 = 60_000;

/// A session of `user` that began so many minutes ago and was visible ever since.
async fn stay(server: &Server, letter: char, user: &str, channel: &str, minutes: u64) {
    let t = minutes * MINUTE;
    let beat =
        later(first(letter, user), json!({ "t": t, "visible": [[0, t]], "activeMs": t / 2, "channel": channel }));
    assert_eq!(server.beat(beat).await.status, 200);
}

/// Whether a length is so many minutes, and no more over it than a slow machine takes for a few requests.
fn is_about(length: &Value, minutes: u64) -> bool {
    length.as_u64().is_some_and(|ms| (minutes * MINUTE..minutes * MINUTE + MINUTE / 2).contains(&ms))
}

fn is_near(number: &Value, expected: f64) -> bool {
    number.as_f64().is_some_and(|number| (number - expected).abs() < 0.01)
}

/// The header line, and how many lines follow.
async fn download(server: &Server, path: &str) -> (String, usize) {
    let answer = reqwest::get(server.url(path)).await.expect("the server answers");
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8; header=present");
    let text = answer.text().await.expect("whole");
    let mut lines = text.lines();
    (lines.next().unwrap_or_default().to_owned(), lines.count())
}

#[tokio::test]
async fn result_one_visitor_has_many_sessions_list_them_by_email_and_total_minutes_per_visitor() {
    let server = Server::preset("session-duration").await;
    for (letter, user, minutes) in
        [('A', "ann@example.com", 10), ('B', "ann@example.com", 5), ('C', "bob@example.com", 90)]
    {
        stay(&server, letter, user, "site", minutes).await;
    }
    let list = server.get("/v1/admin/sessions?user=ann%40example.com").await;
    assert_eq!(list["sessions"].as_array().map(Vec::len), Some(2));
    assert_eq!(list["totals"]["durationMs"], 15 * MINUTE, "of the sessions: ann had two tabs");
    let history = server.get("/v1/admin/users/ann%40example.com/history").await;
    let total = &history["total"];
    assert_eq!((&history["user"], &total["sessions"]), (&json!("ann@example.com"), &json!(2)));
    assert!(is_about(&total["durationMs"], 10), "nobody is here twice at once: {total}");
    assert!(is_about(&total["visibleMs"], 10), "{total}");
    assert!(total["activeMs"].as_u64() <= total["visibleMs"].as_u64() && total["activeMs"] != 0, "{total}");
    assert_eq!(history["days"], Value::Null);
}

#[tokio::test]
async fn a_persons_days_add_up_to_the_whole_and_nothing_of_others_or_other_times_is_in_them() {
    let server = Server::preset("demo").await;
    stay(&server, 'A', "ann", "site", 3 * 24 * 60).await;
    stay(&server, 'B', "bob", "site", 60).await;
    let now = server.get("/v1/admin/users/ann/history").await;
    let (first_seen, to) = (&now["total"]["firstSeenAt"], now["toAt"].as_str().unwrap_or_default());
    let path = format!("/v1/admin/users/ann/history?by=day&from={}&to={to}", first_seen.as_str().unwrap_or_default());
    let history = server.get(&path).await;
    let days = history["days"].as_array().expect("days");
    assert!((4..=5).contains(&days.len()), "{history}");
    let sum = |name: &str| days.iter().filter_map(|day| day[name].as_u64()).sum::<u64>();
    for name in ["durationMs", "visibleMs"] {
        assert_eq!(json!(sum(name)), history["total"][name], "{name}");
        assert!(is_about(&history["total"][name], 3 * 24 * 60), "{history}");
    }
    assert!(days.iter().all(|day| day["sessions"] == 1), "the one session was there every day");
    assert_eq!(days[1]["durationMs"], 24 * 60 * MINUTE);
    assert_eq!(days[1]["firstSeenAt"], days[1]["dayAt"]);
    let nobody = server.get("/v1/admin/users/nobody/history").await;
    assert_eq!((&nobody["total"]["sessions"], &nobody["total"]["firstSeenAt"]), (&json!(0), &Value::Null));
}

#[tokio::test]
async fn metrics_active_sessions_average_length_peak_users_and_distribution_over_modules() {
    let server = Server::preset("module-users").await;
    stay(&server, 'A', "ann", "pms", 50).await;
    stay(&server, 'B', "bob", "crm", 30).await;
    stay(&server, 'C', "bob", "pms", 20).await;
    let path = format!("/v1/sessions/{}", session('B'));
    let signed_out = server.send(Method::DELETE, &path, None, &[("authorization", "Bearer bob")]).await;
    assert_eq!(signed_out.status, 204);
    let stats = server.get("/v1/admin/stats").await;
    let totals = &stats["totals"];
    assert_eq!((&totals["sessions"], &totals["users"]), (&json!(3), &json!(2)));
    assert_eq!((&totals["peakSessions"], &totals["peakUsers"]), (&json!(3), &json!(2)));
    assert!(totals["peakUsersAt"].as_str() < totals["peakSessionsAt"].as_str(), "bob came, and then came again");
    assert_eq!((&totals["begun"], &totals["ended"], &totals["endedSignedOut"]), (&json!(3), &json!(1), &json!(1)));
    assert!(is_about(&totals["averageLengthMs"], 30), "{totals}");
    let median = totals["medianLengthMs"].as_f64().expect("one has ended");
    assert!((median / totals["averageLengthMs"].as_f64().unwrap_or_default() - 1.0).abs() < 1.0 / 128.0, "{totals}");
    assert!(is_near(&totals["averageSessions"], 100.0 / (24.0 * 60.0)), "{totals}");
    let buckets = stats["buckets"].as_array().expect("buckets");
    assert_eq!((buckets.len(), &stats["stepMs"]), (24, &json!(60 * MINUTE)));
    assert_eq!(buckets[23]["peakSessions"], 3);
    assert!(is_near(&buckets[23]["averageUsers"], 80.0 / 60.0), "bob's two tabs are one bob: {}", buckets[23]);
    assert_eq!((&buckets[0]["peakUsers"], &buckets[0]["averageLengthMs"]), (&json!(0), &Value::Null));
    let (pms, crm) = (&stats["channels"][0], &stats["channels"][1]);
    assert_eq!((&pms["channel"], &crm["channel"], &stats["channelsInAll"]), (&json!("pms"), &json!("crm"), &json!(2)));
    assert!(is_near(&pms["timeShare"], 0.7) && is_near(&crm["timeShare"], 0.3), "{pms} {crm}");
    assert!(is_near(&pms["userShare"], 1.0) && is_near(&crm["userShare"], 0.5), "{pms} {crm}");
    let (header, lines) = download(&server, "/v1/admin/stats?format=csv&step=2h").await;
    assert!(
        header.starts_with("at,lengthMs,peakSessions,peakUsers,averageSessions,") && lines == 12,
        "{header} {lines}"
    );
}

#[tokio::test]
async fn dashboard_of_auto_outs_per_employee_and_per_hour() {
    let brief = "interval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 1\npunching = \"with-presence\"\n";
    let server = Server::preset_with("punch-clock", brief).await;
    for (letter, user) in [('A', "ann"), ('B', "bob"), ('C', "ann")] {
        let mut page = Feed::open(&server.url(&format!("/v1/feed?user={user}")), None).await;
        page.next().await;
        assert_eq!(server.beat(first(letter, user)).await.status, 200);
        let last = later(first(letter, user), json!({ "seq": 2, "state": "closed" }));
        assert_eq!(server.beat(last).await.status, 200);
        while page.next().await.body["kind"] != "AUTO_OUT" {}
    }
    let stats = server.get("/v1/admin/stats").await;
    let expected = json!([{ "user": "ann", "autoOuts": 2 }, { "user": "bob", "autoOuts": 1 }]);
    assert_eq!(stats["autoOutsByUser"], expected);
    assert_eq!((&stats["totals"]["autoOuts"], &stats["totals"]["autoOutsPerHour"]), (&json!(3), &json!(0.125)));
    let hours = stats["buckets"].as_array().expect("buckets").iter();
    assert_eq!(hours.filter_map(|hour| hour["autoOuts"].as_u64()).sum::<u64>(), 3);
}

#[tokio::test]
async fn sessions_are_found_by_page_and_all_of_them_are_in_one_csv() {
    let server = Server::preset("demo").await;
    for (number, letter) in ('A'..='K').enumerate() {
        let page = if number < 4 { "/orders/17" } else { "/orders/18" };
        let beat = later(first(letter, "ann"), json!({ "page": page }));
        assert_eq!(server.beat(beat).await.status, 200);
    }
    let moved = later(first('A', "ann"), json!({ "seq": 2, "page": "/orders/18" }));
    assert_eq!(server.beat(moved).await.status, 200);
    let list = server.get("/v1/admin/sessions?page=/orders/17").await;
    assert_eq!((list["sessions"].as_array().map(Vec::len), &list["totals"]["sessions"]), (Some(4), &json!(4)));
    let (header, lines) = download(&server, "/v1/admin/sessions?format=csv").await;
    assert!(header.starts_with("session,user,channel,page,state,startedAt,") && lines == 11, "{header} {lines}");
    assert_eq!(download(&server, "/v1/admin/sessions?format=csv&page=/orders/18").await.1, 8);
    let paged = server.send(Method::GET, "/v1/admin/sessions?format=csv&limit=2", None, &[]).await;
    assert_eq!((paged.status, paged.code()), (400, "query_bad"));
}

#[tokio::test]
async fn a_past_that_is_too_much_or_none_is_refused_with_what_to_ask_for() {
    let server = Server::preset("demo").await;
    let (stats, history) = ("/v1/admin/stats", "/v1/admin/users/ann/history");
    for (path, query, hint) in [
        (stats, "from=yesterday", "`from` must be a moment"),
        (stats, "from=2020-01-02T00:00:00Z&to=2020-01-01T00:00:00Z", "`from` must lie before `to`"),
        (stats, "from=2999-01-01T00:00:00Z", "before now"),
        (stats, "from=2020-01-01T00:00:00Z&to=2022-01-01T00:00:00Z&step=7d", "366 days"),
        (stats, "step=1m", "1000 steps at most"),
        (stats, "step=0h", "`step` must be a length"),
        (stats, "step=1", "`step` must be a length"),
        (stats, "step=%C3%A9", "`step` must be a length"),
        (stats, "step=99999999999d", "`step` must be a length"),
        (stats, "format=xml", "`format` must be json or csv"),
        (stats, "limit=1", "limit"),
        (history, "by=week", "`by` must be day"),
        (history, "by=day", "1000 days at most"),
        (history, "to=1970-01-01T00:00:00Z", "`from` must lie before `to`"),
        (history, "colour=red", "colour"),
    ] {
        let answer = server.send(Method::GET, &format!("{path}?{query}"), None, &[]).await;
        let message = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert_eq!((answer.status, answer.code()), (400, "query_bad"), "{query}: {message}");
        assert!(message.contains(hint) && message.ends_with('.'), "{query}: {message}");
    }
}
