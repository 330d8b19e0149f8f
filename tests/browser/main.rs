//! The demo page in a real browser, against a real server: what a person does, and what becomes of it.

mod clocks;
mod element;
mod life;
mod watching;

use stillhere_tests::{browser::Browser, server::Server};

/// The demo page as somebody, once its first beat has been answered.
async fn open_as(browser: &Browser, server: &Server, who: &str) {
    browser.open(&server.url(&format!("/?as={who}"))).await;
    browser.until("document.documentElement.dataset.ready === 'true'").await;
}

/// The status that the page shows for a member; empty when they are not in the list.
async fn status_of(browser: &Browser, who: &str) -> String {
    let script = format!("return document.querySelector('[data-testid=member][data-user=\"{who}\"]')?.dataset.status");
    browser.run(&script).await.as_str().unwrap_or_default().to_owned()
}
