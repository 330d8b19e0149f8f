//! What the options change in a real page: what is sent, and what is not.

use std::time::Duration;

use serde_json::Value;
use stillhere_tests::{
    browser::Browser,
    clock::Clock,
    engine::Engine,
    server::Server,
    site::{BLANK, Site},
};

stories! {
    "nobody at work" needs Plain: a_tab_that_nobody_touches_says_so_once_and_is_silent_until_somebody_does,
        only_the_events_that_are_listed_count_as_input;
    "a worker's timer while hidden" needs Plain: a_hidden_tab_with_a_workers_timer_keeps_the_short_promise,
        where_there_can_be_no_worker_a_hidden_tab_makes_the_long_promise;
    "a wish for privacy" needs Plain:
        nothing_is_sent_where_the_browser_asks_for_privacy_and_the_page_respects_it;
    "the package twice in a page" needs Plain: a_page_has_one_heart_even_when_the_package_is_there_twice;
    "applications of one page" needs Plain: the_page_follows_the_path_that_the_application_changes,
        a_page_that_has_a_name_keeps_it;
}

/// A page without a heart of its own, on a clock that only the test moves, that has run `before` and then starts one
/// with these options.
async fn start(browser: &Browser, site: &Site, before: &str, options: &str) {
    browser.open(&site.url(BLANK)).await;
    let script = format!(
        r#"window.said = [];
        for (const kind of ["info", "warn", "error"]) console[kind] = (...words) => said.push(words.join(" "));
        {before}
        const {{ start }} = await test.import("/client/index.js");
        window.heart = await start({{ token: "ann@example.com", ...{options} }});"#
    );
    browser.act(&script).await;
    browser.pass(Duration::ZERO).await;
}

async fn demo(engine: Engine) -> (Server, Site, Browser) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    (server, site, Browser::start(engine).await)
}

async fn newest(browser: &Browser) -> Value {
    browser.pass(Duration::ZERO).await;
    browser.sent().await.pop().unwrap_or_default()
}

const TOUCH: &str = "dispatchEvent(new Event('pointerdown'));";

async fn a_tab_that_nobody_touches_says_so_once_and_is_silent_until_somebody_does(engine: Engine) {
    let (server, site, browser) = demo(engine).await;
    start(&browser, &site, "", "{ idleAfterMs: 60000 }").await;
    browser.pass(Duration::from_secs(60 * 60)).await;
    let sent = browser.sent().await;
    let last = &sent[sent.len() - 1];
    assert_eq!((&last["idle"], &last["nextMs"]), (&Value::Bool(true), &Value::Null), "{last}");
    assert_eq!(last["at"], 60_000.0, "and that was when it became idle");
    assert_eq!(browser.run("return heart.next.why").await, "idle");
    let session = &server.sessions("ann@example.com").await[0];
    assert_eq!(session["reason"], Value::Null, "it is held: {session}");

    browser.act(TOUCH).await;
    let back = newest(&browser).await;
    assert_eq!((&back["idle"], &back["nextMs"]), (&Value::Null, &Value::from(5_000)), "at once");
    assert_eq!(browser.sent().await.len(), sent.len() + 1);
}

async fn a_hidden_tab_with_a_workers_timer_keeps_the_short_promise(engine: Engine) {
    let (_server, site, browser) = demo(engine).await;
    start(&browser, &site, "", "{ hiddenTimer: 'worker' }").await;
    // The worker has answered once when a second one, made later, has.
    browser.act("await new Promise((done) => { new Worker(URL.createObjectURL(new Blob(['postMessage(0)']))).onmessage = done; });").await;
    browser.hide().await;
    let hidden = newest(&browser).await;
    assert_eq!((hidden["state"].as_str(), &hidden["nextMs"]), (Some("hidden"), &Value::from(5_000)));
}

async fn where_there_can_be_no_worker_a_hidden_tab_makes_the_long_promise(engine: Engine) {
    let (_server, site, browser) = demo(engine).await;
    let policy = r#"const policy = document.createElement("meta");
        policy.httpEquiv = "Content-Security-Policy"; policy.content = "worker-src 'none'";
        document.head.append(policy);"#;
    for before in [policy, "window.Worker = undefined;"] {
        start(&browser, &site, before, "{ hiddenTimer: 'worker' }").await;
        browser.hide().await;
        let hidden = newest(&browser).await;
        assert_eq!((hidden["state"].as_str(), &hidden["nextMs"]), (Some("hidden"), &Value::from(75_000)), "{before}");
        browser.show().await;
    }
}

async fn only_the_events_that_are_listed_count_as_input(engine: Engine) {
    let (_server, site, browser) = demo(engine).await;
    start(&browser, &site, "", "{ activityEvents: ['keydown', 'play'] }").await;
    browser.act(TOUCH).await;
    browser.pass(Duration::from_secs(30)).await;
    assert_eq!(newest(&browser).await["activeMs"], 0);
    browser.act("dispatchEvent(new Event('play'));").await;
    browser.pass(Duration::from_secs(30)).await;
    assert_eq!(newest(&browser).await["activeMs"], 5_000);
}

async fn nothing_is_sent_where_the_browser_asks_for_privacy_and_the_page_respects_it(engine: Engine) {
    let (_server, site, browser) = demo(engine).await;
    let privacy = "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true });";
    start(&browser, &site, privacy, "{ respectGpc: true }").await;
    browser.act(&format!("heart.beatNow(); {TOUCH}")).await;
    browser.pass(Duration::from_secs(60)).await;
    assert_eq!(browser.sent().await.len(), 0);
    assert_eq!(browser.run("return heart.isRunning").await, false);
    let said = browser.run("return said").await;
    assert_eq!(said.as_array().map(Vec::len), Some(1), "{said}");
    assert!(said[0].as_str().is_some_and(|line| line.contains("asks for privacy")), "{said}");
    start(&browser, &site, privacy, "{}").await;
    assert_eq!(browser.sent().await.len(), 1, "where the page does not, it is sent");
}

async fn a_page_has_one_heart_even_when_the_package_is_there_twice(engine: Engine) {
    let (_server, site, browser) = demo(engine).await;
    start(&browser, &site, "", "{}").await;
    let again = r#"
        const { start } = await test.import("/client/slim.js");
        window.other = await start({ token: "ann@example.com" });"#;
    browser.act(again).await;
    browser.pass(Duration::from_secs(60)).await;
    assert_eq!(browser.run("return other === heart").await, true);
    let sessions = browser.sent().await.into_iter().map(|beat| beat["session"].to_string());
    assert_eq!(sessions.collect::<std::collections::BTreeSet<_>>().len(), 1);

    browser.act(&format!("heart.stop(); {again}")).await;
    browser.pass(Duration::ZERO).await;
    assert_eq!(browser.run("return [other === heart, other.isRunning]").await, serde_json::json!([false, true]));
}

async fn the_page_follows_the_path_that_the_application_changes(engine: Engine) {
    let (_server, site, browser) = demo(engine).await;
    let without_navigation = "Object.defineProperty(window, 'navigation', { value: undefined });";
    // Where nothing tells of it, the input that led to it does, a second later.
    for (before, go, after) in [
        ("", "history.pushState(0, '', '/orders/17');", 0),
        (without_navigation, &format!("{TOUCH} history.pushState(0, '', '/orders/17');"), 1),
    ] {
        start(&browser, &site, before, "{}").await;
        // An engine that has none plays only the second part.
        if before.is_empty() && browser.run("return !window.navigation").await == true {
            continue;
        }
        assert_eq!(newest(&browser).await["page"], BLANK);
        browser.act(go).await;
        browser.pass(Duration::from_secs(after)).await;
        assert_eq!(newest(&browser).await["page"], "/orders/17", "{before}");
        browser
            .act("const gone = new Promise((done) => addEventListener('popstate', done)); history.back(); await gone;")
            .await;
        assert_eq!(newest(&browser).await["page"], BLANK, "{before}");
        let sent = browser.sent().await.len();
        browser.act("heart.stop(); history.pushState(0, '', '/orders/18');").await;
        browser.pass(Duration::from_secs(60)).await;
        assert_eq!(browser.sent().await.len(), sent + 1, "the last word, and nothing after it");
    }
}

async fn a_page_that_has_a_name_keeps_it(engine: Engine) {
    let (_server, site, browser) = demo(engine).await;
    start(&browser, &site, "", "{ page: 'orders' }").await;
    browser.act(&format!("{TOUCH} history.pushState(0, '', '/orders/17');")).await;
    browser.pass(Duration::from_secs(60)).await;
    assert_eq!(newest(&browser).await["page"], "orders");
    browser.act("heart.setPage('order 17'); history.pushState(0, '', '/orders/18');").await;
    browser.pass(Duration::from_secs(60)).await;
    assert_eq!(newest(&browser).await["page"], "order 17");
}
