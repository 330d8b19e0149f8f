//! A real `stillhere` process on a free port, with its data in a folder that goes with the test.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::feed::Feed;

/// Longer than anything here takes on a slow machine; reaching it means that the awaited event never came.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The file in the data folder that holds the log.
const LOG: &str = "log.txt";

/// A running server. Dropping it kills the process.
pub struct Server {
    process: Child,
    address: String,
    data: TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    client: reqwest::Client,
}

/// Where a server's log goes.
enum Log {
    /// Beside what the test says.
    Shown,
    /// Into a file of its data folder.
    Kept,
}

/// An answer: status and JSON body (`Null` when it is not JSON).
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    /// The stable code of a refusal.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("")
    }
}

impl Server {
    /// Starts the server with a preset.
    pub async fn preset(name: &str) -> Self {
        Self::start(&["--preset", name], "", &[]).await
    }

    /// Starts the server with the settings of a TOML text.
    pub async fn with(settings: &str) -> Self {
        Self::start(&[], settings, &[]).await
    }

    /// Starts the server with a preset, some of whose settings are others.
    pub async fn preset_with(name: &str, settings: &str) -> Self {
        Self::start(&["--preset", name], settings, &[]).await
    }

    /// Starts the server with arguments, settings and environment.
    pub async fn start(arguments: &[&str], settings: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_with(Log::Shown, &[&["serve"], arguments].concat(), settings, environment).await
    }

    /// Starts the demo, with all presets at once.
    pub async fn demo() -> Self {
        Self::start_with(Log::Shown, &["demo"], "", &[]).await
    }

    /// Starts it in the same way, and keeps everything that it can log.
    pub async fn start_logged(arguments: &[&str], settings: &str, environment: &[(&str, &str)]) -> Self {
        let everything = [environment, &[("STILLHERE_LOG", "trace")]].concat();
        Self::start_with(Log::Kept, &[&["serve"], arguments].concat(), settings, &everything).await
    }

    async fn start_with(log: Log, arguments: &[&str], settings: &str, environment: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a folder for the data");
        let mut arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        if !settings.is_empty() {
            let config = data.path().join("settings.toml");
            std::fs::write(&config, settings).expect("settings can be written");
            arguments.extend(["--config".to_owned(), config.display().to_string()]);
        }
        let environment: Vec<_> = environment.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let stderr = match log {
            Log::Shown => Stdio::inherit(),
            Log::Kept => std::fs::File::create(data.path().join(LOG)).expect("a file for the log").into(),
        };
        let (process, address) = launch(&arguments, &environment, data.path(), "127.0.0.1:0", stderr).await;
        // An answer that leads elsewhere is what a test wants to see.
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self { process, address, data, arguments, environment, client }
    }

    /// The address without path, `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// SIGKILL: the process has no chance to write anything.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("the server can be killed");
    }

    /// SIGTERM, and waits until it is gone. Whether it ended well.
    pub async fn stop(&mut self) -> bool {
        self.signal(Signal::SIGTERM);
        let ended = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        ended.expect("the server stops when it is told to").expect("it can be waited for").success()
    }

    /// The process's id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends the process a signal.
    pub fn signal(&self, signal: Signal) {
        let id = self.process.id().expect("it runs");
        kill(Pid::from_raw(i32::try_from(id).expect("a process id")), signal).expect("it can be signalled");
    }

    /// Starts it again on the same data and the same address.
    pub async fn restart(&mut self) {
        let (process, address) =
            launch(&self.arguments, &self.environment, self.data.path(), &self.address, Stdio::inherit()).await;
        self.process = process;
        self.address = address;
    }

    /// The folder with its data.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// What a server started with [`start_logged`](Self::start_logged) has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.path().join(LOG)).expect("the log is kept")
    }

    /// GET, as JSON.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, None, &[]).await;
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.body);
        answer.body
    }

    /// POST of a beat.
    pub async fn beat(&self, body: impl ToString) -> Answer {
        self.send(Method::POST, "/v1/beat", Some(body.to_string()), &[("content-type", "text/plain;charset=UTF-8")])
            .await
    }

    /// Any request.
    pub async fn send(&self, method: Method, path: &str, body: Option<String>, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.client.request(method, self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body.unwrap_or_default()).send().await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the answer has a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: StatusCode::as_u16(&status), body, headers }
    }

    /// The status of an answer, whose body may never end.
    pub async fn status(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = self.client.request(method, self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("the server answers").status().as_u16()
    }

    /// Follows a channel's feed from its snapshot on.
    pub async fn feed(&self, channel: &str) -> Feed {
        Feed::open(&self.url(&format!("/v1/feed?channel={channel}")), None).await
    }

    /// GET with a token, as JSON.
    pub async fn get_as(&self, token: &str, path: &str) -> Value {
        let answer = self.send(Method::GET, path, None, &[("authorization", &format!("Bearer {token}"))]).await;
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.body);
        answer.body
    }

    /// What the server tells an operator, in Prometheus's text.
    pub async fn metrics(&self) -> String {
        self.figures("/metrics").await
    }

    /// The same of one of the demo's systems, wherever its figures are.
    pub async fn figures(&self, path: &str) -> String {
        let answer = self.client.get(self.url(path)).send().await.expect("the server answers");
        answer.text().await.expect("a text")
    }

    /// Today's sessions of a user, newest first.
    pub async fn sessions(&self, user: &str) -> Vec<Value> {
        let list = self.get(&format!("/v1/admin/sessions?user={user}")).await;
        list["sessions"].as_array().cloned().unwrap_or_default()
    }
}

async fn launch(
    arguments: &[String],
    environment: &[(String, String)],
    data: &Path,
    listen: &str,
    stderr: Stdio,
) -> (Child, String) {
    let mut command = Command::new(binary());
    command.args(arguments).args(["--listen", listen]);
    // A test of disks has a disk of its own.
    if !arguments.iter().any(|argument| argument == "--data") {
        command.arg("--data").arg(data);
    }
    let mut process = command
        .envs(environment.iter().map(|(key, value)| (key, value)))
        .stdout(Stdio::piped())
        .stderr(stderr)
        .kill_on_drop(true)
        .spawn()
        .expect("the server's binary starts");
    let mut lines = BufReader::new(process.stdout.take().expect("it has an output")).lines();
    let said = tokio::time::timeout(PATIENCE, async {
        while let Some(line) = lines.next_line().await.expect("its output can be read") {
            if let Some((_, rest)) = line.split_once("http://") {
                return rest.trim_end_matches(['/', ' ']).to_owned();
            }
        }
        panic!("the server ended before it listened; what it said is above");
    });
    let address = said.await.expect("the server says where it listens");
    // Whatever it says later must not fill the pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (process, address)
}

/// Runs another command of the binary to its end: whether it went well, what it said, and what it complained of.
pub async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (bool, String, String) {
    let output = Command::new(binary()).args(arguments).envs(environment.iter().copied()).output();
    let output = output.await.expect("the binary starts");
    let text = |bytes| String::from_utf8(bytes).expect("it says text");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// The server's binary: named by `STILLHERE_BIN`, or the one beside the test's own.
#[must_use]
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("STILLHERE_BIN") {
        return named.into();
    }
    let own = std::env::current_exe().expect("a test knows where it is");
    let built = own.ancestors().nth(2).expect("target/<profile>/deps/<test>").join("stillhere");
    assert!(
        built.exists(),
        "{} is not there: run `cargo xtask test`, or `cargo build -p stillhere-server` first",
        built.display()
    );
    built
}
