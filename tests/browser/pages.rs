//! Pages that come and go: navigation, caches, copies, storage, policies, and what a page is left with.

use serde_json::{Value, json};
use stillhere_tests::{
    browser::Browser,
    clock::Clock,
    engine::Engine,
    server::Server,
    site::{BLANK, Site},
};

use crate::page::{self, HEART};

stories! {
    "the back/forward cache" needs Plain: a_page_in_the_back_forward_cache_goes_on_with_its_session_when_it_is_back;
    "from page to page" needs Plain: the_next_page_of_a_tab_goes_on_with_the_session;
    "a duplicated tab" needs Plain: a_tab_with_a_copy_of_the_storage_has_a_session_of_its_own;
    "no storage" needs Plain: a_page_without_storage_beats_and_is_a_session_by_itself;
    "full storage" needs Plain: a_full_storage_harms_nothing_but_the_way_to_the_next_page;
    "a policy without WebAssembly" needs Plain: a_policy_that_forbids_wasm_costs_one_line_in_the_console;
    "what a stop leaves" needs Plain: nothing_is_left_behind_after_a_stop,
        a_page_that_is_stopped_before_it_was_shown_leaves_nothing_and_never_beats;
    "memory" needs Plain: the_wasm_takes_two_pages_of_memory;
    "freeze and resume" needs Freeze: a_frozen_page_says_so_and_goes_on_when_it_thaws;
    "discard" needs Freeze: a_page_that_is_discarded_while_frozen_goes_on_with_its_session;
}

/// The page's heart, once its first beat is answered.
async fn open(site: &Site, browser: &Browser) {
    site.put(HEART, &page::with_heart(""), None);
    browser.open(&site.url(HEART)).await;
    browser.until(page::READY).await;
}

fn has(state: &'static str) -> impl Fn(&[Value]) -> bool {
    move |beats| beats.iter().any(|beat| beat["state"] == state)
}

fn sessions(beats: &[Value]) -> Vec<&Value> {
    let mut ids: Vec<&Value> = beats.iter().map(|beat| &beat["session"]).collect();
    ids.dedup();
    ids
}

async fn a_page_in_the_back_forward_cache_goes_on_with_its_session_when_it_is_back(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open(&site, &browser).await;
    let mark =
        "addEventListener('pageshow', ({ persisted }) => { document.documentElement.dataset.kept = persisted; });";
    browser.run(mark).await;
    browser.open(&site.url(BLANK)).await;
    let left = site.beats_until(has("frozen")).await.len();
    browser.back().await;
    browser.until("document.documentElement.dataset.kept === 'true'").await;
    let beats = site.beats_until(|beats| beats.len() > left).await;
    assert_eq!(sessions(&beats).len(), 1, "{beats:?}");
    let back = &beats[left];
    assert!(back["state"] == "active" || back["state"] == "passive", "{back}");
    assert_eq!(browser.run("return heart.isRunning").await, true);
    assert_eq!(server.sessions("ann").await.len(), 1);
}

async fn the_next_page_of_a_tab_goes_on_with_the_session(engine: Engine) {
    let server = Server::preset_with("demo", "leave_grace_ms = 60000\n").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    site.put("/test/next", &page::with_heart(""), None);
    open(&site, &browser).await;
    browser.open(&site.url("/test/next")).await;
    browser.until(page::READY).await;
    let beats = site.beats_until(|beats| beats.iter().any(|beat| beat["page"] == "/test/next")).await;
    assert_eq!(sessions(&beats).len(), 1, "{beats:?}");
    let next = beats.iter().find(|beat| beat["page"] == "/test/next");
    assert!(next.is_some_and(|beat| beat["seq"].as_u64() > Some(2)), "it counts on: {beats:?}");
    assert_eq!(server.sessions("ann").await.len(), 1);
}

async fn a_tab_with_a_copy_of_the_storage_has_a_session_of_its_own(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open(&site, &browser).await;
    // The session has come by way of the storage itself, and must not lie there still.
    browser.reload().await;
    browser.until(page::READY).await;
    // What a browser does when it duplicates a tab: the copy gets the storage too.
    browser.run("sessionStorage.setItem('is', 'copied'); window.copy = open(location.href, '_blank', 'popup');").await;
    let beats = site.beats_until(|beats| beats.iter().any(|beat| beat["session"] != beats[0]["session"])).await;
    assert_eq!(browser.run("return copy.sessionStorage.getItem('is')").await, "copied");
    let other = beats.iter().find(|beat| beat["session"] != beats[0]["session"]);
    assert_eq!(other.map(|beat| &beat["seq"]), Some(&json!(1)));
}

/// Every name for it throws, as where cookies are blocked.
const NO_STORAGE: &str = "for (const name of ['sessionStorage', 'localStorage']) Object.defineProperty(window, name,
    { get() { throw new DOMException('denied', 'SecurityError'); } });";

async fn a_page_without_storage_beats_and_is_a_session_by_itself(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    site.run_first(NO_STORAGE);
    let browser = Browser::start(engine).await;
    open(&site, &browser).await;
    browser.reload().await;
    browser.until(page::READY).await;
    let beats = site.beats();
    let closed = beats.iter().find(|beat| beat["state"] == "closed" || beat["state"] == "frozen");
    assert_eq!(closed.map(|beat| &beat["session"]), Some(&beats[0]["session"]), "the first page has said goodbye");
    assert_eq!(sessions(&beats).len(), 2, "and the second has begun anew: {beats:?}");
    assert_eq!(browser.run("return test.faults").await, json!([]));
}

/// Until not one more letter goes in.
const FILL: &str = "for (let size = 1 << 20; size; size >>= 1) for (let i = 0; i < 20; i++) {
    try { sessionStorage.setItem(`${size} ${i}`, 'x'.repeat(size)); } catch { break; } }";

async fn a_full_storage_harms_nothing_but_the_way_to_the_next_page(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open(&site, &browser).await;
    browser.run(FILL).await;
    browser.reload().await;
    browser.until(page::READY).await;
    assert_eq!(sessions(&site.beats()).len(), 2, "{:?}", site.beats());
    assert_eq!(browser.run("return test.faults").await, json!([]));
    browser.run("heart.stop()").await;
    site.beats_until(|beats| beats.last().is_some_and(|beat| beat["state"] == "closed")).await;
}

async fn a_policy_that_forbids_wasm_costs_one_line_in_the_console(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    site.run_first("test.said = []; console.error = (...words) => { test.said.push(String(words[0])); };");
    site.put(HEART, &page::with_heart(""), Some("script-src 'self' 'unsafe-inline'"));
    let browser = Browser::start(engine).await;
    browser.open(&site.url(HEART)).await;
    browser.until("document.documentElement.dataset.started").await;
    let said = browser.run("return test.said").await;
    let lines = said.as_array().map_or(&[][..], Vec::as_slice);
    assert_eq!(lines.len(), 1, "{said}");
    assert!(lines[0].as_str().is_some_and(|line| line.contains("'wasm-unsafe-eval'")), "{said}");
    assert_eq!(browser.run("return [heart.isRunning, test.faults]").await, json!([false, []]));
    browser.run("heart.beatNow(); heart.stop();").await;
    assert_eq!(site.beats(), Vec::<Value>::new());
}

/// Counts what a page has been given and has not given back.
const ACCOUNTS: &str = r"{
  const open = test.open = { listeners: new Set(), timers: new Set(), others: new Set() };
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  const names = new Map();
  const key = (target, kind, listener, how) => {
    for (const part of [target, listener]) if (!names.has(part)) names.set(part, names.size);
    return [kind, names.get(target), names.get(listener), typeof how === 'object' ? !!how?.capture : !!how].join(' ');
  };
  EventTarget.prototype.addEventListener = function (kind, listener, how) {
    const id = key(this, kind, listener, how);
    if (how?.once) add.call(this, kind, () => open.listeners.delete(id), how);
    if (how?.signal) add.call(how.signal, 'abort', () => open.listeners.delete(id));
    open.listeners.add(id);
    return add.call(this, kind, listener, how);
  };
  EventTarget.prototype.removeEventListener = function (kind, listener, how) {
    open.listeners.delete(key(this, kind, listener, how));
    return remove.call(this, kind, listener, how);
  };
  for (const [arm, disarm] of [['setTimeout', 'clearTimeout'], ['setInterval', 'clearInterval']]) {
    const [begin, end] = [window[arm], window[disarm]];
    window[arm] = (run, ...rest) => {
      // WebKit's driver waits for scripts by the page's own timer.
      if (rest[0] >= 3_600_000) return begin(run, ...rest);
      const id = begin((...more) => { if (arm === 'setTimeout') open.timers.delete(id); run(...more); }, ...rest);
      open.timers.add(id);
      return id;
    };
    window[disarm] = (id) => { open.timers.delete(id); end(id); };
  }
  for (const [name, close] of [['Worker', 'terminate'], ['BroadcastChannel', 'close'], ['EventSource', 'close'], ['WebSocket', 'close']]) {
    window[name] = class extends window[name] {
      constructor(...from) { super(...from); open.others.add(this); }
      [close](...words) { open.others.delete(this); return super[close](...words); }
    };
  }
  test.left = async () => {
    const locks = await navigator.locks?.query();
    return [...open.listeners, ...[...open.timers].map((id) => `timer ${id}`), ...[...open.others].map((one) => one.constructor.name),
      ...Object.keys(sessionStorage), ...Object.keys(localStorage), ...(locks ? [...locks.held, ...locks.pending] : []).map(({ name }) => name)];
  };
}";

/// What is open in the page once it has run this. Asked by the page itself, so that no promise of the driver's is among it.
async fn left(browser: &Browser, script: &str) -> Value {
    browser.act(&format!("{script}; document.documentElement.dataset.left = JSON.stringify(await test.left());")).await;
    browser.run("return document.documentElement.dataset.left").await
}

const BEGIN: &str = r#"const { start } = await test.import("/client/index.js");
    window.heart = await start({ endpoint: "/v1", token: "ann" });
    heart.on("beat", ({ ok }) => { if (ok) document.documentElement.dataset.ready = true; });"#;

async fn nothing_is_left_behind_after_a_stop(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    site.run_first(ACCOUNTS);
    let browser = Browser::start(engine).await;
    browser.open(&site.url(BLANK)).await;
    let before = left(&browser, "").await;
    // A page before has left its session for this one.
    for _ in 0..2 {
        browser.open(&site.url(BLANK)).await;
        browser.act(BEGIN).await;
        browser.until(page::READY).await;
    }
    assert_ne!(left(&browser, "").await, before, "a heart has listeners");
    assert_eq!(left(&browser, "heart.stop()").await, before);
}

async fn a_page_that_is_stopped_before_it_was_shown_leaves_nothing_and_never_beats(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    site.run_first(ACCOUNTS);
    let browser = Browser::start(engine).await;
    browser.open(&site.url(BLANK)).await;
    let before = left(&browser, "").await;
    let ahead = "Object.defineProperty(document, 'prerendering', { value: true, configurable: true });";
    assert_ne!(left(&browser, &format!("{ahead} {BEGIN}")).await, before, "it listens for being shown");
    assert_eq!(left(&browser, "heart.stop()").await, before);
    let shown = "delete document.prerendering; document.dispatchEvent(new Event('prerenderingchange'));";
    assert_eq!(left(&browser, shown).await, before);
    assert_eq!(browser.run("return heart.isRunning").await, false);
    assert!(server.sessions("ann").await.is_empty());
}

/// Keeps the memory of every module that is instantiated.
const MEMORIES: &str = r"{
  test.memories = [];
  const keep = (instance) => {
    test.memories.push(...Object.values(instance.exports).filter((value) => value instanceof WebAssembly.Memory));
    return instance;
  };
  const { Instance, instantiate } = WebAssembly;
  WebAssembly.Instance = function (...parts) { return keep(new Instance(...parts)); };
  WebAssembly.instantiate = async (...parts) => {
    const made = await instantiate(...parts);
    keep(made.instance ?? made);
    return made;
  };
}";

async fn the_wasm_takes_two_pages_of_memory(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Fake).await;
    site.run_first(MEMORIES);
    let browser = Browser::start(engine).await;
    open(&site, &browser).await;
    browser.pass(std::time::Duration::from_secs(60 * 60)).await;
    let pages = browser.run("return test.memories.map(({ buffer }) => buffer.byteLength / 65536)").await;
    assert_eq!(pages, json!([2]), "after an hour of beats");
}

async fn a_frozen_page_says_so_and_goes_on_when_it_thaws(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open(&site, &browser).await;
    browser.hide().await;
    site.beats_until(has("hidden")).await;
    browser.freeze().await;
    let frozen = site.beats_until(has("frozen")).await.len();
    browser.thaw().await;
    browser.show().await;
    let beats = site.beats_until(|beats| beats[frozen..].iter().any(|beat| beat["state"] == "active")).await;
    assert_eq!(sessions(&beats).len(), 1, "{beats:?}");
    assert_eq!(browser.run("return sessionStorage.length").await, 0, "a copy of the tab does not find it");
}

async fn a_page_that_is_discarded_while_frozen_goes_on_with_its_session(engine: Engine) {
    let server = Server::preset("demo").await;
    let site = Site::before(&server, Clock::Real).await;
    let browser = Browser::start(engine).await;
    open(&site, &browser).await;
    browser.hide().await;
    site.beats_until(has("hidden")).await;
    browser.freeze().await;
    let frozen = site.beats_until(has("frozen")).await.len();
    // A discarded page hears nothing more, and is loaded anew when somebody looks.
    browser.reload().await;
    browser.show().await;
    let beats = site.beats_until(|beats| beats[frozen..].iter().any(|beat| beat["state"] == "active")).await;
    assert_eq!(sessions(&beats).len(), 1, "{beats:?}");
}
