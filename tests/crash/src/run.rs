//! One run: a seed's servers, one after the other, on one disk.

use std::{fmt, path::PathBuf, sync::Arc};

use reqwest::Client;
use stillhere_simulation::chance::Chance;
use stillhere_test_postgres::{Cluster, Disk};
use stillhere_tests::server::PATIENCE;
use tokio::sync::watch;

use crate::{
    checks,
    journal::{Journal, Session, wall_ms},
    load::{Line, Meter, Tab},
    process::{Place, Process},
    said, stored,
};

/// What is added to each promise.
pub const GRACE_MS: u64 = 500;
/// How long a paused tab is held.
pub const HIDDEN_HOLD_MS: u64 = 1_500;
/// How long a closed tab is waited for.
pub const LEAVE_GRACE_MS: u64 = 100;
/// What every lease is given after a start. The shortest that a server takes, and longer than any run.
pub const BOOT_GRACE_MS: u64 = 60_000;

/// Which store a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server of its own.
    Postgres,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// What has happened in runs that went well.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Servers that were killed.
    pub kills: usize,
    /// Sessions that were begun.
    pub sessions: usize,
    /// Beats that were answered.
    pub beats: usize,
    /// Sessions that had ended, whyever.
    pub ended: usize,
    /// Punches that were answered.
    pub punches: usize,
    /// AUTO_OUTs in the log.
    pub auto_outs: usize,
}

impl Tally {
    /// Adds another run's.
    pub const fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.sessions += other.sessions;
        self.beats += other.beats;
        self.ended += other.ended;
        self.punches += other.punches;
        self.auto_outs += other.auto_outs;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, sessions, beats, ended, punches, auto_outs } = self;
        write!(
            f,
            "{kills} kills, {sessions} sessions ({ended} ended), {beats} answered beats, {punches} answered punches, \
             {auto_outs} AUTO_OUTs"
        )
    }
}

/// A run in which something did not hold.
#[derive(Debug)]
pub struct Failure {
    seed: u64,
    kind: Kind,
    why: String,
    kept: PathBuf,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, kind, why, kept } = self;
        writeln!(f, "seed {seed} on {kind}: {why}")?;
        writeln!(f, "  its folder is kept: {}", kept.display())?;
        write!(f, "  again: cargo xtask crash --store {kind} --seed {seed} --runs 1")
    }
}

/// Plays a seed on a store of its own.
///
/// # Errors
/// A claim did not hold. The folder with the data and the logs is kept.
pub async fn play(seed: u64, kind: Kind) -> Result<Tally, Failure> {
    let folder = tempfile::Builder::new().prefix("crash-").tempdir().expect("a folder for the data");
    // Dropped last: the servers that use it are gone by then.
    let cluster = (kind == Kind::Postgres).then(|| Cluster::start(Disk::Awaited));
    let database_url = cluster.as_ref().map(|cluster| cluster.database("facts"));
    let place = Place { folder: folder.path().to_owned(), database_url };
    let mut chance = Chance::new(seed, 0);
    std::fs::write(place.settings(), settings(&mut chance)).expect("settings can be written");
    let played = Story { place, chance, tabs: Vec::new(), journal: Journal::default(), tally: Tally::default() }
        .play(seed)
        .await;
    played.map_err(|why| Failure { seed, kind, why, kept: folder.keep() })
}

fn settings(chance: &mut Chance) -> String {
    let punching = if chance.permille(500) { "on-request" } else { "with-presence" };
    format!(
        "auth = \"none\"\npunching = \"{punching}\"\ninterval_ms = 500\ngrace_ms = {GRACE_MS}\n\
         hidden_hold_ms = {HIDDEN_HOLD_MS}\nleave_grace_ms = {LEAVE_GRACE_MS}\nboot_grace_ms = {BOOT_GRACE_MS}\n\
         address_beats_per_s = 0\naddress_sessions_per_s = 0\n"
    )
}

struct Story {
    place: Place,
    chance: Chance,
    tabs: Vec<Tab>,
    journal: Journal,
    tally: Tally,
}

impl Story {
    async fn play(mut self, seed: u64) -> Result<Tally, String> {
        for person in 0..self.chance.between(20, 60) {
            for tab in 0..self.chance.between(1, 3) {
                self.tabs.push(Tab::new(format!("user-{person}"), Chance::new(seed, 1 + person * 8 + tab)));
            }
        }
        let lives = self.chance.between(2, 4);
        let mut server = Process::start(&self.place, 0).await?;
        for life in 1..=lives {
            self.live(&mut server).await?;
            if self.chance.permille(300) {
                let lines = self.chance.between(0, 30);
                Process::killed_while_it_starts(&self.place, lines).await;
                self.journal.kills.push(wall_ms());
            }
            server = Process::start(&self.place, usize::try_from(life).unwrap_or(0)).await?;
            self.check(&server).await?;
        }
        server.kill().await;
        Ok(self.tally)
    }

    /// Lets the tabs live until the kill, and writes down what they know.
    async fn live(&mut self, server: &mut Process) -> Result<(), String> {
        // As often at once as after a while: a start that nobody has beaten to yet is a moment as good as any.
        let most = [40, 400, 1_000, 2_000][usize::try_from(self.chance.below(4)).unwrap_or(0)];
        let meter = Meter::until(self.chance.between(1, most));
        let client = Client::builder().timeout(PATIENCE).build().expect("a client");
        let line = Line { client, address: server.address.clone(), meter: Arc::clone(&meter) };
        let (over, is_over) = watch::channel(false);
        let lives = self.tabs.drain(..).map(|tab| tokio::spawn(tab.live(line.clone(), is_over.clone())));
        let lives: Vec<_> = lives.collect();
        let ended = tokio::select! {
            () = meter.reached() => None,
            why = server.ended() => Some(why),
        };
        server.kill().await;
        self.journal.kills.push(wall_ms());
        let _ = over.send(true);
        for life in lives {
            self.tabs.push(life.await.map_err(|why| format!("a tab was told something wrong: {why}"))?);
        }
        ended.map_or(Ok(()), Err)
    }

    async fn check(&mut self, server: &Process) -> Result<(), String> {
        self.journal.sessions = self.tabs.iter().flat_map(Tab::sessions).cloned().collect();
        self.journal.punches = self.tabs.iter().flat_map(Tab::punches).cloned().collect();
        let stored = stored::read(&self.place).await?;
        checks::check(&self.journal, &stored)?;
        let client = Client::builder().timeout(PATIENCE).build().expect("a client");
        said::check(&client, &server.address, &stored).await?;
        said::check_seals(&self.place).await?;
        let answered = |session: &Session| session.sent.iter().filter(|sent| sent.taken_at.is_some()).count();
        self.tally = Tally {
            kills: self.journal.kills.len(),
            sessions: stored.sessions.len(),
            beats: self.journal.sessions.iter().map(answered).sum(),
            ended: stored.sessions.values().filter(|row| row.end.is_some()).count(),
            punches: self.journal.punches.len(),
            auto_outs: stored.punches.iter().filter(|row| row.kind == "AUTO_OUT").count(),
        };
        Ok(())
    }
}
