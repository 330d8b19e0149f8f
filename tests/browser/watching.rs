//! Who watches: one stream for all tabs of a person, which changes hands without a loss.

use std::time::Duration;

use serde_json::Value;
use stillhere_tests::{
    beat::first,
    browser::Browser,
    clock::Clock,
    engine::Engine,
    server::{PATIENCE, Server},
    site::{BLANK, Site},
    token::{ENVIRONMENT, token},
};

stories! {
    "watching" needs Plain: tabs_that_watch_the_same_as_the_same_person_share_one_stream,
        a_tab_that_leads_closes_and_no_join_is_lost_or_told_twice,
        a_late_tab_is_told_by_the_leader_who_is_here,
        a_leader_that_hangs_loses_the_lock,
        a_token_that_is_over_is_renewed_and_a_refusal_is_told_in_words,
        live_an_employees_page_is_told_of_their_punches,
        numbers_are_told_to_every_tab_and_a_late_one_gets_them_from_the_leader,
        who_stops_watching_leaves_nothing_behind;
    "tabs that nobody looks at" needs Tabs:
        a_tab_that_nobody_looks_at_gives_its_line_to_others_and_takes_it_up_again;
    "watching from a page in the back/forward cache" needs CacheOfWatchers:
        a_page_in_the_back_forward_cache_holds_nothing_and_comes_back_up_to_date;
    "watching from a frozen page" needs Freeze: a_frozen_tab_hands_the_stream_on_and_is_up_to_date_when_it_thaws;
}

/// Watches in this page, and writes down in the document what it is told, in words.
const WATCH: &str = r#"
    window.follow = async (options = {}) => {
        const { watch } = await test.import("/client/watch.js");
        window.here = watch({ endpoint: "/v1", token: "ann", channel: "site", ...options });
        window.told = [];
        const data = document.documentElement.dataset;
        const tell = (words) => { told.push(words); data.told = told.join(", "); };
        for (const kind of ["join", "leave"]) here.on(kind, (event) => tell(`${kind} ${(event.member ?? event).user}`));
        here.on("snapshot", ({ members }) => tell(`snapshot ${members.length}`));
        here.on("state", ({ phase }) => { data.phase = phase; });
        here.on("error", ({ code, message }) => { data.error = `${code}: ${message}`; });
    };"#;

/// Opens another tab, `window.other`, and defines the same there.
const OTHER: &str = r#"
    window.other = open("/test/blank", "_blank", "popup");
    await new Promise((done) => { other.onload = done; });
    // What it is told shows here too, as only this page is looked at.
    const shown = new other.MutationObserver(() => {
        const { told = "", phase = "" } = other.document.documentElement.dataset;
        Object.assign(document.documentElement.dataset, { othersTold: told, othersPhase: phase });
    });
    shown.observe(other.document.documentElement, { attributes: true });"#;

/// A page without a heart or watch of its own, that can watch.
async fn open_page(browser: &Browser, site: &Site) {
    browser.open(&site.url(BLANK)).await;
    browser.act(WATCH).await;
}

/// Another tab beside it, that can watch too.
async fn open_other(browser: &Browser) {
    browser.act(&format!("{OTHER} other.eval({});", Value::from(WATCH))).await;
}

/// Waits until the page, or the other one, has been told this last.
async fn told(browser: &Browser, words: &str) {
    browser.until(&format!("document.documentElement.dataset.told?.endsWith('{words}')")).await;
}

async fn other_told(browser: &Browser, words: &str) {
    browser.until(&format!("document.documentElement.dataset.othersTold?.endsWith('{words}')")).await;
}

/// How many lines the server has, once they are so many.
async fn lines(server: &Server, wanted: usize) {
    let wanted = format!("\nstillhere_watchers {wanted}\n");
    let come = async { while !server.metrics().await.contains(&wanted) {} };
    assert!(tokio::time::timeout(PATIENCE, come).await.is_ok(), "the server never has{wanted}");
}

async fn tabs_that_watch_the_same_as_the_same_person_share_one_stream(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    open_other(&browser).await;
    browser.act("await follow(); await other.follow(); await follow();").await;
    told(&browser, "snapshot 0").await;
    other_told(&browser, "snapshot 0").await;
    server.beat(first('B', "bob")).await;
    told(&browser, "join bob").await;
    other_told(&browser, "join bob").await;
    lines(&server, 1).await;

    // Somebody else's stream is not theirs, and neither is one about something else.
    browser.act("await follow({ token: 'bob' });").await;
    told(&browser, "snapshot 1").await;
    lines(&server, 2).await;
    browser.act("await follow({ channel: 'elsewhere' });").await;
    told(&browser, "snapshot 0").await;
    lines(&server, 3).await;
}

async fn a_tab_that_leads_closes_and_no_join_is_lost_or_told_twice(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    open_other(&browser).await;
    browser.act("await other.follow();").await;
    other_told(&browser, "snapshot 0").await;
    browser.act("await follow();").await;
    told(&browser, "snapshot 0").await;
    for (number, letter) in ('a'..='p').enumerate() {
        if number == 5 {
            browser.run("other.close()").await;
        }
        server.beat(first(letter, &format!("user-{letter}"))).await;
    }
    told(&browser, "join user-p").await;
    let expected: Vec<_> = ('a'..='p').map(|letter| format!("join user-{letter}")).collect();
    assert_eq!(browser.run("return told.slice(1)").await, Value::from(expected));
    lines(&server, 1).await;
}

async fn a_late_tab_is_told_by_the_leader_who_is_here(engine: Engine) {
    let mut server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    server.beat(first('B', "bob")).await;
    open_page(&browser, &site).await;
    browser.act("await follow();").await;
    told(&browser, "snapshot 1").await;
    open_other(&browser).await;
    browser.act("await other.eval(`import('/client/watch.js')`);").await;
    // It cannot have it from anywhere else.
    server.kill().await;
    browser.until("document.documentElement.dataset.phase === 'reconnecting'").await;
    browser.act("await other.follow();").await;
    other_told(&browser, "snapshot 1").await;
    browser.until("document.documentElement.dataset.othersPhase === 'reconnecting'").await;

    server.restart().await;
    browser.act("other.here.reconnect();").await;
    browser.until("document.documentElement.dataset.othersPhase === 'live'").await;
    lines(&server, 1).await;
}

async fn a_frozen_tab_hands_the_stream_on_and_is_up_to_date_when_it_thaws(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    browser.act("await follow();").await;
    told(&browser, "snapshot 0").await;
    open_other(&browser).await;
    browser.act("await other.follow();").await;
    other_told(&browser, "snapshot 0").await;
    let holder = "return navigator.locks.query().then(({ held }) => held.map(({ clientId }) => clientId).join())";
    let before = browser.run(holder).await;
    browser.freeze().await;
    server.beat(first('B', "bob")).await;
    lines(&server, 1).await;
    browser.thaw().await;
    told(&browser, "join bob").await;
    other_told(&browser, "join bob").await;
    assert_ne!(browser.run(holder).await, before, "the other one leads now");
    lines(&server, 1).await;
}

async fn a_page_in_the_back_forward_cache_holds_nothing_and_comes_back_up_to_date(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    browser.open(&site.url("/?as=ann")).await;
    browser.until("document.querySelector('[data-testid=member][data-user=ann]')").await;
    browser.run("window.isTheSame = true").await;
    lines(&server, 1).await;
    browser.open(&site.url(BLANK)).await;
    lines(&server, 0).await;
    let locks = browser.run("return navigator.locks.query().then(({ held, pending }) => held.length + pending.length)");
    assert_eq!(locks.await, 0);
    server.beat(first('B', "bob")).await;
    browser.back().await;
    browser.until("document.querySelector('[data-testid=member][data-user=bob]')").await;
    assert_eq!(browser.run("return window.isTheSame").await, true, "it came out of the cache");
    browser.until("document.querySelector('[data-testid=feed-state]').textContent === 'live'").await;
    lines(&server, 1).await;
}

async fn a_tab_that_nobody_looks_at_gives_its_line_to_others_and_takes_it_up_again(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    browser.act("await follow();").await;
    told(&browser, "snapshot 0").await;
    open_other(&browser).await;
    browser.hide().await;
    for person in ["bob", "cat"] {
        browser.act(&format!("await other.follow({{ token: '{person}' }});")).await;
        other_told(&browser, "snapshot 0").await;
    }
    lines(&server, 3).await;
    browser.act("await other.follow({ token: 'dan' });").await;
    browser.until("document.documentElement.dataset.phase === 'resting'").await;
    lines(&server, 3).await;
    server.beat(first('B', "bob")).await;
    browser.show().await;
    told(&browser, "join bob").await;
    lines(&server, 4).await;
}

async fn a_leader_that_hangs_loses_the_lock(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    browser.act("await follow();").await;
    told(&browser, "snapshot 0").await;
    // Somebody who has the lock and does nothing with it.
    let hang = "const { held: [{ name }] } = await navigator.locks.query();
                here.stop();
                await new Promise((held) => {
                    const forever = () => new Promise(held);
                    navigator.locks.request(name, forever).catch(() => { document.documentElement.dataset.isRobbed = true; });
                });";
    browser.act(hang).await;
    browser.act("await follow();").await;
    browser.pass(Duration::from_secs(99)).await;
    assert_eq!(browser.run("return here.state.phase").await, "connecting");
    browser.pass(Duration::from_secs(2)).await;
    told(&browser, "snapshot 0").await;
    browser.until("document.documentElement.dataset.isRobbed").await;
}

async fn a_token_that_is_over_is_renewed_and_a_refusal_is_told_in_words(engine: Engine) {
    let settings = "auth = \"jwt\"\nvisibility = \"own\"\n";
    let server = Server::start(&["--preset", "demo"], settings, &ENVIRONMENT).await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    let (good, user) = (token("boss", "admin"), token("ann", "user"));
    // The same claims, under another signature.
    let bad = format!("{}x", &good[..good.len() - 1]);
    browser.act(&format!("const tokens = ['{bad}', '{good}']; await follow({{ token: () => tokens.shift() }});")).await;
    told(&browser, "snapshot 0").await;

    browser.act(&format!("await follow({{ token: '{user}' }});")).await;
    browser.until("document.documentElement.dataset.phase === 'refused'").await;
    let said = browser.run("return document.documentElement.dataset.error").await;
    assert!(said.as_str().is_some_and(|said| said.starts_with("not_allowed: ")), "{said}");
}

async fn live_an_employees_page_is_told_of_their_punches(engine: Engine) {
    let server = Server::preset("punch-clock").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    let watch = "const { watch } = await test.import('/client/watch.js');
        const mine = watch({ user: 'berta', token: 'berta' });
        mine.on('punch', ({ kind }) => { document.documentElement.dataset.punch = kind; });
        mine.on('change', () => { document.documentElement.dataset.known = mine.isKnown; });";
    browser.act(watch).await;
    browser.until("document.documentElement.dataset.known === 'true'").await;
    assert_eq!(server.beat(first('B', "berta")).await.status, 200);
    let headers = [("authorization", "Bearer berta"), ("content-type", "application/json")];
    let punch = server.send(reqwest::Method::POST, "/v1/punches", Some("{\"kind\":\"IN\"}".into()), &headers);
    assert_eq!(punch.await.status, 200);
    browser.until("document.documentElement.dataset.punch === 'IN'").await;
}

async fn numbers_are_told_to_every_tab_and_a_late_one_gets_them_from_the_leader(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    let count = "const { watch } = await test.import('/client/watch.js');
        const data = document.documentElement.dataset;
        for (const name of ['early', 'late']) {
            const here = watch({ counts: true, token: 'ann', onChange({ counts }) {
                data[name] = counts.map(({ channel, users }) => `${channel} ${users}`).join();
            } });
            await new Promise((done) => here.on('snapshot', done));
        }";
    server.beat(first('B', "bob")).await;
    browser.act(count).await;
    for name in ["early", "late"] {
        browser.until(&format!("document.documentElement.dataset.{name} === 'site 1'")).await;
    }
    lines(&server, 1).await;
    server.beat(first('C', "cat")).await;
    for name in ["early", "late"] {
        browser.until(&format!("document.documentElement.dataset.{name} === 'site 2'")).await;
    }
}

async fn who_stops_watching_leaves_nothing_behind(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    browser.act("await follow(); window.first = here; await follow();").await;
    told(&browser, "snapshot 0").await;
    lines(&server, 1).await;
    browser.run("first.stop(); here.stop(); here.stop();").await;
    lines(&server, 0).await;
    let locks = "return navigator.locks.query().then(({ held, pending }) => held.length + pending.length)";
    assert_eq!(browser.run(locks).await, 0);
    assert_eq!(browser.run("return here.state.phase").await, "stopped");
    browser
        .run("dispatchEvent(new Event('online')); document.dispatchEvent(new Event('resume')); here.reconnect();")
        .await;
    browser.act("await follow();").await;
    told(&browser, "snapshot 0").await;
    lines(&server, 1).await;
}
