//! `cargo xtask browser-facts`: what the simulation plays, measured in a real Chromium. Some minutes of real time, so
//! it is no test: run it when the browser or the model has changed, and look at what differs.
#![allow(clippy::expect_used, reason = "a measurement that cannot go on says so by failing")]

mod life;
mod site;
mod table;
mod throttling;

use std::{fs, path::Path};

use stillhere_tests::browser::Browser;

#[tokio::main]
async fn main() {
    let browser = Browser::as_people_have_it(&[]).await;
    let version = browser.version().await;
    let date = browser.run("return new Date().toISOString().slice(0, 10)").await;
    drop(browser);
    println!("  {version}: the life of a page");
    let mut facts = life::measure().await;
    println!("  {version}: timers of hidden pages");
    let mut timers = throttling::measure().await;
    timers.append(&mut facts);
    let text = table::document(&version, date.as_str().unwrap_or_default(), &timers);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("simulation/CHROMIUM.md");
    fs::write(&path, &text).expect("the table can be written");
    print!("\n{text}\n  {}\n", path.display());
}
