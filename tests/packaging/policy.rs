//! What a Content-Security-Policy must allow, and what a page is told that allows less.

use stillhere_tests::{browser::Browser, server::Server};

use crate::{READY, address, app::App, open, server_for, site::Site};

/// The least that lets a page beat; servers of tests are on ports that nobody knows beforehand.
const STRICT: &str = "default-src 'none'; img-src data:; connect-src 'self' http://127.0.0.1:*; \
                      script-src 'self' 'wasm-unsafe-eval'; require-trusted-types-for 'script'";

/// The same without the word for WebAssembly.
const NO_WASM: &str = "default-src 'none'; img-src data:; connect-src 'self' http://127.0.0.1:*; script-src 'self'";

async fn open_under(policy: &'static str, app: &'static str, page: &str) -> (Site, Server, Browser) {
    let app = App::build(app).await;
    let site = Site::open(app.pages(), Some(policy)).await;
    let server = server_for(&site.origin).await;
    let browser = open(&address(&site.origin, page, &server, &[])).await;
    (site, server, browser)
}

#[tokio::test]
async fn a_strict_policy_with_the_word_for_wasm_is_enough() {
    for (app, page) in [("no-bundler", "relative.html"), ("no-bundler", "slim.html"), ("script-tag", "defer.html")] {
        let (_site, _server, browser) = open_under(STRICT, app, page).await;
        browser.until(READY).await;
        let wrong = browser.run("return [...complaints, ...thrown]").await;
        assert_eq!(wrong, serde_json::json!([]), "{app}/{page}");
    }
}

#[tokio::test]
async fn without_the_word_for_wasm_the_console_says_it_in_one_line_and_nothing_is_thrown() {
    for (app, page) in [("no-bundler", "relative.html"), ("script-tag", "defer.html")] {
        let (_site, server, browser) = open_under(NO_WASM, app, page).await;
        browser.until("document.documentElement.dataset.started === 'false'").await;
        let complaints = browser.run("return complaints").await;
        let complaints = complaints.as_array().expect("a list");
        assert_eq!(complaints.len(), 1, "{app}/{page}: {complaints:?}");
        let line = complaints[0].as_str().expect("a line");
        assert!(line.starts_with("stillhere: ") && line.contains("script-src 'wasm-unsafe-eval'"), "{line}");
        assert_eq!(browser.run("return thrown").await, serde_json::json!([]));
        assert_eq!(server.sessions("ann").await.len(), 0);
    }
}
