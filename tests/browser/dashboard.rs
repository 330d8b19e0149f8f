//! The operator's dashboard: who is here, why, and for how long; also for whoever cannot see or point, and for ten thousand.

use std::{fs, path::Path};

use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later},
    browser::Browser,
    clock::Clock,
    engine::Engine,
    server::Server,
    site::Site,
    token::{ENVIRONMENT, token},
};

stories! {
    "the dashboard" needs Plain: the_list_follows_joins_and_leaves_channel_by_channel,
        why_somebody_is_here_is_said_in_words_and_so_is_that_nobody_has_seen_them,
        the_timeline_shows_when_a_session_was_in_view,
        the_arrow_keys_lead_through_the_list_and_enter_looks_somebody_up,
        ten_thousand_members_draw_only_the_rows_in_view,
        a_server_that_wants_to_know_who_asks_is_told_by_a_token,
        the_demo_has_a_menu_of_its_systems_and_lets_the_operator_in,
        lists_are_saved_as_csv,
        a_lost_feed_is_a_warning_and_what_is_shown_is_said_to_be_old;
    "axe on the dashboard" needs Plain: axe_finds_nothing_on_the_dashboard;
}

/// Ten thousand members, from a feed that the test writes: `test.tell(event, data)`.
const CROWD: &str = r#"
    const own = window.fetch;
    const letters = new TextEncoder();
    let line;
    test.tell = (...events) => line.enqueue(letters.encode(
        events.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join("")));
    test.member = (number, status = "online") => ({
        channel: number % 4 ? "site" : "orders", user: `user-${String(number).padStart(5, "0")}`, status, page: "/",
        sinceAt: "2026-11-21T14:00:00.000Z", lastSeenAt: "2026-11-21T14:00:00.000Z",
        lastActiveAt: "2026-11-21T14:00:00.000Z", lastSeenAgo: "", lastActiveAgo: "", sessions: 1 });
    window.fetch = (...asked) => {
        if (!String(asked[0]).includes("/feed")) return own(...asked);
        const body = new ReadableStream({ start: (controller) => { line = controller; } });
        const members = Array.from({ length: 10_000 }, (_, number) => test.member(number));
        test.tell(["snapshot", { nowAt: "2026-11-21T14:00:00.000Z", members }]);
        return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
    };"#;

/// The member's row, if it is drawn.
fn row(user: &str) -> String {
    format!("document.querySelector('[data-testid=member][data-user=\"{user}\"]')")
}

async fn open(browser: &Browser, url: &str) {
    browser.open(url).await;
    browser.until("document.documentElement.dataset.ready === 'true'").await;
}

/// Types a name and looks it up.
async fn look_up(browser: &Browser, user: &str) {
    let script = format!(
        "const form = document.querySelector('form.search'); form.elements.user.value = '{user}'; form.requestSubmit();"
    );
    browser.run(&script).await;
}

/// Presses a key in the list.
async fn press(browser: &Browser, key: &str) {
    let script = format!(
        "document.getElementById('members').dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true, cancelable: true }}))"
    );
    browser.run(&script).await;
}

/// What the list says of the row that the keyboard is on.
async fn active(browser: &Browser, attribute: &str) -> Value {
    let script = format!(
        "const list = document.getElementById('members');
         return document.getElementById(list.getAttribute('aria-activedescendant'))?.getAttribute('{attribute}')"
    );
    browser.run(&script).await
}

/// How many are here, however thousands are written.
async fn people(browser: &Browser) -> String {
    browser.text("people").await.chars().filter(char::is_ascii_digit).collect()
}

async fn the_list_follows_joins_and_leaves_channel_by_channel(engine: Engine) {
    let server = Server::preset("demo").await;
    let browser = Browser::start(engine).await;
    let bob = later(first('B', "bob"), json!({ "channel": "orders", "page": "/orders/17" }));
    server.beat(bob.clone()).await;
    open(&browser, &server.url("/dashboard/")).await;
    browser.until(&row("bob")).await;
    server.beat(first('A', "ann")).await;
    browser.until(&row("ann")).await;
    assert_eq!(browser.text("people").await, "2");
    browser.until(&format!("{}.textContent.includes('orders, /orders/17')", row("bob"))).await;

    browser.run("[...document.querySelectorAll('[data-testid=channel]')].find((each) => each.textContent.includes('orders')).click()").await;
    browser.until(&format!("!{} && {}", row("ann"), row("bob"))).await;
    browser.run("[...document.querySelectorAll('[data-testid=channel]')].find((each) => each.textContent.includes('All')).click()").await;
    browser.until(&row("ann")).await;

    server.beat(later(bob, json!({ "seq": 2, "t": 1_000, "state": "closed" }))).await;
    browser.until(&format!("!{} && {}", row("bob"), row("ann"))).await;
    assert_eq!(browser.text("people").await, "1");
}

async fn why_somebody_is_here_is_said_in_words_and_so_is_that_nobody_has_seen_them(engine: Engine) {
    let server = Server::preset("demo").await;
    let browser = Browser::start(engine).await;
    server.beat(first('A', "ann")).await;
    open(&browser, &server.url("/dashboard/")).await;
    look_up(&browser, "ann").await;
    browser.until("document.querySelector('[data-testid=because] li')").await;
    assert_eq!(browser.text("headline").await, "ann is online, with 1 session open.");
    let because = browser.text("because").await;
    assert!(
        because.starts_with("On site it is online, because the page is visible (active), and its last input came"),
        "{because}"
    );
    assert!(because.contains("If nothing is heard"), "{because}");
    // What is looked at is in the address, for a reload and for a colleague.
    browser.reload().await;
    browser.until("document.querySelector('[data-testid=because] li')").await;

    look_up(&browser, "nobody").await;
    browser
        .until("document.querySelector('[data-testid=headline]').textContent.startsWith('Nobody called nobody')")
        .await;
}

async fn the_timeline_shows_when_a_session_was_in_view(engine: Engine) {
    let server = Server::preset("demo").await;
    let browser = Browser::start(engine).await;
    let quarter = 900_000;
    let session = later(
        first('A', "ann"),
        json!({ "t": 4 * quarter, "visible": [[0, quarter], [3 * quarter, 4 * quarter]], "activeMs": quarter }),
    );
    server.beat(session.clone()).await;
    server.beat(later(session, json!({ "seq": 2, "t": 4 * quarter + 1, "state": "closed" }))).await;
    open(&browser, &server.url("/dashboard/?user=ann")).await;
    browser.until("document.querySelector('[data-testid=course]')?.textContent.includes('closed the tab')").await;
    let bars = "return [...document.querySelectorAll('.track span')].map((bar) =>
        `${bar.dataset.kind} ${Math.round(parseFloat(bar.style.left))}+${Math.round(parseFloat(bar.style.width))}`)";
    assert_eq!(browser.run(bars).await, json!(["hidden 0+100", "visible 0+25", "visible 75+25", "active 0+25"]));
    let words = browser.text("course").await;
    for said in ["1h 00m", "30m 00s", "15m 00s", "closed the tab"] {
        assert!(words.contains(said), "{said} is not in {words}");
    }
}

async fn the_arrow_keys_lead_through_the_list_and_enter_looks_somebody_up(engine: Engine) {
    let server = Server::preset("demo").await;
    let browser = Browser::start(engine).await;
    for (letter, user) in [('A', "ann"), ('B', "bob"), ('C', "cat")] {
        server.beat(first(letter, user)).await;
    }
    open(&browser, &server.url("/dashboard/")).await;
    browser.until(&row("cat")).await;
    browser.run("document.getElementById('members').focus()").await;
    press(&browser, "ArrowDown").await;
    assert_eq!(active(&browser, "aria-posinset").await, "2");
    // Who comes before does not move the keyboard to somebody else.
    server.beat(first('D', "amy")).await;
    browser.until(&row("amy")).await;
    assert_eq!(active(&browser, "aria-posinset").await, "3");
    assert_eq!(active(&browser, "aria-setsize").await, "4");
    press(&browser, "Enter").await;
    browser.until("document.querySelector('[data-testid=headline]').textContent.startsWith('bob is')").await;
    browser.until(&format!("{}.getAttribute('aria-selected') === 'true'", row("bob"))).await;
    press(&browser, "End").await;
    assert_eq!(active(&browser, "aria-posinset").await, "4");
}

async fn ten_thousand_members_draw_only_the_rows_in_view(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    site.run_first(&format!("{{ {CROWD} }}"));
    let browser = Browser::start(engine).await;
    open(&browser, &site.url("/dashboard/")).await;
    browser.until(&row("user-00000")).await;
    assert_eq!(people(&browser).await, "10000");
    let drawn = "return document.querySelectorAll('[data-testid=member]').length";
    assert!(browser.run(drawn).await.as_u64().is_some_and(|rows| rows < 50), "{}", browser.run(drawn).await);

    browser.run("document.getElementById('members').focus()").await;
    press(&browser, "End").await;
    browser.until(&row("user-09999")).await;
    assert_eq!(active(&browser, "aria-posinset").await, "10000");
    assert!(browser.run(drawn).await.as_u64().is_some_and(|rows| rows < 50));
    assert_eq!(browser.run(&format!("return !{}", row("user-00000"))).await, true);

    // Two hundred changes at once are drawn at once, and the last of them is what is seen.
    let changes = "const at = new Date().toISOString();
        const changes = Array.from({ length: 200 }, (_, number) =>
            ['update', { at, member: test.member(9_800 + number, number % 2 ? 'away' : 'online') }]);
        test.tell(...changes, ['leave', { at, channel: 'site', user: 'user-09998', reason: 'closed', lastSeenAt: at }]);";
    browser.run(changes).await;
    browser.until(&format!("{}?.dataset.status === 'away' && !{}", row("user-09999"), row("user-09998"))).await;
    assert_eq!(people(&browser).await, "9999");
    assert_eq!(active(&browser, "aria-posinset").await, "9999");

    // Who changes out of view is drawn nowhere, and as they are now when they come into view.
    browser
        .run(
            "test.tell(['update', { at: new Date().toISOString(), member: test.member(4, 'away') }],
                ['leave', { at: new Date().toISOString(), channel: 'site', user: 'user-00001', reason: 'closed' }]);",
        )
        .await;
    browser.until("document.querySelector('[data-testid=people]').textContent.replace(/\\D/g, '') === '9998'").await;
    assert_eq!(browser.run(&format!("return !{}", row("user-00004"))).await, true);
    press(&browser, "Home").await;
    browser.until(&format!("{}?.dataset.status === 'away' && !{}", row("user-00004"), row("user-00001"))).await;
}

async fn a_server_that_wants_to_know_who_asks_is_told_by_a_token(engine: Engine) {
    let server = Server::start(&["--preset", "demo"], "auth = \"jwt\"\n", &ENVIRONMENT).await;
    let browser = Browser::start(engine).await;
    server.beat(later(first('A', "ann"), json!({ "token": token("ann", "user") }))).await;
    open(&browser, &server.url("/dashboard/")).await;
    browser.until("!document.querySelector('form.pass').hidden").await;
    let give = |token: &str| {
        format!(
            "const form = document.querySelector('form.pass'); form.elements.token.value = '{token}'; form.requestSubmit();"
        )
    };
    // Nothing is said to be well, or to be nobody's, before anything is known.
    let seen = "return [...document.querySelectorAll('main > section')].filter((card) => card.offsetParent).map(({ id }) => id)";
    assert_eq!(browser.run(seen).await, json!(["system"]));
    let why = "document.querySelector('[data-field=pass-why]').textContent";
    browser.run(&give("no token at all")).await;
    browser.until(&format!("{why}.startsWith('The token is not valid')")).await;
    browser.run(&give(&token("ann", "user"))).await;
    browser
        .until(&format!("{why}.startsWith('The token is valid, but its role may not do this. An admin’s is')"))
        .await;
    browser.run(&give(&token("boss", "admin"))).await;
    browser.until(&row("ann")).await;
    assert_eq!(browser.run("return document.querySelector('form.pass').hidden").await, true);
    assert_eq!(browser.run(seen).await, json!(["system", "warnings", "here", "one", "over-time"]));
    let kept = browser.run("return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href])").await;
    assert!(kept.as_str().is_some_and(|kept| !kept.contains("eyJ")), "a token was kept: {kept}");
}

async fn the_demo_has_a_menu_of_its_systems_and_lets_the_operator_in(engine: Engine) {
    let server = Server::demo().await;
    let browser = Browser::start(engine).await;
    open(&browser, &server.url("/dashboard/?api=/punch-clock/v1")).await;
    let come = format!(
        "const post = (address, body, more) => fetch(address, {{ method: 'POST', body: JSON.stringify(body),
            headers: {{ 'content-type': 'application/json', ...more }} }});
         const {{ token }} = await (await post('/demo/tokens', {{ system: 'punch-clock', user: 'ann' }})).json();
         await post('/punch-clock/v1/beat', {{ ...{}, token }});
         await post('/punch-clock/v1/punches', {{ kind: 'IN' }}, {{ authorization: `Bearer ${{token}}` }});",
        first('A', "")
    );
    browser.act(&come).await;
    browser.until(&row("ann")).await;
    look_up(&browser, "ann").await;
    browser.until("document.querySelector('[data-testid=headline]').textContent.endsWith('they are in.')").await;
    browser.until("/^1 since|a second/.test(document.querySelector('[data-field=rate-more]').textContent)").await;

    let choose = "const menu = document.getElementById('system-menu');
        menu.value = '/availability/v1';
        menu.dispatchEvent(new Event('change'));";
    browser.run(choose).await;
    browser.until("document.querySelector('[data-testid=people]').textContent === '0'").await;
    browser.until(&format!("!{} && document.querySelector('[data-testid=person]').hidden", row("ann"))).await;
    assert_eq!(browser.run("return location.search").await, "?api=%2Favailability%2Fv1");
}

async fn lists_are_saved_as_csv(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    site.run_first("{ const own = URL.createObjectURL; URL.createObjectURL = (file) => { file.text().then((text) => { document.documentElement.dataset.saved = text; }); return own.call(URL, file); }; }");
    let browser = Browser::start(engine).await;
    server.beat(first('A', "ann")).await;
    open(&browser, &site.url("/dashboard/")).await;
    browser.run("document.querySelector('[data-field=save-sessions]').click()").await;
    browser
        .until("document.querySelector('[data-testid=saved]').textContent.startsWith('sessions.csv is saved')")
        .await;
    browser.until("document.documentElement.dataset.saved").await;
    let saved = browser.run("return document.documentElement.dataset.saved").await;
    assert!(
        saved.as_str().is_some_and(|saved| saved.starts_with("session,user,") && saved.contains(",ann,")),
        "{saved}"
    );
}

async fn a_lost_feed_is_a_warning_and_what_is_shown_is_said_to_be_old(engine: Engine) {
    let mut server = Server::preset("demo").await;
    let browser = Browser::start(engine).await;
    server.beat(first('A', "ann")).await;
    open(&browser, &server.url("/dashboard/")).await;
    browser.until(&row("ann")).await;
    server.kill().await;
    browser.until("document.querySelector('[data-testid=warnings] [data-grade=alert]')").await;
    let warned = browser.text("warnings").await;
    assert!(warned.contains("The feed is lost") && warned.contains("may be over"), "{warned}");
    server.restart().await;
    browser.until("document.querySelector('[data-testid=feed-state]').textContent === 'live'").await;
    browser.until("!document.querySelector('[data-testid=warnings] [data-grade=alert]')").await;
}

async fn axe_finds_nothing_on_the_dashboard(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/axe-core/axe.min.js");
    site.run_first(
        &fs::read_to_string(&axe).unwrap_or_else(|why| panic!("{}: {why}; `npm ci` brings it", axe.display())),
    );
    let browser = Browser::start(engine).await;
    let ann = later(first('A', "ann"), json!({ "t": 900_000, "visible": [[0, 600_000]], "activeMs": 60_000 }));
    server.beat(ann).await;
    server.beat(later(first('B', "bob"), json!({ "channel": "orders", "state": "hidden" }))).await;
    open(&browser, &site.url("/dashboard/?user=ann")).await;
    browser.until("document.querySelector('[data-testid=course] [data-kind=visible]')").await;
    // WebKit's driver has no language, which uPlot cannot do without: there the words stand for the drawing.
    browser
        .until(
            "[...document.querySelectorAll('.plot')].every((plot) => plot.textContent || plot.querySelector('canvas'))",
        )
        .await;
    browser.run("for (const details of document.querySelectorAll('details')) details.open = true;").await;
    browser.run("document.getElementById('members').focus()").await;
    for theme in ["light", "dark"] {
        browser.run(&format!("document.documentElement.dataset.theme = '{theme}'; window.verdict = null;")).await;
        let ask = "const { violations } = await axe.run();
            window.verdict = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);";
        browser.act(ask).await;
        assert_eq!(browser.run("return verdict").await, json!([]), "{theme}");
    }
}
