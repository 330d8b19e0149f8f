//! Session duration: through the e-mail gate to the report, and what is kept of its reader.

use serde_json::json;
use stillhere_tests::engine::Engine;

use super::Demo;

stories! {
    "the demo of session duration" needs Plain:
        a_visitor_comes_through_the_gate_reads_and_finds_their_pages_sessions_and_minutes;
}

async fn a_visitor_comes_through_the_gate_reads_and_finds_their_pages_sessions_and_minutes(engine: Engine) {
    let demo = Demo::open("session-duration", engine).await;
    demo.says("#stays [data-field=empty]", "Nobody has read").await;
    let enter = "document.getElementById('email').value = ' Ann@Example.com';
        document.querySelector('.gate').requestSubmit();";
    demo.browser.run(enter).await;
    demo.arrives("report.html").await;
    demo.says("#own [data-field=whose]", "of ann@example.com, in 2 sessions").await;
    demo.press("[data-act=on]").await;
    demo.until("document.querySelectorAll('[data-field=pages] li').length === 2").await;
    demo.says("[data-field=pages]", "/report/2").await;
    let rows = "return [...document.querySelectorAll('[data-testid=stay-row] [data-field=page]')].map((cell) => cell.textContent)";
    assert_eq!(demo.browser.run(rows).await, json!(["/report/2", "the gate"]));

    demo.press("[data-act=leave]").await;
    demo.arrives("").await;
    demo.until("document.querySelectorAll('[data-testid=stay-row]').length === 2").await;
    demo.until(
        "[...document.querySelectorAll('[data-testid=stay-row]')].every((row) => row.dataset.reason === 'signed_out')",
    )
    .await;
    assert_eq!(
        demo.browser.run("return document.querySelectorAll('iframe').length").await,
        0,
        "the cookie is forgotten"
    );

    // The same visitor again, in two more tabs at once.
    demo.browser.run(enter).await;
    demo.arrives("report.html").await;
    demo.until("document.documentElement.dataset.ready").await;
    demo.browser.open(&demo.server.url("/demos/session-duration/")).await;
    demo.are_heard(1).await;
    demo.open_tab("reader").await;
    demo.are_heard(2).await;
    demo.choose_in_tab("reader", "page", "/report/3").await;
    demo.says("[data-testid=stay-row]", "/report/3").await;
    demo.do_to_tab("reader", "close").await;
    demo.until("document.querySelector('[data-testid=stay-row][data-reason=closed]')").await;
    let history = demo.told_to_admin("admin/users/ann@example.com/history").await;
    let sessions = demo.told_to_admin("admin/sessions?user=ann@example.com").await;
    let sum: u64 =
        sessions["sessions"].as_array().into_iter().flatten().filter_map(|one| one["durationMs"].as_u64()).sum();
    assert_eq!(history["total"]["sessions"], sessions["totals"]["sessions"], "one visitor has many: {sessions}");
    assert!(history["total"]["durationMs"].as_u64().is_some_and(|total| total <= sum), "{history} of {sum}");
}
