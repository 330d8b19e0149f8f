//! A real browser, with helpers named for what people do.

use std::time::Duration;

use fantoccini::{Client, ClientBuilder, wd::WebDriverCompatibleCommand};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::{driver::Driver, engine::Engine, server::PATIENCE};

/// A browser with one window. Dropping it ends it.
pub struct Browser {
    driver: Driver,
    client: Client,
    /// Which one it is.
    pub engine: Engine,
    /// Goes after the browser that keeps its files there.
    _folder: TempDir,
}

/// What the browser does with timers of pages that nobody looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HiddenTimers {
    /// Lets them run, as the driver asks it to.
    Free,
    /// Holds them back, as every person's browser does.
    HeldBack,
}

/// The network's plug.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plug {
    In,
    Out,
}

impl HiddenTimers {
    /// The driver's own switches that are left out.
    const fn without(self) -> &'static [&'static str] {
        match self {
            Self::Free => &[],
            Self::HeldBack => &[
                "disable-background-timer-throttling",
                "disable-backgrounding-occluded-windows",
                "disable-renderer-backgrounding",
            ],
        }
    }
}

impl Browser {
    /// Starts one with settings of its own and nothing that another one has left.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, &json!({})).await
    }

    /// Starts one that is set up in another way, in the engine's own words: `prefs`.
    pub async fn start_with(engine: Engine, prefs: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the browser");
        let capabilities = match engine {
            Engine::Chromium => chromium(&folder, HiddenTimers::Free, &[], prefs),
            Engine::Firefox => json!({ "moz:firefoxOptions": { "args": ["-headless"], "prefs": prefs } }),
            // As the other two let pages of tests do.
            Engine::Webkit => {
                let arguments = ["--automation", "--javascript-can-open-windows-automatically=true"];
                json!({ "webkitgtk:browserOptions": { "args": arguments } })
            }
        };
        Self::launch(engine, folder, capabilities).await
    }

    /// Starts a Chromium as a person would, but for these switches: hidden pages are held back.
    pub async fn as_people_have_it(but_for: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the browser");
        let capabilities = chromium(&folder, HiddenTimers::HeldBack, but_for, &json!({}));
        Self::launch(Engine::Chromium, folder, capabilities).await
    }

    async fn launch(engine: Engine, folder: TempDir, mut capabilities: Value) -> Self {
        let driver = Driver::start(engine, folder.path()).await;
        // WebKit's driver counts by the page's clock, which may be ours: this side has to be the one that loses patience.
        capabilities["timeouts"] = json!({ "script": 3_600_000 });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object was just written") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url)
            .await
            .unwrap_or_else(|why| panic!("{engine} does not start ({why}): {}", engine.advice()));
        let browser = Self { driver, client, engine, _folder: folder };
        browser.focus().await;
        browser
    }

    /// A window without a screen has the focus only if it is given to it, in some versions of Chromium.
    async fn focus(&self) {
        if self.engine == Engine::Chromium {
            self.dev_tools("Page.bringToFront", json!({})).await;
        }
    }

    /// Its name and version.
    pub async fn version(&self) -> String {
        let version = self.dev_tools("Browser.getVersion", json!({})).await;
        version["product"].as_str().unwrap_or_default().to_owned()
    }

    /// Begins to note where the page's time goes. Chromium only.
    pub async fn begin_profile(&self) {
        self.dev_tools("Profiler.enable", json!({})).await;
        self.dev_tools("Profiler.start", json!({})).await;
    }

    /// Where it went, as Chromium's developer tools read it.
    pub async fn end_profile(&self) -> Value {
        self.dev_tools("Profiler.stop", json!({})).await["profile"].take()
    }

    /// Stops the page as the browser does with one that has been hidden for long.
    pub async fn freeze(&self) {
        self.dev_tools("Page.setWebLifecycleState", json!({ "state": "frozen" })).await;
    }

    /// Lets a frozen page go on.
    pub async fn thaw(&self) {
        self.dev_tools("Page.setWebLifecycleState", json!({ "state": "active" })).await;
    }

    /// Pulls the network's plug: pages hear of it.
    pub async fn unplug(&self) {
        self.connect(Plug::Out).await;
        self.until("!navigator.onLine").await;
    }

    /// Puts it in again.
    pub async fn plug_in(&self) {
        self.connect(Plug::In).await;
        self.until("navigator.onLine").await;
    }

    async fn connect(&self, plug: Plug) {
        let is_out = plug == Plug::Out;
        if self.engine == Engine::Firefox {
            self.issue(OwnCommand { path: "moz/context", body: json!({ "context": "chrome" }) }).await;
            self.run(&format!("Services.io.offline = {is_out}")).await;
            self.issue(OwnCommand { path: "moz/context", body: json!({ "context": "content" }) }).await;
        } else {
            let conditions =
                json!({ "offline": is_out, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
            self.dev_tools("Network.emulateNetworkConditions", conditions).await;
        }
    }

    /// Opens a page in the window's tab.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.expect("the page opens");
    }

    /// Minimises the window: the page is hidden.
    pub async fn hide(&self) {
        self.client.minimize_window().await.expect("the window can be minimised");
        self.until("document.visibilityState === 'hidden'").await;
    }

    /// Brings the window back: the page is visible.
    pub async fn show(&self) {
        self.client.set_window_rect(0, 0, 1200, 900).await.expect("the window can be brought back");
        self.until("document.visibilityState === 'visible'").await;
        self.focus().await;
    }

    /// Presses reload.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page reloads");
    }

    /// Presses back.
    pub async fn back(&self) {
        self.client.back().await.expect("the browser goes back");
    }

    /// Opens a second tab with a page and looks at it.
    pub async fn open_tab(&self, url: &str) {
        let tab = self.client.new_window(true).await.expect("a tab opens");
        self.client.switch_to_window(tab.handle).await.expect("it can be looked at");
        self.open(url).await;
    }

    /// Closes the tab that is looked at, and looks at the one that is left, if one is.
    pub async fn close_tab(&self) {
        self.client.close_window().await.expect("the tab closes");
        if let Some(other) = self.client.windows().await.ok().and_then(|tabs| tabs.into_iter().next()) {
            self.client.switch_to_window(other).await.expect("the other tab can be looked at");
        }
    }

    /// Kills the browser without a word.
    pub fn kill(&self) {
        self.driver.kill_browsers();
    }

    /// What a script returns.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.expect("the script runs")
    }

    /// Runs the body of an async function in the page, until it is over.
    pub async fn act(&self, body: &str) {
        let script = format!(
            "const done = arguments[0]; (async () => {{ {body} }})().then(() => done(true), (why) => done(String(why)));"
        );
        self.wait_for(&script, vec![]).await;
    }

    /// Lets `length` pass on the fake clock, in pieces, so that no script runs for long.
    pub async fn pass(&self, length: Duration) {
        let script = "const [ms, done] = arguments; test.pass(ms).then(() => done(true), (why) => done(String(why)));";
        let piece = Duration::from_secs(120);
        let mut left = length;
        loop {
            let step = left.min(piece);
            self.wait_for(script, vec![u64::try_from(step.as_millis()).unwrap_or(u64::MAX).into()]).await;
            left = left.saturating_sub(step);
            if left.is_zero() {
                break;
            }
        }
    }

    /// Waits until an expression is true in the page, looking whenever the page or its state changes.
    pub async fn until(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0];
             const events = ['visibilitychange', 'pageshow', 'load', 'online', 'offline', 'focus', 'blur', 'test'];
             const look = () => {{
               if (!({expression})) return;
               watch.disconnect();
               for (const event of events) removeEventListener(event, look, true);
               done(true);
             }};
             const watch = new MutationObserver(look);
             watch.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
             for (const event of events) addEventListener(event, look, true);
             look();"
        );
        self.wait_for(&script, vec![]).await;
    }

    /// The text of the element with this `data-testid`.
    pub async fn text(&self, testid: &str) -> String {
        let text =
            self.run(&format!("return document.querySelector('[data-testid={testid}]')?.textContent.trim()")).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Everything that this page has sent since it was loaded.
    pub async fn sent(&self) -> Vec<Value> {
        self.run("return test.sent").await.as_array().cloned().unwrap_or_default()
    }

    async fn wait_for(&self, script: &str, arguments: Vec<Value>) {
        let outcome = timeout(PATIENCE, self.client.execute_async(script, arguments)).await;
        let outcome = outcome.unwrap_or_else(|_| panic!("what was awaited never came:\n{script}"));
        let outcome = outcome.unwrap_or_else(|why| panic!("what was awaited cannot come: {why}\n{script}"));
        assert_eq!(outcome, Value::Bool(true), "{script}");
    }

    /// Lays the page out for a window of this width, in light or dark colours.
    pub async fn look(&self, width: u32, scheme: &str) {
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.dev_tools("Emulation.setEmulatedMedia", media).await;
        self.resize(width, 900).await;
    }

    /// The page from its head to its foot, as a PNG.
    pub async fn picture(&self, width: u32) -> Vec<u8> {
        let height = self.run("return document.documentElement.scrollHeight").await.as_u64().unwrap_or(900);
        self.resize(width, u32::try_from(height).unwrap_or(900)).await;
        self.client.screenshot().await.expect("the browser draws")
    }

    async fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.dev_tools("Emulation.setDeviceMetricsOverride", size).await;
    }

    async fn dev_tools(&self, command: &str, parameters: Value) -> Value {
        self.issue(OwnCommand { path: "goog/cdp/execute", body: json!({ "cmd": command, "params": parameters }) }).await
    }

    async fn issue(&self, command: OwnCommand) -> Value {
        self.client.issue_cmd(command).await.expect("the browser takes its own commands")
    }
}

fn chromium(folder: &TempDir, timers: HiddenTimers, switches: &[&str], prefs: &Value) -> Value {
    let profile = folder.path().join("profile");
    let profile = format!("--user-data-dir={}", profile.display());
    let mut arguments = vec![
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        &profile,
    ];
    arguments.extend(switches);
    json!({ "goog:chromeOptions": { "args": arguments, "excludeSwitches": timers.without(), "prefs": prefs } })
}

/// A command that only one engine's driver has.
#[derive(Debug)]
struct OwnCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for OwnCommand {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
