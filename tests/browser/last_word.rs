//! A tab that is closed while its beats do not get through: its last word comes with the origin's next page.

use serde_json::Value;
use stillhere_tests::{
    browser::Browser,
    clock::Clock,
    engine::Engine,
    server::Server,
    site::{BLANK, Site},
};

stories! {
    "a last word that comes later" needs ClosingTab: a_tab_that_is_closed_without_a_network_loses_no_time,
        who_comes_next_says_no_last_word_for_somebody_else;
}

/// Short beats, so that nobody waits for one that fails.
const BRIEF: &str = "interval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 500\n";

/// Starts a heart as this person, until it has been answered.
async fn start(browser: &Browser, who: &str) {
    let script = format!(
        r#"const {{ start }} = await test.import("/client/index.js");
        window.heart = await start({{ token: "{who}" }});
        window.began = performance.now();
        await new Promise((done) => heart.on("beat", ({{ ok }}) => ok && done()));"#
    );
    browser.act(&script).await;
}

/// Who closes a tab while the server is away, and how long they were there.
async fn close_unheard(server: &mut Server, site: &Site, browser: &Browser, who: &str) -> f64 {
    browser.open(&site.url(BLANK)).await;
    browser.open_tab(&site.url(BLANK)).await;
    start(browser, who).await;
    server.kill().await;
    // Not for a beat that failed: where the connection hangs, only the heart's own patience says so.
    browser.act("await new Promise((done) => heart.on('wait', ({ why }) => why === 'retry' && done()));").await;
    let stayed = browser.run("return performance.now() - began").await.as_f64().unwrap_or_default();
    browser.close_tab().await;
    server.restart().await;
    stayed
}

/// Starts a heart in the tab that is left: what the server answered to the word of the other one.
async fn bring(browser: &Browser, who: &str) -> Value {
    let listen = r#"const { fetch } = window;
        window.brought = new Promise((done) => {
          window.fetch = async (url, options) => {
            const answer = await fetch(url, options);
            if (options?.body?.includes("agoMs")) done(answer.status);
            return answer;
          };
        });"#;
    browser.act(listen).await;
    start(browser, who).await;
    browser.act("window.status = await brought;").await;
    browser.run("return Number(window.status)").await
}

async fn a_tab_that_is_closed_without_a_network_loses_no_time(engine: Engine) {
    let mut server = Server::preset_with("demo", BRIEF).await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    let stayed = close_unheard(&mut server, &site, &browser, "ann").await;
    let stored = browser.run("return JSON.stringify(localStorage)").await;
    assert!(stored.as_str().is_some_and(|text| text.contains("closed") && !text.contains("token")), "{stored}");

    let id = server.sessions("ann").await[0]["session"].clone();
    assert_eq!(bring(&browser, "ann").await, 200);
    assert_eq!(browser.run("return localStorage.length").await, 0, "it is said once");
    let sessions = server.sessions("ann").await;
    let of =
        |is_old: bool| sessions.iter().find(|session| (session["session"] == id) == is_old).unwrap_or(&Value::Null);
    let (old, new) = (of(true), of(false));
    assert!(!old.is_null() && !new.is_null(), "two sessions: {sessions:?}");
    assert_eq!((&old["state"], &new["state"] == "closed"), (&Value::from("closed"), false), "{old} {new}");
    let visible = old["visibleMs"].as_f64().unwrap_or_default();
    assert!(visible + 50.0 >= stayed, "{visible} ms recorded, {stayed} ms in truth");
    assert!(old["lastSeenAt"].as_str() < new["startedAt"].as_str(), "it was here until then: {old} {new}");
}

async fn who_comes_next_says_no_last_word_for_somebody_else(engine: Engine) {
    let mut server = Server::preset_with("demo", BRIEF).await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    close_unheard(&mut server, &site, &browser, "ann").await;
    assert_eq!(bring(&browser, "bob").await, 403);
    assert_eq!(browser.run("return localStorage.length").await, 0, "and it is thrown away");
    assert_ne!(server.sessions("ann").await[0]["state"], "closed");
}
