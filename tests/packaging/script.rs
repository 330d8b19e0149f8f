//! The script tag: starts by itself, with what its element says.

use std::{path::Path, process::Command};

use serde_json::{Value, json};
use stillhere_tests::{browser::Browser, server::Server};

use crate::{READY, address, app::App, beats_until_it_is_left, open, server_for, site::Site};

async fn pages() -> (App, Site) {
    let app = App::build("script-tag").await;
    let site = Site::open(app.pages(), None).await;
    (app, site)
}

async fn open_with(page: &str, more: &[(&str, &str)]) -> (Site, Server, Browser) {
    let (_, site) = pages().await;
    let server = server_for(&site.origin).await;
    // Where the server has the client that it brings.
    let client = server.url("/client");
    let more = [more, &[("client", client.as_str())]].concat();
    let browser = open(&address(&site.origin, page, &server, &more)).await;
    (site, server, browser)
}

#[tokio::test]
async fn a_script_tag_beats_wherever_it_stands_and_whenever_it_comes() {
    let (_, site) = pages().await;
    for page in ["index.html", "defer.html", "async.html"] {
        beats_until_it_is_left(&site.origin, page).await;
    }
}

#[tokio::test]
async fn a_page_with_the_script_twice_has_one_heart() {
    let (_site, server, browser) = open_with("twice.html", &[]).await;
    browser.until(READY).await;
    browser.act("(await stillhere.heart).beatNow();").await;
    assert_eq!(server.sessions("ann").await.len(), 1);
    assert_eq!(browser.run("return [...complaints, ...thrown]").await, json!([]));
}

#[tokio::test]
async fn a_page_with_the_script_and_both_modules_has_one_heart() {
    let (_site, server, browser) = open_with("copies.html", &[]).await;
    browser.until(READY).await;
    browser.act("(await stillhere.heart).beatNow();").await;
    assert_eq!(browser.run("return new Set(hearts).size").await, 1);
    assert_eq!(server.sessions("ann").await.len(), 1);
    assert_eq!(browser.run("return [...complaints, ...thrown]").await, json!([]));
}

#[tokio::test]
async fn every_kind_of_option_can_be_said_in_an_attribute() {
    let (_site, server, browser) = open_with("options.html", &[]).await;
    browser.until(READY).await;
    let session = &server.sessions("ann").await[0];
    assert_eq!((&session["channel"], &session["page"]), (&json!("orders/17"), &json!("/orders/17")), "{session}");
    let beat = "const heart = await stillhere.heart;
        const beat = new Promise((told) => heart.on('beat', told));
        heart.beatNow();
        window.beat = await beat;";
    browser.act(beat).await;
    assert_eq!(browser.run("return beat.nextMs").await, 60_000);
}

#[tokio::test]
async fn a_token_may_come_from_a_url() {
    let (_site, server, browser) = open_with("token.html", &[]).await;
    browser.until(READY).await;
    assert_eq!(server.sessions("ann").await.len(), 1);
}

#[tokio::test]
async fn an_attribute_that_cannot_be_meant_is_said_in_the_console_in_one_line() {
    let (_site, server, browser) = open_with("wrong.html", &[]).await;
    browser.act("await stillhere.heart.catch(() => {});").await;
    let complaints = browser.run("return complaints").await;
    let line = complaints[0].as_str().unwrap_or_default();
    assert!(line.starts_with("stillhere: ") && line.contains("intervalMs"), "{complaints}");
    assert_eq!(complaints.as_array().map(Vec::len), Some(1), "{complaints}");
    assert_eq!(browser.run("return thrown").await, json!([]));
    assert_eq!(server.sessions("ann").await.len(), 0);
}

#[tokio::test]
async fn a_script_from_another_origin_runs_when_it_is_what_its_integrity_says_and_else_not() {
    let app = App::build("script-tag").await;
    let integrity = format!("sha384-{}", sha384(&app.installed("dist/stillhere.js")));
    let (_site, _server, browser) = open_with("integrity.html", &[("integrity", &integrity)]).await;
    browser.until(READY).await;

    let (_site, server, browser) = open_with("forged.html", &[]).await;
    browser.until("document.documentElement.dataset.refused === 'true'").await;
    assert_eq!(browser.run("return typeof stillhere").await, Value::from("undefined"));
    assert_eq!(server.sessions("ann").await.len(), 0);
}

/// By Node, so that two hands have counted it.
fn sha384(file: &Path) -> String {
    const SCRIPT: &str = "const { createHash } = require('node:crypto');
        console.log(createHash('sha384').update(require('node:fs').readFileSync(process.argv[1])).digest('base64'))";
    let output = Command::new("node").args(["--eval", SCRIPT]).arg(file).output().expect("node starts");
    String::from_utf8(output.stdout).expect("it prints text").trim().to_owned()
}
