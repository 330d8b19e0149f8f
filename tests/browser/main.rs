//! The demo page and pages of the tests' own in real browsers, against a real server: what a person does, and what becomes
//! of it.

// First: the others' tests are made by its macro.
#[macro_use]
mod stories;

mod absence;
mod answers;
mod clocks;
mod dashboard;
mod demos;
mod docs;
mod element;
mod last_word;
mod life;
mod options;
mod page;
mod pages;
mod tasks;
mod watching;

use stillhere_tests::{browser::Browser, site::Site};

/// Every story of every file.
#[cfg(test)]
fn all() -> Vec<stories::Story> {
    let files = [
        absence::STORIES,
        answers::STORIES,
        clocks::STORIES,
        docs::STORIES,
        demos::availability::STORIES,
        demos::module_users::STORIES,
        demos::punch_clock::STORIES,
        demos::session_duration::STORIES,
        demos::who_is_online::STORIES,
        dashboard::STORIES,
        element::STORIES,
        last_word::STORIES,
        life::STORIES,
        options::STORIES,
        pages::STORIES,
        tasks::STORIES,
        watching::STORIES,
    ];
    files.concat()
}

/// The demo page as somebody, once its first beat has been answered.
async fn open_as(browser: &Browser, site: &Site, who: &str) {
    browser.open(&site.url(&format!("/?as={who}"))).await;
    browser.until("document.documentElement.dataset.ready === 'true'").await;
}

/// The status that the page shows for a member; empty when they are not in the list.
async fn status_of(browser: &Browser, who: &str) -> String {
    let script = format!("return document.querySelector('[data-testid=member][data-user=\"{who}\"]')?.dataset.status");
    browser.run(&script).await.as_str().unwrap_or_default().to_owned()
}
