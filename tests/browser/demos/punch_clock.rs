//! The punch clock: in, out, two tabs of one person, and the clock that notices by itself who has gone without a word.

use serde_json::Value;
use stillhere_tests::{engine::Engine, feed::Feed};

use super::Demo;

stories! {
    "the demo of the punch clock" needs Plain:
        two_tabs_keep_an_employee_in_until_both_are_killed_and_the_clock_says_so_once_and_at_once,
        who_looks_away_stays_in_and_who_punches_out_is_out_in_every_tab,
        a_server_that_stops_is_told_in_a_sentence_and_one_that_comes_back_goes_on_by_itself,
        a_visitor_who_leaves_the_demo_leaves_nobody_behind;
}

/// The line of an employee on the manager's board.
fn line(user: &str) -> String {
    format!("[data-testid=employee][data-user={user}]")
}

async fn stands(demo: &Demo, user: &str, word: &str) {
    demo.until(&format!("document.querySelector('{}')?.dataset.stand === '{word}'", line(user))).await;
}

/// Presses a button in the newest tab of somebody, once it can be pressed.
async fn punch(demo: &Demo, user: &str, kind: &str) {
    let before = if kind == "IN" { "out" } else { "in" };
    demo.until(&format!(
        "[...document.querySelectorAll('iframe[data-user={user}]')].at(-1).dataset.stand === '{before}'"
    ))
    .await;
    demo.in_tab(user, &format!("tab.querySelector('[data-act={kind}]').click()")).await;
}

async fn two_tabs_keep_an_employee_in_until_both_are_killed_and_the_clock_says_so_once_and_at_once(engine: Engine) {
    let demo = Demo::open("punch-clock", engine).await;
    demo.are_heard(1).await;
    punch(&demo, "ann", "IN").await;
    stands(&demo, "ann", "in").await;
    demo.says("[data-testid=ann-stand]", "in").await;
    demo.open_tab("ann").await;
    demo.says(&line("ann"), "2 tabs open").await;
    demo.are_heard(2).await;

    // When the toast came, by the clock that the server has too.
    let note = "new MutationObserver(() => { window.toldAt ??= Date.now(); })
        .observe(document.querySelector('.toasts'), { childList: true });";
    demo.browser.run(note).await;
    demo.do_to_tab("ann", "kill").await;
    demo.says(".stage-note", "1 tab is left").await;
    demo.do_to_tab("ann", "kill").await;
    demo.says(&line("ann"), "silent: punched out in").await;
    let sessions = demo.told_to_admin("admin/sessions?user=ann").await;
    let is_open = |session: &Value| session["endedAt"].is_null() && session["state"] != "closed";
    assert!(sessions["sessions"].as_array().is_some_and(|all| all.len() == 2 && all.iter().all(is_open)), "{sessions}");

    // Half a minute is the preset's own; the page counts it down.
    demo.until(
        r"/punched out in 1?\ds/.test(document.querySelector('[data-user=ann][data-testid=employee]').textContent)",
    )
    .await;
    stands(&demo, "ann", "punched out").await;
    demo.says("[data-testid=toast]", "the clock has punched you out").await;
    demo.says("[data-testid=log]", "AUTO_OUT").await;
    let log = demo.told_to_admin("punches").await;
    let kinds: Vec<_> = log["punches"].as_array().into_iter().flatten().map(|row| &row["kind"]).collect();
    assert_eq!(kinds, ["AUTO_OUT", "IN"], "once for two tabs");
    let detected = log["punches"][0]["detectedAt"].as_str().unwrap_or_default();
    let late = demo.browser.run(&format!("return window.toldAt - Date.parse('{detected}')")).await;
    assert!(late.as_i64().is_some_and(|ms| ms < 1_000), "the toast came {late} ms after the clock had noticed");
}

async fn who_looks_away_stays_in_and_who_punches_out_is_out_in_every_tab(engine: Engine) {
    let demo = Demo::open("punch-clock", engine).await;
    demo.open_tab("bob").await;
    demo.are_heard(2).await;
    punch(&demo, "bob", "IN").await;
    stands(&demo, "bob", "in").await;
    demo.do_to_tab("bob", "hide").await;
    demo.until("document.querySelector('iframe[data-user=bob]').dataset.state === 'hidden'").await;
    let sessions = demo.told_to_admin("admin/sessions?user=bob").await;
    assert_eq!(sessions["sessions"][0]["state"], "hidden", "{sessions}");
    stands(&demo, "bob", "in").await;

    demo.open_tab("bob").await;
    demo.are_heard(3).await;
    punch(&demo, "bob", "OUT").await;
    stands(&demo, "bob", "out").await;
    demo.until("[...document.querySelectorAll('iframe[data-user=bob]')].every((tab) => tab.dataset.stand === 'out')")
        .await;
    demo.do_to_tab("bob", "close").await;
    demo.do_to_tab("bob", "close").await;
    demo.says(&line("bob"), "no tab open").await;
    stands(&demo, "bob", "out").await;
}

async fn a_server_that_stops_is_told_in_a_sentence_and_one_that_comes_back_goes_on_by_itself(engine: Engine) {
    let mut demo = Demo::open("punch-clock", engine).await;
    demo.are_heard(1).await;
    punch(&demo, "ann", "IN").await;
    stands(&demo, "ann", "in").await;
    demo.until("document.querySelector('[data-testid=lost]').textContent === ''").await;
    assert!(demo.server.stop().await, "it stops well");
    demo.says("[data-testid=lost]", "The server does not answer. What you see was so when it last did").await;
    // After a restart every token of the one before is none.
    demo.server.restart().await;
    demo.until("document.querySelector('[data-testid=lost]').textContent === ''").await;
    punch(&demo, "ann", "OUT").await;
    stands(&demo, "ann", "out").await;
}

async fn a_visitor_who_leaves_the_demo_leaves_nobody_behind(engine: Engine) {
    let demo = Demo::open("punch-clock", engine).await;
    demo.are_heard(1).await;
    let mut feed = Feed::open_as(&demo.server.url("/punch-clock/v1/feed"), &demo.admins_token().await).await;
    assert_eq!(feed.next_in_words().await, "snapshot 1");
    demo.browser.open(&demo.server.url("/demos/")).await;
    // Not frozen, as a page is that the browser keeps for a return: the clock would wait for half an hour.
    while feed.next_in_words().await != "leave ann closed" {}
}
