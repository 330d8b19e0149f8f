//! A page that is there, and something that is not: whoever looks at it, the keyboard, the network, the machine itself.

use std::time::Duration;

use serde_json::{Value, json};
use stillhere_tests::{
    browser::Browser,
    clock::Clock,
    engine::Engine,
    server::Server,
    site::{BLANK, Manner, Site},
};

use crate::{
    page::{self, HEART},
    told_in_view,
};

stories! {
    "prerender" needs Prerender: a_page_that_is_drawn_ahead_of_time_beats_when_somebody_sees_it_and_not_before;
    "offline and online" needs Offline: a_page_that_is_online_again_is_heard_within_a_second;
    "sleep and wake" needs Plain: a_sleep_of_the_machine_is_no_visible_time_and_ends_with_a_beat;
    "focus and blur" needs Blur: whether_the_keyboard_goes_to_the_page_is_told;
}

/// The page's heart on a fake clock, once its first beat is answered.
async fn begin(site: &Site, browser: &Browser, options: &str) {
    site.put(HEART, &page::with_heart(options), None);
    browser.open(&site.url(HEART)).await;
    browser.until(page::READY).await;
}

/// Has the browser draw the heart's page, as if somebody were about to ask for it.
const DRAW: &str = r#"const rules = document.createElement("script");
    rules.type = "speculationrules";
    rules.textContent = JSON.stringify({ prerender: [{ urls: ["/test/heart"], eagerness: "immediate" }] });
    document.head.append(rules);"#;

async fn a_page_that_is_drawn_ahead_of_time_beats_when_somebody_sees_it_and_not_before(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    // It tells when its heart has started, and after it has been asked for a beat in vain.
    let tell = r#"<script type="module">
        await new Promise((done) => {
          const look = () => window.heart && done();
          new MutationObserver(look).observe(document.documentElement, { attributes: true });
          look();
        });
        window.wasDrawnAhead = document.prerendering;
        heart.beatNow();
        await fetch("/test/note", { method: "POST", body: `drawn ahead: ${document.prerendering}` });
        </script>"#;
    site.put(HEART, &format!("{}{tell}", page::with_heart("")), None);
    let browser = Browser::start(engine).await;
    browser.open(&site.url(BLANK)).await;
    browser.run(DRAW).await;
    site.told("drawn ahead: true").await;
    assert_eq!(site.beats(), Vec::<Value>::new(), "nobody has seen it");

    browser.run("location.href = '/test/heart'").await;
    let beats = site.beats_until(|beats| !beats.is_empty()).await;
    browser.until(page::READY).await;
    assert_eq!(browser.run("return wasDrawnAhead").await, true, "it is the page that was drawn ahead");
    assert_eq!((&beats[0]["seq"], &beats[0]["t"]), (&json!(1), &json!(0)), "its stay begins with that: {}", beats[0]);
    assert_ne!(beats[0]["state"], "hidden");
    assert_eq!(server.sessions("ann").await.len(), 1);
}

async fn a_page_that_is_online_again_is_heard_within_a_second(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    let browser = Browser::start(engine).await;
    begin(&site, &browser, "").await;
    // A Firefox that is offline still reaches its own machine, where the site is.
    site.behave(Manner::Gone);
    browser.unplug().await;
    browser.pass(Duration::from_secs(3 * 60)).await;
    // By chance the next try may be so near that nobody could say what it answers.
    while browser.run("return heart.next.inMs < 10_000").await == true {
        browser.pass(Duration::from_secs(10)).await;
    }
    let before = browser.sent().await.len();
    let answered = browser.run("return heard.beat.filter(({ ok }) => ok).length").await;
    site.behave(Manner::Open);
    browser.plug_in().await;
    browser.pass(Duration::from_secs(1)).await;
    assert_eq!(browser.sent().await.len(), before + 1, "tried again");
    let now = browser.run("return heard.beat.filter(({ ok }) => ok).length").await;
    assert_eq!(now.as_u64(), answered.as_u64().map(|beats| beats + 1), "and answered");
    assert!(told_in_view(&browser.sent().await[before..]) >= 3 * 60_000, "nothing of the time is lost");
}

async fn a_sleep_of_the_machine_is_no_visible_time_and_ends_with_a_beat(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    let browser = Browser::start(engine).await;
    // Some systems stop the page's clock and its timers while they sleep: then the next look at both clocks shows it. With
    // others a timer is far too late.
    for (asleep, latest) in [("test.sleep(3_600_000)", 120_000.0), ("test.sleepOnBothClocks(3_600_000)", 3_690_000.0)] {
        // At a pace that would not notice for long.
        begin(&site, &browser, "intervalMs: 600_000,").await;
        browser.pass(Duration::from_secs(90)).await;
        let before = browser.sent().await.len();
        browser.run(asleep).await;
        browser.pass(Duration::from_secs(60)).await;
        let sent = browser.sent().await;
        assert_eq!(sent.len(), before + 1, "{asleep}: {sent:?}");
        let awake = &sent[before];
        assert!(awake["at"].as_f64() <= Some(latest), "{asleep}: {awake}");
        assert!(awake["t"].as_u64() >= Some(3_660_000), "the sleep is a part of the stay: {awake}");
        let spans = awake["visible"].as_array().cloned().unwrap_or_default();
        let seen: u64 = spans.iter().filter_map(|span| Some(span[1].as_u64()? - span[0].as_u64()?)).sum();
        assert!(spans.len() == 2 && seen <= 150_000, "{asleep}: who sleeps sees nothing: {awake}");
        browser.run("heart.signOut()").await;
    }
}

async fn whether_the_keyboard_goes_to_the_page_is_told(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    let browser = Browser::start(engine).await;
    begin(&site, &browser, "").await;
    // A window in front of half of the page takes the keyboard, and its end gives it back.
    for (does, has_focus, state) in
        [("window.other = open('/test/blank', '_blank', 'popup')", false, "passive"), ("other.close()", true, "active")]
    {
        browser.run(does).await;
        browser.until(&format!("document.hasFocus() === {has_focus}")).await;
        let before = browser.sent().await.len();
        browser.pass(Duration::from_secs(20)).await;
        let sent = browser.sent().await;
        let since = &sent[before..];
        assert!(!since.is_empty() && since.iter().all(|beat| beat["state"] == state), "{does}: {since:?}");
    }
}
