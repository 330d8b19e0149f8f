//! A real Chromium, with helpers named for what people do.

use std::time::Duration;

use fantoccini::{Client, ClientBuilder, wd::WebDriverCompatibleCommand};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{clock, driver::Driver, server::PATIENCE};

/// A browser with one window. Dropping it ends it.
pub struct Browser {
    driver: Driver,
    client: Client,
    /// Goes after the browser that keeps its files there.
    _folder: TempDir,
}

/// Which clock a page sees.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The machine's.
    Real,
    /// One that only [`Browser::pass`] moves.
    Fake,
}

/// What the browser does with timers of pages that nobody looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HiddenTimers {
    /// Lets them run, as the driver asks it to.
    Free,
    /// Holds them back, as every person's browser does.
    HeldBack,
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
    /// Starts a browser whose pages see this clock and whose beats are recorded.
    pub async fn start(clock: Clock) -> Self {
        let browser = Self::launch(HiddenTimers::Free, &[]).await;
        if clock == Clock::Fake {
            browser.run_before_pages(clock::FAKE_CLOCK).await;
        }
        browser.run_before_pages(clock::RECORDER).await;
        browser
    }

    /// Starts a browser as a person would, but for these switches: nothing is recorded, and hidden pages are held back.
    pub async fn as_people_have_it(but_for: &[&str]) -> Self {
        Self::launch(HiddenTimers::HeldBack, but_for).await
    }

    async fn launch(timers: HiddenTimers, switches: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the browser");
        let driver = Driver::chromium(folder.path()).await;
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
        let capabilities = json!({
            "goog:chromeOptions": { "args": arguments, "excludeSwitches": timers.without() },
            "timeouts": { "script": u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX) },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object was just written") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url)
            .await
            .expect("Chromium starts: `apt-get install chromium chromium-driver`, or `cargo xtask test`");
        Self { driver, client, _folder: folder }
    }

    /// Its name and version.
    pub async fn version(&self) -> String {
        let version = self.dev_tools("Browser.getVersion", json!({})).await;
        version["product"].as_str().unwrap_or_default().to_owned()
    }

    /// Stops the page as the browser does with one that has been hidden for long.
    pub async fn freeze(&self) {
        self.dev_tools("Page.setWebLifecycleState", json!({ "state": "frozen" })).await;
    }

    /// Lets a frozen page go on.
    pub async fn thaw(&self) {
        self.dev_tools("Page.setWebLifecycleState", json!({ "state": "active" })).await;
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
        self.run_before_pages(clock::RECORDER).await;
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
             const look = () => {{ if (!({expression})) return; watch.disconnect(); done(true); }};
             const watch = new MutationObserver(look);
             watch.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
             for (const event of ['visibilitychange', 'pageshow', 'load']) addEventListener(event, look, true);
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
        let outcome = self.client.execute_async(script, arguments).await;
        let outcome = outcome.unwrap_or_else(|why| panic!("what was awaited never came: {why}\n{script}"));
        assert_eq!(outcome, Value::Bool(true), "{script}");
    }

    async fn run_before_pages(&self, script: &str) {
        self.dev_tools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    async fn dev_tools(&self, command: &str, parameters: Value) -> Value {
        let command = DevTools(json!({ "cmd": command, "params": parameters }));
        self.client.issue_cmd(command).await.expect("the browser takes its own commands")
    }
}

/// Chromium's own command beside the WebDriver ones.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}
