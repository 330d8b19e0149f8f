//! `cargo xtask page-cost`: what the client costs a page in a real Chromium, in the same run as its twin in plain
//! JavaScript. A measurement and no test: what a figure is depends on the machine, what two are beside each other less.
#![allow(clippy::expect_used, reason = "a measurement that cannot go on says so by failing")]

mod site;
mod table;

use std::{env, fs};

use serde_json::Value;
use stillhere_tests::{browser::Browser, server::Server};

use crate::{
    site::Site,
    table::{Cost, WAYS},
};

/// What one visit measures. Each needs a page of its own: what is looked at is slowed down by the looking.
const VISITS: [&str; 3] = ["start", "tasks", "work"];

#[tokio::main]
async fn main() {
    let mut arguments = env::args().skip(1);
    let rounds = arguments.next().and_then(|rounds| rounds.parse().ok()).expect("a number of rounds");
    let path = arguments.next().expect("a path for the table");
    let server = Server::preset("demo").await;
    let site = Site::open(server.url("/v1/beat")).await;
    let browser = Browser::as_people_have_it(&[]).await;
    let mut costs = WAYS.map(|_| Cost::default());
    // The first round warms the browser up and does not count.
    for round in 0..=rounds {
        for (way, cost) in WAYS.iter().zip(&mut costs) {
            for visit in VISITS {
                let found = measure(&browser, &site.page(way.key, visit)).await;
                if round > 0 {
                    cost.note(&found);
                }
            }
        }
        println!("  round {round} of {rounds}");
    }
    let table = table::document(&browser.version().await, rounds, &costs);
    fs::write(&path, table).expect("the table can be written");
}

/// What a page has found out about itself.
async fn measure(browser: &Browser, page: &str) -> Value {
    browser.open(page).await;
    browser.until("document.documentElement.dataset.over !== undefined").await;
    let found = browser.run("return window.found").await;
    assert!(found["why"].is_null(), "{page}: {}", found["why"]);
    found
}
