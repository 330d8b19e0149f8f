//! One server process, from its start to its kill.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
};

use stillhere_tests::server::{PATIENCE, binary};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// Where the servers of a run keep their facts, one after the other.
#[derive(Debug)]
pub struct Place {
    /// The folder of the settings, the logs and, without a database, the facts.
    pub folder: PathBuf,
    /// A PostgreSQL database for the facts.
    pub database_url: Option<String>,
}

impl Place {
    /// The file of the settings.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.folder.join("settings.toml")
    }

    /// SQLite's file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.join("data").join("stillhere.sqlite")
    }
}

/// A server that listens. Dropping it kills the process.
pub struct Process {
    child: Child,
    /// `127.0.0.1:port`; each start takes another port.
    pub address: String,
}

impl Process {
    /// Starts a server and waits until it listens.
    ///
    /// # Errors
    /// It ended before that.
    pub async fn start(place: &Place, number: usize) -> Result<Self, String> {
        let log = place.folder.join(format!("log-{number}.txt"));
        let stderr = File::create(&log).expect("the log can be written");
        let mut child =
            command(place, "info").stdout(Stdio::piped()).stderr(stderr).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it has an output")).lines();
        let said = timeout(PATIENCE, async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some((_, rest)) = line.split_once("http://") {
                    return Some(rest.trim_end_matches(['/', ' ']).to_owned());
                }
            }
            None
        });
        let address = said.await.ok().flatten().ok_or_else(|| did_not_listen(&log))?;
        // Whatever it says later must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, address })
    }

    /// Starts a server and kills it when it has logged so many lines, in the middle of reading back who was there, or of
    /// making its tables.
    pub async fn killed_while_it_starts(place: &Place, lines: u64) {
        let mut child =
            command(place, "debug").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the server starts");
        let mut logged = BufReader::new(child.stderr.take().expect("it has a log")).lines();
        // With nobody to ask it anything, the sign of life is a line every few seconds: enough come.
        for _ in 0..lines {
            let line = timeout(PATIENCE, logged.next_line()).await;
            if !matches!(line, Ok(Ok(Some(_)))) {
                break;
            }
        }
        child.kill().await.expect("it can be killed");
    }

    /// SIGKILL, and waits until it is gone.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Comes back only if the server ends though nobody has killed it.
    pub async fn ended(&mut self) -> String {
        let status = self.child.wait().await;
        format!("the server has ended by itself: {status:?}")
    }
}

fn command(place: &Place, level: &str) -> Command {
    let mut command = Command::new(binary());
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(place.settings()).arg("--data");
    command.arg(place.folder.join("data")).env("STILLHERE_LOG", level).kill_on_drop(true);
    if let Some(url) = &place.database_url {
        command.env("STILLHERE_DATABASE_URL", url);
    }
    command
}

fn did_not_listen(log: &Path) -> String {
    let said = std::fs::read_to_string(log).unwrap_or_default();
    format!("a server did not come back on its own data:\n{said}")
}
