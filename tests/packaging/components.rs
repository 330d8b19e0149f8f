//! React, Vue and the element: one heart whatever the components of a page do, and a list that is kept up to date.

use stillhere_tests::{beat::first, browser::Browser, engine::Engine, feed::Feed, server::Server};

use crate::{READY, address, app::App, server_for, site::Site};

/// A page of an app that beats, with its server and what that tells.
struct Story {
    browser: Browser,
    server: Server,
    feed: Feed,
    _site: Site,
}

/// Opens a page of an app as ann, who is alone.
async fn open(name: &'static str, page: &str) -> Story {
    let site = Site::open(App::build(name).await.pages(), None).await;
    let server = server_for(&site.origin).await;
    let mut feed = server.feed("site").await;
    assert_eq!(feed.next_in_words().await, "snapshot 0");
    let browser = Browser::start(Engine::Chromium).await;
    browser.open(&address(&site.origin, page, &server, &[])).await;
    browser.until(READY).await;
    sees(&browser, 1).await;
    assert_eq!(feed.next_in_words().await, "join ann online");
    Story { browser, server, feed, _site: site }
}

/// Waits until the page shows so many people.
async fn sees(browser: &Browser, members: usize) {
    browser.until(&format!("document.documentElement.dataset.members === '{members}'")).await;
}

async fn has_one_heart_whatever_its_components_do(name: &'static str, page: &str) {
    let Story { browser, server, mut feed, _site } = open(name, page).await;
    server.beat(first('B', "bob")).await;
    sees(&browser, 2).await;
    assert_eq!(feed.next_in_words().await, "join bob online");
    let sessions = server.sessions("ann").await;
    assert_eq!(sessions.len(), 1, "however often the components were drawn: {sessions:?}");
    let id = sessions[0]["session"].clone();
    assert_eq!(browser.run("return document.documentElement.dataset.session").await, id);

    // On another page and in another channel it is the same stay.
    browser.run("app.change({ page: '/elsewhere' })").await;
    assert_eq!(feed.next_in_words().await, "update ann online");
    let mut lab = server.feed("lab").await;
    assert_eq!(lab.next_in_words().await, "snapshot 0");
    browser.run("app.change({ channel: 'lab' })").await;
    assert_eq!(lab.next_in_words().await, "join ann online");
    sees(&browser, 1).await;
    assert_eq!(server.sessions("ann").await.len(), 1);

    // Of somebody else it is another, and of nobody there is none.
    browser.run("app.change({ token: 'eve' })").await;
    while lab.next_in_words().await != "join eve online" {}
    assert_ne!(server.sessions("eve").await[0]["session"], id);
    browser.run("app.change({ token: null })").await;
    while lab.next_in_words().await != "leave eve closed" {}
    browser.until("document.documentElement.dataset.running === 'false'").await;
    sees(&browser, 0).await;

    browser.run("app.change({ token: 'ann', channel: 'site' })").await;
    while feed.next_in_words().await != "join ann online" {}
    browser.run("app.signOut()").await;
    while feed.next_in_words().await != "leave ann signed_out" {}
    browser.run("app.leave()").await;
    let locks = browser.run("return navigator.locks.query().then(({ held, pending }) => held.length + pending.length)");
    assert_eq!(locks.await, 0, "a component that has gone leaves nothing behind");
}

#[tokio::test]
async fn an_app_of_react_has_one_heart_whatever_its_components_do() {
    has_one_heart_whatever_its_components_do("vite-react", "index.html").await;
}

#[tokio::test]
async fn an_app_of_react_has_one_heart_where_strict_mode_draws_everything_twice() {
    has_one_heart_whatever_its_components_do("vite-react", "strict/index.html").await;
}

#[tokio::test]
async fn an_app_of_vue_has_one_heart_whatever_its_components_do() {
    has_one_heart_whatever_its_components_do("vite-vue", "index.html").await;
}

#[tokio::test]
async fn a_page_with_an_element_and_no_bundler_beats_and_shows_who_is_here() {
    let Story { browser, server, mut feed, _site } = open("element", "index.html").await;
    server.beat(first('B', "bob")).await;
    assert_eq!(feed.next_in_words().await, "join bob online");
    sees(&browser, 2).await;
    browser.run("document.querySelector('still-here').remove()").await;
    while feed.next_in_words().await != "leave ann closed" {}
}
