//! The documentation as browsers show it.

use serde_json::{Value, json};
use stillhere_tests::{browser::Browser, clock::Clock, engine::Engine, server::Server, site::Site};

stories! {
    "the documentation" needs Plain: the_page_of_the_api_shows_every_route_of_the_server_and_leads_to_what_it_names,
        code_is_copied_by_a_button_and_a_heading_has_an_address,
        no_page_of_the_documentation_is_wider_than_a_phone_or_offends_its_policy;
}

/// Every route that a description names, as the page writes it.
fn routes_of(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let routes = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, _)| format!("{} {path}", method.to_uppercase()))
    });
    let mut routes: Vec<String> = routes.collect();
    routes.sort();
    routes
}

async fn the_page_of_the_api_shows_every_route_of_the_server_and_leads_to_what_it_names(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    browser.open(&site.url("/docs/http-api.html")).await;
    browser.until("document.getElementById('shapes')").await;
    let shown = "return [...document.querySelectorAll('.route h3')].map((route) => route.textContent).sort()";
    assert_eq!(browser.run(shown).await, json!(routes_of(&server.get("/openapi.json").await)));
    let lost =
        "return [...document.querySelectorAll('a[href^=\"#\"]')].map((link) => decodeURIComponent(link.hash.slice(1)))
        .filter((part) => !document.getElementById(part))";
    assert_eq!(browser.run(lost).await, json!([]));
    let retry = "const words = (code) => document.getElementById(`code-${code}`).lastChild.textContent;
        return [words('throttled'), words('beat_bad')]";
    assert_eq!(browser.run(retry).await, json!(["yes, later", "no, something has to change"]));
}

async fn code_is_copied_by_a_button_and_a_heading_has_an_address(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    // What an engine without a screen has for a clipboard is nobody's to read.
    site.run_first(
        "Object.defineProperty(navigator, 'clipboard', { value: {
            writeText: async (text) => { document.documentElement.dataset.copied = text; },
        } });",
    );
    let browser = Browser::start(engine).await;
    browser.open(&site.url("/docs/getting-started.html")).await;
    browser.until("document.querySelector('.copying button')").await;
    let [button, code] = ["button", "code"].map(|part| format!("document.querySelector('.copying {part}')"));
    browser.run(&format!("{button}.click()")).await;
    browser.until(&format!("{button}.textContent === 'Copied build the server'")).await;
    let copied = "document.documentElement.dataset.copied";
    assert_eq!(browser.run(&format!("return {copied} === {code}.textContent")).await, true);
    let address = "return document.querySelector('#npm > a').hash";
    assert_eq!(browser.run(address).await, "#npm");
}

async fn no_page_of_the_documentation_is_wider_than_a_phone_or_offends_its_policy(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    site.run_first(
        "addEventListener('securitypolicyviolation', ({ violatedDirective }) =>
            (top.violations ??= []).push(`${location.pathname}: ${violatedDirective}`));",
    );
    let browser = Browser::start(engine).await;
    browser.open(&site.url("/docs/")).await;
    browser
        .act(
            "const links = [...document.querySelectorAll('.book a')].map((link) => link.pathname);
             const pages = new Set(links.filter((path) => path.startsWith('/docs/')));
             window.looked = pages.size;
             window.wide = [];
             for (const path of pages) {
               const frame = document.createElement('iframe');
               frame.width = 360;
               frame.height = 720;
               frame.src = path;
               document.body.append(frame);
               await new Promise((loaded) => frame.addEventListener('load', loaded));
               const { scrollWidth } = frame.contentDocument.documentElement;
               if (scrollWidth > 360) wide.push(`${path}: ${scrollWidth}`);
               frame.remove();
             }",
        )
        .await;
    assert_eq!(browser.run("return wide").await, json!([]));
    assert_eq!(browser.run("return window.violations ?? []").await, json!([]));
    let looked = browser.run("return looked").await;
    assert!(looked.as_u64() >= Some(14), "{looked} pages");
}
