//! Servers that import the package: Node by itself, and a framework that draws its pages there first.

use std::{os::unix::process::CommandExt, process::Stdio};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use stillhere_tests::server::PATIENCE;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{app::App, beats_until_it_is_left};

/// An app that is its own server. Dropping it ends it with everything that it has started.
struct Running {
    process: Child,
    origin: String,
}

impl Running {
    /// `npm start`, on a port that is free.
    async fn start(app: &App) -> Self {
        let mut npm = app.npm(&["start"]);
        npm.env("PORT", "0").stdout(Stdio::piped()).process_group(0);
        let mut process = Command::from(npm).kill_on_drop(true).spawn().expect("npm starts");
        let mut lines = BufReader::new(process.stdout.take().expect("it has an output")).lines();
        let said = tokio::time::timeout(PATIENCE, async {
            let mut origin = None;
            while let Some(line) = lines.next_line().await.expect("its output can be read") {
                if let Some((_, rest)) = line.split_once("http://localhost:") {
                    origin.get_or_insert(format!("http://localhost:{}", rest.trim()));
                }
                if line.contains("Ready") {
                    return origin.expect("it says where before it says when");
                }
            }
            panic!("it ended before it listened");
        });
        let origin = said.await.expect("it says where it listens");
        // Whatever it says later must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { process, origin }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(id) = self.process.id().and_then(|id| i32::try_from(id).ok()) {
            // npm itself does not pass on what it is told by a signal that it cannot catch.
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

#[tokio::test]
async fn a_page_that_next_draws_on_the_server_beats_when_it_is_alive_in_the_browser() {
    let app = App::build("next").await;
    let running = Running::start(&app).await;
    let drawn = reqwest::get(&running.origin).await.expect("it answers").text().await.expect("text");
    assert!(drawn.contains("Drawn on the server") && drawn.contains("no beat yet"), "{drawn}");
    beats_until_it_is_left(&running.origin, "").await;
}

#[tokio::test]
async fn node_imports_and_requires_the_package_and_nothing_happens() {
    let app = App::build("node").await;
    let output = app.npm(&["start"]).output().expect("npm starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().filter(|line| !line.starts_with("npm")).count(), 0);
}
