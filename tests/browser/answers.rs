//! What the server and the network do to a beat, and what becomes of it: on a clock that only the test moves.

use std::time::Duration;

use serde_json::{Value, json};
use stillhere_tests::{
    browser::Browser,
    clock::Clock,
    engine::Engine,
    server::Server,
    site::{Instead, Manner, Site},
};

use crate::{
    page::{self, HEART},
    told_in_view,
};

stories! {
    "429 and 503" needs Plain: a_server_that_says_when_to_come_again_is_asked_no_sooner;
    "410" needs Plain: a_session_that_the_server_has_ended_is_followed_by_a_new_one;
    "a token that expires" needs Plain: a_token_that_is_over_is_asked_for_again_and_the_session_goes_on;
    "a network that is gone" needs Plain: a_network_that_is_gone_is_tried_at_random_moments_and_loses_no_time;
    "blocked beacons" needs Plain: a_last_word_goes_out_by_fetch_where_beacons_are_blocked;
}

/// The page's heart on a fake clock, once its first beat is answered.
async fn begin(site: &Site, engine: Engine, options: &str) -> Browser {
    site.put(HEART, &page::with_heart(options), None);
    let browser = Browser::start(engine).await;
    browser.open(&site.url(HEART)).await;
    browser.until(page::READY).await;
    browser
}

fn instead(status: u16, header: (&'static str, &str), code: &str) -> Instead {
    let error = json!({ "error": { "code": code, "message": "so says the test", "retry": false } });
    let body = if code.is_empty() { String::new() } else { error.to_string() };
    Instead { status, header: (header.0, header.1.to_owned()), body }
}

fn at(beat: &Value) -> f64 {
    beat["at"].as_f64().unwrap_or_default()
}

async fn a_server_that_says_when_to_come_again_is_asked_no_sooner(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    // At the demo's pace the real server would find that too many beats come in its own time.
    let browser = begin(&site, engine, "intervalMs: 30000,").await;
    for status in [429, 503] {
        let before = browser.sent().await.len();
        site.answer(instead(status, ("retry-after", "40"), ""));
        browser.pass(Duration::from_secs(120)).await;
        let sent = browser.sent().await;
        let gap = at(&sent[before + 1]) - at(&sent[before]);
        assert!((40_000.0..45_000.0).contains(&gap), "{status}: tried again after {gap} ms");
    }
    assert_eq!(server.sessions("ann").await.len(), 1);
}

async fn a_session_that_the_server_has_ended_is_followed_by_a_new_one(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    let browser = begin(&site, engine, "").await;
    site.answer(instead(410, ("x-test", "1"), "session_ended"));
    browser.pass(Duration::from_secs(30)).await;
    let sent = browser.sent().await;
    let old = &sent[0]["session"];
    let new: Vec<&Value> = sent.iter().filter(|beat| beat["session"] != *old).collect();
    assert!(new.len() >= 2 && new[0]["seq"] == 1, "{sent:?}");
    assert_eq!(at(new[0]), at(&sent[1]), "at once");
    assert_eq!(new[0]["t"], 0, "its time begins anew");
    assert_eq!(browser.run("return heard.ended.map(({ session }) => session)").await, json!([old]));
    assert_eq!(browser.run("return heart.session").await, new[0]["session"]);
}

async fn a_token_that_is_over_is_asked_for_again_and_the_session_goes_on(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    // Who is asked a second time gives the answer only later.
    let options = "intervalMs: 30000, token: () => (window.asked = (window.asked ?? 0) + 1) < 2 ? 'ann' : Promise.resolve('ann'),";
    let browser = begin(&site, engine, options).await;
    browser.pass(Duration::from_secs(60)).await;
    assert_eq!(browser.run("return asked").await, 1, "a token that is taken is kept");
    site.answer(instead(401, ("x-test", "1"), "token_bad"));
    browser.pass(Duration::from_secs(240)).await;
    assert_eq!(browser.run("return asked").await, 2);
    assert_eq!(browser.run("return heart.isRunning").await, true);
    assert!(told_in_view(&browser.sent().await) >= 240_000, "nothing of it is lost");
    assert_eq!(server.sessions("ann").await.len(), 1);
}

async fn a_network_that_is_gone_is_tried_at_random_moments_and_loses_no_time(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    let browser = begin(&site, engine, "").await;
    site.behave(Manner::Gone);
    let before = browser.sent().await.len();
    browser.pass(Duration::from_secs(30 * 60)).await;
    let tries: Vec<u64> = browser.sent().await[before..].iter().map(|beat| at(beat) as u64).collect();
    let mut gaps: Vec<u64> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((20..300).contains(&gaps.len()), "{gaps:?}");
    assert!(gaps.iter().all(|gap| *gap <= 60_000), "{gaps:?}");
    gaps.sort_unstable();
    gaps.dedup();
    assert!(gaps.len() >= 15, "full jitter: no two pages come back in step: {gaps:?}");

    let before = browser.sent().await.len();
    site.behave(Manner::Open);
    browser.pass(Duration::from_secs(90)).await;
    let sessions = server.sessions("ann").await;
    assert_eq!(sessions.len(), 1);
    assert!(told_in_view(&browser.sent().await[before..]) >= 30 * 60_000, "who hears it again is told all of it");
}

async fn a_last_word_goes_out_by_fetch_where_beacons_are_blocked(engine: Engine) {
    let server = Server::preset("demo").await;
    let browser = Browser::start(engine).await;
    for (user, blocked) in
        [("ann", "undefined"), ("bob", "() => { throw new Error('blocked'); }"), ("cleo", "() => false")]
    {
        let site = Site::before(&server, Clock::Real).await;
        site.run_first(&format!("Navigator.prototype.sendBeacon = {blocked};"));
        site.put(HEART, &page::with_heart(&format!("token: '{user}',")), None);
        browser.open(&site.url(HEART)).await;
        browser.until(page::READY).await;
        browser.run("heart.stop()").await;
        let beats = site.beats_until(|beats| beats.iter().any(|beat| beat["state"] == "closed")).await;
        assert_eq!(beats.last().map(|beat| &beat["token"]), Some(&Value::from(user)), "{blocked}");
        assert_eq!(browser.run("return test.faults").await, json!([]), "{blocked}");
    }
}
