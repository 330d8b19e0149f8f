//! `cargo xtask dashboard-frames`: how smoothly the dashboard of a real server follows ten thousand people in a real
//! Chromium, of whom two hundred change in a second. A measurement and no test: it goes by the clock, and what it finds
//! depends on the machine; but a page that is slow on this one is slow.
#![allow(clippy::expect_used, reason = "a measurement that cannot go on says so by failing")]

mod crowd;
mod table;

use std::{env, fs, process::ExitCode};

use serde_json::Value;
use stillhere_tests::{browser::Browser, machine, server::Server};

use crate::{
    crowd::{Crowd, PEOPLE, SETTINGS},
    table::Smoothness,
};

const MEASURE: &str = include_str!("measure.js");

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).expect("a number of seconds");
    let path = arguments.next().expect("a path for the table");
    let profile = arguments.next();
    let load = machine::load();
    let server = Server::preset_with("demo", SETTINGS).await;
    let mut crowd = Crowd::gather(&server).await;
    println!("  {PEOPLE} people are here");
    let browser = Browser::as_people_have_it(&[]).await;
    browser.show().await;
    browser.open(&server.url("/dashboard/")).await;
    browser.until(&format!("{SHOWN} === {PEOPLE}")).await;
    browser.act(MEASURE).await;

    let still = look(&browser, seconds).await;
    println!("  looked on while nothing changes");
    let looking = async {
        if profile.is_some() {
            browser.begin_profile().await;
        }
        let busy = look(&browser, seconds).await;
        if let Some(profile) = &profile {
            fs::write(profile, browser.end_profile().await.to_string()).expect("the profile can be written");
        }
        busy
    };
    let before = changes(&server).await;
    let busy = follow(&mut crowd, looking).await;
    // Every single one comes in the end, and what is shown is what they add up to.
    browser.until(&format!("{SHOWN} === {}", crowd.here())).await;
    let made = changes(&server).await - before;
    browser.until(&format!("smoothness.counted.changes === {made}")).await;
    println!("  {made} changes were made, and the page has taken all of them");

    let table = table::document(&browser.version().await, seconds, &still, &busy, load);
    print!("{table}");
    fs::write(&path, table).expect("the table can be written");
    match busy.complaint(&still) {
        None => ExitCode::SUCCESS,
        Some(complaint) => {
            eprintln!("{complaint}");
            ExitCode::FAILURE
        }
    }
}

/// How many the page says are here, however it writes thousands.
const SHOWN: &str = "Number(document.querySelector('[data-testid=people]').textContent.replace(/\\D/g, ''))";

/// The crowd works for as long as somebody looks: what they have seen.
async fn follow(crowd: &mut Crowd, looking: impl Future<Output = Smoothness>) -> Smoothness {
    let mut seen = None;
    crowd.work(async { seen = Some(looking.await) }).await;
    seen.expect("the crowd works until it was seen")
}

/// How many changes the server has told.
async fn changes(server: &Server) -> f64 {
    let metrics = server.metrics().await;
    let series = metrics.lines().filter(|line| line.starts_with("stillhere_changes_total{"));
    series.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
}

/// What the page finds out about itself in so many seconds, which are fewer than a browser is waited for.
async fn look(browser: &Browser, seconds: u64) -> Smoothness {
    browser.run(&format!("smoothness.look({seconds})")).await;
    browser.until("document.documentElement.dataset.over !== undefined").await;
    let found: Value = browser.run("return smoothness.found").await;
    assert!(found["why"].is_null(), "{}", found["why"]);
    found.into()
}
