//! A WebDriver process on a free port, and everything below it.

use std::{path::Path, process::Stdio};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::server::PATIENCE;

/// A running driver. Dropping it kills the driver and its browsers.
pub struct Driver {
    process: Child,
    /// Where it listens.
    pub url: String,
}

impl Driver {
    /// Starts Chromium's driver; it keeps its own files in `folder`.
    pub async fn chromium(folder: &Path) -> Self {
        let program = "chromedriver";
        let mut process = Command::new(program)
            .arg("--port=0")
            .env("TMPDIR", folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|why| {
                panic!("{program} does not start ({why}): `apt-get install chromium chromium-driver`, or `cargo xtask test`")
            });
        let mut lines = BufReader::new(process.stdout.take().expect("it has an output")).lines();
        let port = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await.expect("its output can be read") {
                if let Some((_, rest)) = line.split_once("successfully on port ") {
                    return rest.trim_end_matches('.').to_owned();
                }
            }
            panic!("{program} ended before it listened");
        });
        let port = port.await.expect("the driver says where it listens");
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }

    /// SIGKILL for everything that the driver has started: a crash, a power cut, an impatient person.
    pub fn kill_browsers(&self) {
        let Some(id) = self.process.id() else { return };
        let parents = parents();
        let mut doomed = vec![id];
        let mut at = 0;
        while let Some(&parent) = doomed.get(at) {
            doomed.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
            at += 1;
        }
        for child in doomed.into_iter().skip(1) {
            // One that has just gone with its parent is gone all the same.
            let _ = kill(Pid::from_raw(child.cast_signed()), Signal::SIGKILL);
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.kill_browsers();
    }
}

/// Every process and its parent.
fn parents() -> Vec<(u32, u32)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let status = std::fs::read_to_string(entry.path().join("status")).ok()?;
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()?;
            Some((id, parent))
        })
        .collect()
}
