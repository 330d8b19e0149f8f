//! A screen that nobody sees, for a browser that cannot do without one.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{engine::Engine, server::PATIENCE};

/// A running X server. Dropping it ends it.
pub struct Screen {
    _process: Child,
    /// What `DISPLAY` must say.
    pub name: String,
}

impl Screen {
    /// Starts one under the first name that is free.
    pub async fn start() -> Self {
        let mut process = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|why| panic!("Xvfb does not start ({why}): {}", Engine::Webkit.advice()));
        let mut lines = BufReader::new(process.stdout.take().expect("it has an output")).lines();
        let said = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("the screen says its name");
        let number = said.expect("its output can be read").expect("Xvfb says its name before it ends");
        Self { _process: process, name: format!(":{}", number.trim()) }
    }
}
