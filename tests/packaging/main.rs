//! The npm package in apps as people have them: packed, installed, built by their tools, and opened in a real browser
//! beside a real server of another origin.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]

mod app;
mod bundlers;
mod components;
mod package;
mod policy;
mod script;
mod servers;
mod site;

use stillhere_tests::{browser::Browser, engine::Engine, server::Server};
use url::form_urlencoded::Serializer;

/// True in a page whose first beat has been answered.
const READY: &str = "document.documentElement.dataset.ready === 'true'";

/// A server for pages of this origin. Who leaves has left soon.
async fn server_for(origin: &str) -> Server {
    Server::preset_with("demo", &format!("allowed_origins = [\"{origin}\"]\nleave_grace_ms = 500\n")).await
}

/// The address of a page that is to beat to this server as ann.
fn address(origin: &str, page: &str, server: &Server, more: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("endpoint", &server.url("/v1")).append_pair("as", "ann").extend_pairs(more);
    format!("{origin}/{page}?{}", query.finish())
}

/// Opens a page in a tab of its own, beside one that stays.
async fn open(address: &str) -> Browser {
    let browser = Browser::start(Engine::Chromium).await;
    browser.open_tab(address).await;
    browser
}

/// The story of every app: a beat arrives, the session is open, and closing the tab ends it.
async fn beats_until_it_is_left(origin: &str, page: &str) {
    let server = server_for(origin).await;
    let mut feed = server.feed("site").await;
    assert_eq!(feed.next_in_words().await, "snapshot 0");
    let browser = open(&address(origin, page, &server, &[])).await;
    assert_eq!(feed.next_in_words().await, "join ann online", "{page}");
    browser.until(READY).await;
    let session = &server.sessions("ann").await[0];
    assert!(session["endedAt"].is_null(), "{page}: {session}");
    browser.close_tab().await;
    while feed.next_in_words().await != "leave ann closed" {}
    let sessions = server.sessions("ann").await;
    assert_eq!((sessions.len(), sessions[0]["reason"].as_str()), (1, Some("closed")), "{page}");
}
