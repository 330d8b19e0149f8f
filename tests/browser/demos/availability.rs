//! Availability: therapists who log in and out, the public list, and the word to whoever waits for one of them.

use stillhere_tests::engine::Engine;

use super::Demo;

stories! {
    "the demo of availability" needs Plain: a_client_sees_who_can_be_reached_and_is_told_when_the_one_they_want_is_back;
}

/// Waits until the public list has somebody in this status, with this label.
async fn is(demo: &Demo, user: &str, status: &str, label: &str) {
    let row = format!("document.querySelector('[data-testid=therapist][data-user={user}]')");
    demo.until(&format!("{row}?.dataset.status === '{status}' && {row}.textContent.includes('{label}')")).await;
}

async fn a_client_sees_who_can_be_reached_and_is_told_when_the_one_they_want_is_back(engine: Engine) {
    let demo = Demo::open("availability", engine).await;
    demo.are_heard(2).await;
    is(&demo, "ada", "online", "here now").await;
    is(&demo, "ben", "online", "here now").await;
    is(&demo, "cora", "available", "not seen lately").await;

    // Logged out, and closed: both were seen a moment ago.
    demo.in_tab("ben", "tab.querySelector('[data-act=logout]').click()").await;
    demo.until("document.querySelector('iframe[data-user=ben]').dataset.running === 'false'").await;
    is(&demo, "ben", "online", "seen just now").await;
    demo.do_to_tab("ada", "close").await;
    is(&demo, "ada", "online", "seen just now").await;

    // Who is not waited for comes back without a word.
    let tell = "[data-testid=therapist][data-user=ada] [data-act=tell]";
    demo.press(tell).await;
    demo.until(&format!("document.querySelector('{tell}').getAttribute('aria-pressed') === 'true'")).await;
    demo.in_tab("ben", "tab.querySelector('[data-act=login]').click()").await;
    is(&demo, "ben", "online", "here now").await;
    assert_eq!(demo.browser.run("return document.querySelectorAll('[data-testid=toast]').length").await, 0);
    demo.open_tab("ada").await;
    demo.says("[data-testid=toast]", "Dr. Ada Brook is back.").await;
    is(&demo, "ada", "online", "here now").await;

    // What was told is told: the next time it has to be asked for again.
    demo.do_to_tab("ada", "close").await;
    is(&demo, "ada", "online", "seen just now").await;
    demo.until(&format!("document.querySelector('{tell}').getAttribute('aria-pressed') === 'false'")).await;
}
