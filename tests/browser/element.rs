//! `<still-here>`: a heart and a list without a line of script.

use serde_json::Value;
use stillhere_tests::{beat::first, browser::Browser, clock::Clock, engine::Engine, server::Server, site::Site};

stories! {
    "the element" needs Plain: an_element_beats_and_shows_who_is_here_until_it_is_taken_out,
        several_elements_share_one_heart_and_one_that_goes_leaves_it_to_the_others,
        an_element_is_read_out_and_can_be_dressed_and_named,
        an_element_that_may_not_look_says_why;
}

/// The demo without its heart: its policy forbids styles and scripts that are written into a page.
async fn open_page(browser: &Browser, site: &Site) {
    browser.open(&site.url("/?as=zoe&channel=elsewhere")).await;
    browser.until("document.documentElement.dataset.ready === 'true'").await;
    let prepare = "const { start } = await test.import('/client/index.js');
        (await start()).stop();
        window.violations = [];
        addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective));
        window.show = (root) => {
            // What is drawn inside shows outside too, as tests look there.
            const look = () => { root.dataset.seen = text(root); };
            const drawn = { subtree: true, childList: true, characterData: true, attributes: true };
            new MutationObserver(look).observe(root.shadowRoot, drawn);
            look();
        };
        window.text = (root) => [...root.shadowRoot.querySelectorAll('[part]')]
            .filter((part) => part.checkVisibility() && !part.querySelector('[part]') && part.textContent)
            .map((part) => part.textContent).join(', ');
        window.locks = async () => {
            const { held, pending } = await navigator.locks.query();
            return held.length + pending.length;
        };
        await test.import('/client/element.js');";
    browser.act(prepare).await;
}

async fn put(browser: &Browser, id: &str, attributes: &str) {
    let put = format!(
        "document.body.insertAdjacentHTML('beforeend', `<still-here id=\"{id}\" endpoint=\"/v1\" {attributes}></still-here>`);
         show(document.getElementById('{id}'));"
    );
    browser.act(&put).await;
}

async fn shows(browser: &Browser, id: &str, words: &str) {
    browser.until(&format!("document.getElementById('{id}')?.dataset.seen === '{words}'")).await;
}

async fn an_element_beats_and_shows_who_is_here_until_it_is_taken_out(engine: Engine) {
    let server = Server::preset_with("demo", "leave_grace_ms = 500\n").await;
    let mut feed = server.feed("orders").await;
    assert_eq!(feed.next_in_words().await, "snapshot 0");
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    put(&browser, "one", "token=\"ann\" channel=\"orders\"").await;
    assert_eq!(feed.next_in_words().await, "join ann online");
    shows(&browser, "one", "1 person is here, ann, online").await;
    browser.until("document.querySelector('still-here').getAttribute('status') === 'online'").await;
    server.beat(stillhere_tests::beat::later(first('B', "bob"), serde_json::json!({ "channel": "orders" }))).await;
    shows(&browser, "one", "2 people are here, ann, online, bob, online").await;
    assert_eq!(feed.next_in_words().await, "join bob online");

    browser.run("document.getElementById('one').remove()").await;
    assert_eq!(feed.next_in_words().await, "leave ann closed");
    assert_eq!(browser.run("return locks()").await, 1, "the page's own is left");
    assert_eq!(browser.run("return violations").await, Value::Array(vec![]), "a strict policy has nothing against it");
}

async fn several_elements_share_one_heart_and_one_that_goes_leaves_it_to_the_others(engine: Engine) {
    let server = Server::preset_with("demo", "leave_grace_ms = 500\n").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    for id in ["one", "two"] {
        put(&browser, id, "token=\"ann\"").await;
    }
    put(&browser, "count", "token=\"ann\" show=\"count\"").await;
    put(&browser, "onlooker", "token=\"ann\" watch-only").await;
    for id in ["one", "two", "onlooker"] {
        shows(&browser, id, "1 person is here, ann, online").await;
    }
    shows(&browser, "count", "1 person is here").await;
    browser.run("document.getElementById('one').remove()").await;
    server.beat(first('B', "bob")).await;
    shows(&browser, "two", "2 people are here, ann, online, bob, online").await;
    shows(&browser, "count", "2 people are here").await;
    let sessions = server.sessions("ann").await;
    assert_eq!((sessions.len(), &sessions[0]["endedAt"]), (1, &Value::Null), "{sessions:?}");
    assert_eq!(browser.run("return document.getElementById('onlooker').hasAttribute('status')").await, false);

    browser.run("for (const id of ['two', 'count']) document.getElementById(id).remove()").await;
    shows(&browser, "onlooker", "1 person is here, bob, online").await;
}

async fn an_element_is_read_out_and_can_be_dressed_and_named(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    let dressed = "document.body.insertAdjacentHTML('beforeend', `<still-here id=\"one\" endpoint=\"/v1\" watch-only label=\"Anwesend\">
            <h2 slot=\"heading\">Wer ist da?</h2><p slot=\"empty\">Niemand.</p></still-here>`);
        const one = document.getElementById('one');
        one.describe = (count) => `${count} da`;
        one.nameOf = ({ user }) => user.toUpperCase();
        const sheet = new CSSStyleSheet();
        sheet.replaceSync('still-here::part(name) { color: rgb(1, 2, 3) } p { color: rgb(9, 9, 9) !important; display: flex !important }');
        document.adoptedStyleSheets = [sheet];
        show(one);";
    browser.act(dressed).await;
    shows(&browser, "one", "0 da").await;
    assert_eq!(browser.run("return document.querySelector('[slot=empty]').checkVisibility()").await, true);
    server.beat(first('B', "bob")).await;
    shows(&browser, "one", "1 da, BOB, online").await;
    assert_eq!(browser.run("return document.querySelector('[slot=empty]').checkVisibility()").await, false);
    let inside = "const inside = document.getElementById('one').shadowRoot;
        const style = (part) => getComputedStyle(inside.querySelector(`[part=${part}]`));
        const live = inside.querySelector('[part=count]').closest('[aria-live=polite]');
        return [style('name').color, style('count').display, inside.querySelector('ul').getAttribute('aria-label'), live.getAttribute('role')]";
    let expected = serde_json::json!(["rgb(1, 2, 3)", "block", "Anwesend", "status"]);
    assert_eq!(browser.run(inside).await, expected, "parts can be dressed, and nothing else comes in");

    // It is light or dark where the page around it is.
    let inherited = "document.getElementById('one').style.color = 'rgb(4, 5, 6)';
        return getComputedStyle(document.getElementById('one').shadowRoot.querySelector('[part=count]')).color";
    assert_eq!(browser.run(inherited).await, "rgb(4, 5, 6)");
}

async fn an_element_that_may_not_look_says_why(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open_page(&browser, &site).await;
    put(&browser, "one", "watch-only channel=\"not a channel\"").await;
    browser.until("document.getElementById('one').dataset.seen?.length > 10").await;
    let said =
        browser.run("return document.getElementById('one').shadowRoot.querySelector('[role=alert]').textContent").await;
    assert!(said.as_str().is_some_and(|said| said.contains("channel")), "{said}");
}
