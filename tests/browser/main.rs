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

use std::collections::BTreeMap;

use serde_json::Value;
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

/// How long a page was in view by all that its heart has told, in ms. Where a test moves the page's clock, the server believes
/// no more of it than has passed on its own.
fn told_in_view(sent: &[Value]) -> u64 {
    let spans = sent.iter().flat_map(|beat| beat["visible"].as_array().into_iter().flatten());
    let ends = spans.filter_map(|span| Some((span[0].as_u64()?, span[1].as_u64()?)));
    let mut longest = BTreeMap::new();
    for (start, end) in ends {
        let known = longest.entry(start).or_insert(end);
        *known = end.max(*known);
    }
    longest.into_iter().map(|(start, end)| end - start).sum()
}

/// The status that the page shows for a member; empty when they are not in the list.
async fn status_of(browser: &Browser, who: &str) -> String {
    let script = format!("return document.querySelector('[data-testid=member][data-user=\"{who}\"]')?.dataset.status");
    browser.run(&script).await.as_str().unwrap_or_default().to_owned()
}
