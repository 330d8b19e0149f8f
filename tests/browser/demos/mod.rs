//! The five demos in real browsers, each through its whole story: one visitor sees several persons come, rest, go and be
//! killed, in frames that stand for tabs.

pub(crate) mod availability;
pub(crate) mod module_users;
pub(crate) mod punch_clock;
pub(crate) mod session_duration;
pub(crate) mod who_is_online;

use serde_json::{Value, json};
use stillhere_tests::{
    browser::Browser,
    engine::Engine,
    server::{PATIENCE, Server},
};
use tokio::time::timeout;

/// A demo's page in a browser, on a server that runs all of them.
struct Demo {
    name: &'static str,
    server: Server,
    browser: Browser,
}

impl Demo {
    async fn open(name: &'static str, engine: Engine) -> Self {
        let server = Server::demo().await;
        let browser = Browser::start(engine).await;
        browser.open(&server.url(&format!("/demos/{name}/"))).await;
        Self { name, server, browser }
    }

    /// Waits until so many tabs have been answered.
    async fn are_heard(&self, tabs: usize) {
        self.until(&format!("document.querySelectorAll('iframe[data-ready=true]').length === {tabs}")).await;
    }

    /// Waits until the page is another one: its own scripts are gone with the one before it, so it is asked again and again.
    async fn arrives(&self, page: &str) {
        let path = format!("/demos/{}/{page}", self.name);
        let come = async { while self.browser.run("return location.pathname").await != path.as_str() {} };
        assert!(timeout(PATIENCE, come).await.is_ok(), "the browser never comes to {path}");
    }

    async fn until(&self, expression: &str) {
        self.browser.until(expression).await;
    }

    /// Waits until an element has this text.
    async fn says(&self, selector: &str, words: &str) {
        self.until(&format!("document.querySelector('{selector}')?.textContent.includes('{words}')")).await;
    }

    /// Presses what may not be drawn yet.
    async fn press(&self, selector: &str) {
        self.until(&format!("document.querySelector('{selector}')")).await;
        self.browser.run(&format!("document.querySelector('{selector}').click()")).await;
    }

    /// Opens one more tab of somebody.
    async fn open_tab(&self, user: &str) {
        self.press(&format!("[data-open={user}]")).await;
    }

    /// Does something to the oldest tab of somebody: `close`, `hide`, `kill`.
    async fn do_to_tab(&self, user: &str, act: &str) {
        self.press(&format!(".tab[data-user={user}] [data-act={act}]")).await;
    }

    /// Runs a script in the newest tab of somebody, whose document is `tab`.
    async fn in_tab(&self, user: &str, script: &str) -> Value {
        let script = format!(
            "const tab = [...document.querySelectorAll('iframe[data-user={user}]')].at(-1).contentDocument; {script}"
        );
        self.browser.run(&script).await
    }

    /// Chooses in the newest tab of somebody, as by hand.
    async fn choose_in_tab(&self, user: &str, field: &str, value: &str) {
        let script = format!(
            "const field = tab.getElementById('{field}');
             field.value = '{value}';
             field.dispatchEvent(new tab.defaultView.Event('change'));"
        );
        self.in_tab(user, &script).await;
    }

    /// The token of an admin of this demo.
    async fn admins_token(&self) -> String {
        let wish = json!({ "system": self.name, "user": "boss", "role": "admin" }).to_string();
        let json = ("content-type", "application/json");
        let answer = self.server.send(reqwest::Method::POST, "/demo/tokens", Some(wish), &[json]).await;
        answer.body["token"].as_str().unwrap_or_default().to_owned()
    }

    /// What the server tells an admin of this demo.
    async fn told_to_admin(&self, path: &str) -> Value {
        self.server.get_as(&self.admins_token().await, &format!("/{}/v1/{path}", self.name)).await
    }
}
