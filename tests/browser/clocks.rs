//! Pace: on a clock that only the test moves, so that minutes pass in no time.

use std::time::Duration;

use serde_json::Value;
use stillhere_tests::{
    browser::Browser,
    clock::Clock,
    engine::Engine,
    server::Server,
    site::{BLANK, Site},
};

use crate::{open_as, told_in_view};

stories! {
    "the pace of beats" needs Plain: beats_arrive_at_the_promised_pace,
        options_the_interval_in_ms_and_debug_logging_are_the_pages_choice;
    "hidden tabs" needs Plain: a_hidden_tab_is_silent_where_the_preset_says_so_and_beats_at_once_when_shown,
        a_hidden_tab_of_the_demo_beats_no_sooner_than_browsers_let_it;
    "a server that is gone for an hour" needs Plain: a_server_that_is_gone_for_an_hour_costs_no_time_and_is_not_flooded;
}

fn times(sent: &[Value]) -> Vec<u64> {
    sent.iter().map(|beat| beat["at"].as_f64().unwrap_or_default() as u64).collect()
}

async fn beats_arrive_at_the_promised_pace(engine: Engine) {
    let server = Server::preset("session-duration").await;
    let site = Site::before(&server, Clock::Fake).await;
    let browser = Browser::start(engine).await;
    open_as(&browser, &site, "ann").await;
    browser.pass(Duration::from_secs(20 * 60)).await;

    let sent = browser.sent().await;
    let times = times(&sent);
    assert_eq!(times[0], 0, "on load at once");
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((90_000..=180_000).contains(&gaps[0]), "the first gap is shorter by chance: {gaps:?}");
    assert!(gaps.len() >= 6 && gaps[1..].iter().all(|&gap| gap == 180_000), "then every three minutes: {gaps:?}");
    assert!(sent.iter().all(|beat| beat["means"] == "fetch" && beat["state"] != "hidden"));
    assert!(sent[1..].iter().all(|beat| beat["nextMs"] == 180_000), "each with its promise");

    assert_eq!(Some(told_in_view(&sent)), times.last().copied(), "it tells what it has measured");
    let session = &server.sessions("ann").await[0];
    assert!(
        session["visibleMs"].as_u64() < Some(3 * 60_000),
        "of which the server believes no more than its first beat may have been under way: {session}"
    );
}

async fn a_hidden_tab_is_silent_where_the_preset_says_so_and_beats_at_once_when_shown(engine: Engine) {
    let server = Server::preset("session-duration").await;
    let site = Site::before(&server, Clock::Fake).await;
    let browser = Browser::start(engine).await;
    open_as(&browser, &site, "ann").await;
    browser.pass(Duration::from_secs(30)).await;
    browser.hide().await;
    browser.pass(Duration::from_secs(60 * 60)).await;
    let sent = browser.sent().await;
    // A window that goes may pass under the pointer, and somebody seems to be back for a moment.
    let hidden = sent.len() - 1;
    let when: Vec<_> = (0..sent.len()).filter(|&at| sent[at]["state"] == "hidden").collect();
    assert_eq!(when, [hidden], "it says that it is hidden, and nothing more in an hour: {sent:?}");
    assert_eq!(sent[hidden]["nextMs"], Value::Null, "without a promise");

    browser.show().await;
    browser.pass(Duration::ZERO).await;
    let sent = browser.sent().await;
    let (before, back) = (&sent[hidden], &sent[hidden + 1]);
    assert_eq!(back["at"], before["at"].as_f64().unwrap_or_default() + 3_600_000.0, "at once");
    assert_eq!(back["visible"].as_array().map(Vec::len), Some(2), "an hour that nobody looked is no visible time");
}

async fn a_hidden_tab_of_the_demo_beats_no_sooner_than_browsers_let_it(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    let browser = Browser::start(engine).await;
    open_as(&browser, &site, "ann").await;
    browser.hide().await;
    browser.pass(Duration::from_secs(10 * 60)).await;
    let hidden: Vec<Value> = browser.sent().await.into_iter().filter(|beat| beat["state"] == "hidden").collect();
    let gaps: Vec<u64> = times(&hidden).windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The timer is set early, so that a browser that runs it with the next full minute still keeps the promise.
    assert!(gaps.iter().all(|gap| (50_000..=75_000).contains(gap)), "{gaps:?}");
    assert!((8..=12).contains(&gaps.len()), "{gaps:?}");
    assert!(hidden.iter().all(|beat| beat["nextMs"] == 75_000));
}

async fn options_the_interval_in_ms_and_debug_logging_are_the_pages_choice(engine: Engine) {
    let server = Server::preset("session-duration").await;
    let site = Site::before(&server, Clock::Fake).await;
    let browser = Browser::start(engine).await;
    // A page without a heart of its own.
    browser.open(&site.url(BLANK)).await;
    let start = r#"
        window.said = [];
        console.debug = (...words) => said.push(words);
        const { start } = await test.import("/client/index.js");
        window.heart = await start({ endpoint: "/v1", token: "ann@example.com", intervalMs: 60000, debug: true });"#;
    browser.act(start).await;
    browser.pass(Duration::from_secs(10 * 60)).await;
    let times = times(&browser.sent().await);
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.len() >= 10 && gaps[1..].iter().all(|&gap| gap == 60_000), "{gaps:?}");
    let logged = browser.run("return said.filter(([, kind]) => kind === 'beat').length").await;
    assert_eq!(logged, times.len(), "each beat is told in the console");

    browser.act("said.length = 0; heart.stop();").await;
    browser.pass(Duration::from_secs(10 * 60)).await;
    let sent = browser.sent().await;
    assert_eq!(sent.len(), times.len() + 1, "one last word, and nothing after it");
    let last = &sent[times.len()];
    assert_eq!((last["means"].as_str(), last["state"].as_str()), (Some("beacon"), Some("closed")));
}

async fn a_server_that_is_gone_for_an_hour_costs_no_time_and_is_not_flooded(engine: Engine) {
    let mut server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    let browser = Browser::start(engine).await;
    open_as(&browser, &site, "ann").await;
    server.kill().await;
    browser.pass(Duration::from_secs(60 * 60)).await;
    let tries = browser.sent().await.len();
    assert!((60..600).contains(&tries), "{tries} tries in an hour");

    server.restart().await;
    browser.pass(Duration::from_secs(120)).await;
    assert!(told_in_view(&browser.sent().await[tries..]) >= 3_600_000, "the hour without a server is told");
    assert_eq!(server.sessions("ann").await.len(), 1, "and it is the same session");
}
