//! A tab's life in real time: it comes alive, goes away, comes back, reloads, is closed, is killed.

use serde_json::Value;
use stillhere_tests::{
    browser::Browser,
    clock::Clock,
    engine::{Ability, Engine},
    server::Server,
    site::Site,
};

use crate::{open_as, status_of};

stories! {
    "visibility" needs Plain: a_tab_comes_alive_goes_away_and_comes_back;
    "closing a tab" needs Plain: a_closed_tab_says_goodbye_and_its_session_has_the_right_length;
    "signing out" needs Plain: who_signs_out_has_left_at_once;
    "leaving for another page" needs Plain: leaving_the_page_is_told_by_beacon;
    "reload" needs Plain: a_reload_is_no_leave_and_the_session_goes_on;
    "a killed browser" needs Plain: a_killed_browser_says_nothing_and_its_lease_runs_out;
    "a restart of the server" needs Plain: a_restart_of_the_server_goes_unnoticed;
}

/// The demo's settings with a short lease, so that nobody waits for a timeout.
const BRIEF: &str = "interval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 500\n";

async fn a_tab_comes_alive_goes_away_and_comes_back(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    let mut feed = server.feed("site").await;
    assert_eq!(feed.next_in_words().await, "snapshot 0");

    open_as(&browser, &site, "ann").await;
    assert_eq!(feed.next_in_words().await, "join ann online");
    browser.until("document.querySelector('[data-testid=member][data-user=ann]')?.dataset.status === 'online'").await;
    assert_eq!(browser.text("member-count").await, "1");
    browser.until("document.querySelector('[data-testid=own-status]').textContent.trim() === 'online'").await;

    browser.hide().await;
    assert_eq!(feed.next_in_words().await, "update ann away");
    browser.until("document.querySelector('[data-testid=member][data-user=ann]')?.dataset.status === 'away'").await;

    let before = browser.sent().await.len();
    browser.show().await;
    assert_eq!(feed.next_in_words().await, "update ann online");
    let back = &browser.sent().await[before];
    assert!(back["state"] == "active" || back["state"] == "passive", "the beat on return: {back}");
}

async fn a_closed_tab_says_goodbye_and_its_session_has_the_right_length(engine: Engine) {
    let server = Server::preset_with("demo", BRIEF).await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_as(&browser, &site, "ann").await;
    browser.open_tab(&site.url("/?as=bob")).await;
    browser.until("document.documentElement.dataset.ready === 'true'").await;
    let mut feed = server.feed("site").await;
    assert_eq!(feed.next_in_words().await, "snapshot 2");
    // The page was there before its heart.
    let stayed = browser.run("return performance.now() - test.sent[0].at").await.as_f64().unwrap_or_default();
    browser.close_tab().await;
    while feed.next_in_words().await != "leave bob closed" {}

    let session = &server.sessions("bob").await[0];
    assert_eq!(session["reason"], "closed", "by beacon, not by timeout");
    let length = session["durationMs"].as_f64().unwrap_or_default();
    let bound = session["errorBoundMs"].as_f64().unwrap_or_default();
    assert!((length - stayed).abs() <= bound, "{length} ms recorded, {stayed} ms in truth, ± {bound}");
    // Visible time is measured by the tab and length by the server: the network's delay lies between them.
    let visible = session["visibleMs"].as_f64().unwrap_or_default();
    // A second tab of WebKit's is a window that the first one covers.
    let was_seen = visible > 0.0 || Ability::Tabs.lacking(engine).is_some();
    assert!(was_seen && visible <= length + bound, "{visible} ms of {length}");
    browser.until("!document.querySelector('[data-testid=member][data-user=bob]')").await;
    assert_eq!(status_of(&browser, "ann").await, "online", "who is looked at again is back");
}

async fn who_signs_out_has_left_at_once(engine: Engine) {
    // A grace that nobody would wait for: signing out does not.
    let server = Server::preset_with("demo", "leave_grace_ms = 600000\n").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    let mut feed = server.feed("site").await;
    open_as(&browser, &site, "ann").await;
    browser.run("test.import('/client/index.js').then(({ start }) => start()).then((heart) => heart.signOut())").await;
    while feed.next_in_words().await != "leave ann signed_out" {}
    let session = &server.sessions("ann").await[0];
    assert_eq!((&session["reason"], &session["state"]), (&Value::from("signed_out"), &Value::from("closed")));
    assert_eq!(browser.run("return sessionStorage.length").await, 0, "nothing is left for a next page");
}

async fn leaving_the_page_is_told_by_beacon(engine: Engine) {
    let server = Server::preset_with("demo", BRIEF).await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    let mut feed = server.feed("site").await;
    open_as(&browser, &site, "ann").await;
    // A page that may not be cached is closed when it is left, not frozen.
    browser.open(&site.url("/healthz")).await;
    let mut news = feed.next_in_words().await;
    while !news.starts_with("leave") && !news.ends_with("away") {
        news = feed.next_in_words().await;
    }
    let session = &server.sessions("ann").await[0];
    assert!(session["state"] == "closed" || session["state"] == "frozen", "{session}");
}

async fn a_reload_is_no_leave_and_the_session_goes_on(engine: Engine) {
    // Longer than the first reload takes in a WebKit that has much to do.
    let server = Server::preset_with("demo", "leave_grace_ms = 60000\n").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    let mut feed = server.feed("site").await;
    open_as(&browser, &site, "ann").await;
    let id = server.sessions("ann").await[0]["session"].clone();
    for _ in 0..3 {
        browser.reload().await;
        browser.until("document.documentElement.dataset.ready === 'true'").await;
    }
    let first = browser.sent().await[0].clone();
    assert_eq!((&first["session"], first["seq"].as_u64() >= Some(7)), (&id, true), "three pages, one session: {first}");
    assert_eq!(server.sessions("ann").await.len(), 1);
    // What is told next is what happens next.
    browser.hide().await;
    let mut told = vec![feed.next_in_words().await, feed.next_in_words().await];
    while told.last().is_some_and(|news| news != "update ann away") {
        told.push(feed.next_in_words().await);
    }
    assert!(told.iter().all(|news| !news.starts_with("leave")), "{told:?}");
    assert_eq!(told.iter().filter(|news| news.starts_with("join")).count(), 1, "{told:?}");
}

async fn a_killed_browser_says_nothing_and_its_lease_runs_out(engine: Engine) {
    let server = Server::preset_with("demo", BRIEF).await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    let mut feed = server.feed("site").await;
    open_as(&browser, &site, "ann").await;
    // The first beat promises nothing, as the tab does not know the pace yet; the second does.
    browser.until("Number(document.querySelector('[data-testid=beats-answered]').textContent) >= 2").await;
    browser.kill();
    let mut news = feed.next().await;
    while news.kind != "leave" {
        news = feed.next().await;
    }
    assert_eq!(news.in_words(), "leave ann timeout");
    let session = &server.sessions("ann").await[0];
    assert_eq!((&session["reason"], session["state"] == "closed"), (&Value::from("timeout"), false));
    let bound = session["errorBoundMs"].as_u64().unwrap_or_default();
    assert!((1_500..5_000).contains(&bound), "one lease of 2 × 500 + 500: {bound}");
}

async fn a_restart_of_the_server_goes_unnoticed(engine: Engine) {
    let mut server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_as(&browser, &site, "ann").await;
    let id = server.sessions("ann").await[0]["session"].clone();
    server.kill().await;
    server.restart().await;
    let mut feed = server.feed("site").await;
    assert_eq!(feed.next_in_words().await, "snapshot 1");
    browser.hide().await;
    assert_eq!(feed.next_in_words().await, "update ann away");
    let sessions = server.sessions("ann").await;
    assert_eq!((sessions.len(), &sessions[0]["session"]), (1, &id));
}
