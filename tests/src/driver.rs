//! A WebDriver process on a free port, and everything below it.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

use crate::{engine::Engine, screen::Screen, server::PATIENCE};

/// How often a driver is started that ends before it listens: each time it takes another port.
const TRIES: usize = 5;

/// A running driver. Dropping it kills the driver and its browsers.
pub struct Driver {
    process: Child,
    /// Where it listens.
    pub url: String,
    /// Goes after the browsers that are drawn on it.
    _screen: Option<Screen>,
}

impl Driver {
    /// Starts an engine's driver; it and its browsers keep their own files in `folder`.
    pub async fn start(engine: Engine, folder: &Path) -> Self {
        match engine {
            Engine::Chromium => Self::that_says(engine, folder, "chromedriver".into(), &["--port=0"]).await,
            // Its other port is fixed unless it is told not to be, and two tests would fight over it.
            Engine::Firefox => {
                let arguments = ["--port=0", "--websocket-port=0", "--allow-system-access"];
                Self::that_says(engine, folder, geckodriver(), &arguments).await
            }
            Engine::Webkit => Self::that_is_silent(engine, folder).await,
        }
    }

    /// One that chooses a free port by itself and says which.
    async fn that_says(engine: Engine, folder: &Path, program: PathBuf, arguments: &[&str]) -> Self {
        for _ in 0..TRIES {
            let mut command = command(&program, folder);
            let mut process = spawn(engine, command.args(arguments).stdout(Stdio::piped()));
            let mut lines = BufReader::new(process.stdout.take().expect("it has an output")).lines();
            let port = tokio::time::timeout(PATIENCE, async {
                while let Some(line) = lines.next_line().await.expect("its output can be read") {
                    if let Some(port) = port_in(&line) {
                        return Some(port.to_owned());
                    }
                }
                None
            });
            // Chromium's asks for a port in one family of addresses and wants the same in the other, where somebody else may
            // have it: then it ends.
            let Some(port) = port.await.expect("the driver says where it listens") else { continue };
            // Whatever it says later must not fill the pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Self { process, url: format!("http://127.0.0.1:{port}"), _screen: None };
        }
        panic!("{} ended {TRIES} times before it listened", program.display());
    }

    /// One that takes the port that it is given and says nothing.
    async fn that_is_silent(engine: Engine, folder: &Path) -> Self {
        let screen = Screen::start().await;
        loop {
            let port = free_port();
            let mut command = command(Path::new("WebKitWebDriver"), folder);
            command.arg(format!("--port={port}")).env("DISPLAY", &screen.name).stdout(Stdio::null());
            let mut process = spawn(engine, &mut command);
            // Somebody else may have been given the port in between: then it ends, and another one is tried.
            if listens(&mut process, port).await {
                return Self { process, url: format!("http://127.0.0.1:{port}"), _screen: Some(screen) };
            }
        }
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

/// Two browsers that share a folder share more than they know.
fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("TMPDIR", folder).stderr(Stdio::null()).kill_on_drop(true);
    for (name, below) in [("XDG_DATA_HOME", "kept"), ("XDG_CACHE_HOME", "cache"), ("XDG_CONFIG_HOME", "settings")] {
        command.env(name, folder.join(below));
    }
    command
}

fn spawn(engine: Engine, command: &mut Command) -> Child {
    command.spawn().unwrap_or_else(|why| {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        panic!("{program} does not start ({why}): {}", engine.advice())
    })
}

/// Where the project's own commands have installed it, or wherever else it is.
fn geckodriver() -> PathBuf {
    let own = std::env::current_exe().ok();
    // target/<profile>/deps/<test>, or target/<profile>/<program>.
    let targets = own.iter().flat_map(|own| own.ancestors().skip(2).take(2));
    let installed = targets.map(|target| target.join("tools/bin/geckodriver")).find(|program| program.is_file());
    installed.unwrap_or_else(|| "geckodriver".into())
}

/// What each driver says once it listens.
fn port_in(line: &str) -> Option<&str> {
    let chromium = line.split_once("successfully on port ").map(|(_, rest)| rest.trim_end_matches('.'));
    chromium.or_else(|| line.split_once("Listening on 127.0.0.1:").map(|(_, rest)| rest.trim()))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it has one").port()
}

/// Whether a process has begun to listen on a port; not if it has ended instead.
async fn listens(process: &mut Child, port: u16) -> bool {
    let listens = async {
        while process.try_wait().expect("it can be asked").is_none() {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    };
    tokio::time::timeout(PATIENCE, listens).await.expect("a driver listens or ends")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_says_where_it_listens_in_its_own_words() {
        assert_eq!(port_in("ChromeDriver was started successfully on port 40123."), Some("40123"));
        assert_eq!(port_in("1795304188668\tgeckodriver\tINFO\tListening on 127.0.0.1:4477"), Some("4477"));
        assert_eq!(port_in("Only local connections are allowed."), None);
    }
}
