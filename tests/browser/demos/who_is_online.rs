//! Who is online: colleagues who work, rest, look away and leave, and the admin's list of them.

use serde_json::json;
use stillhere_tests::engine::Engine;

use super::Demo;

stories! {
    "the demo of who is online" needs Plain:
        a_colleague_is_online_at_work_away_at_rest_offline_when_hidden_and_gone_when_closed;
}

async fn is(demo: &Demo, user: &str, status: &str) {
    let row = format!("document.querySelector('[data-testid=person-row][data-user={user}]')");
    demo.until(&format!("{row}?.dataset.status === '{status}'")).await;
}

async fn a_colleague_is_online_at_work_away_at_rest_offline_when_hidden_and_gone_when_closed(engine: Engine) {
    let demo = Demo::open("who-is-online", engine).await;
    demo.are_heard(2).await;
    is(&demo, "ann", "online").await;
    is(&demo, "bob", "online").await;
    let cells = "return [...document.querySelectorAll('[data-user=ann] [data-field]')].map((cell) => cell.textContent)";
    let expected = json!(["Ann Miller", "ann", "ann@example.com", "editor", "News", "online", "just now"]);
    assert_eq!(demo.browser.run(cells).await, expected);
    demo.says("[data-testid=total]", "2").await;

    demo.in_tab("bob", "tab.querySelector('[data-act=rest]').click()").await;
    is(&demo, "bob", "away").await;
    demo.says("[data-testid=away-count]", "1").await;
    demo.says("[data-testid=log]", "went away").await;
    demo.in_tab("bob", "tab.querySelector('[data-act=rest]').click()").await;
    is(&demo, "bob", "online").await;

    demo.do_to_tab("ann", "hide").await;
    is(&demo, "ann", "offline").await;
    demo.do_to_tab("ann", "hide").await;
    is(&demo, "ann", "online").await;

    demo.do_to_tab("ann", "close").await;
    demo.until("!document.querySelector('[data-testid=person-row][data-user=ann]')").await;
    demo.says("[data-testid=log]", "left, closed").await;
    demo.says("[data-testid=total]", "1").await;
}
