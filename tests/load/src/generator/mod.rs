//! The load, made by a process of its own on a core of its own: what it is to say, and how it is told to.
//!
//! One process has its connections and its tabs for as long as it lives, so that rounds of several servers can take
//! turns. It is given a [`Spec`] when it starts, and then an [`Order`] in a line each time; it answers each with
//! [`Told`] in a line.

mod http;
mod run;
mod socket;
mod socketio;
mod tabs;
mod talk;
mod voice;
mod watch;

use std::{collections::BTreeMap, env, net::SocketAddr, process::Stdio};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{cores, histogram::Latency};

pub(crate) use run::run;
pub(crate) use tabs::{token_of as token, wall_ms};
pub(crate) use talk::dial;

/// What a generator is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// Whom it talks to.
    pub(crate) to: SocketAddr,
    /// From which addresses of this machine; the usual one without it.
    pub(crate) from: Option<Addresses>,
    /// So many connections.
    pub(crate) connections: usize,
    /// So many requests under way at once, on connections that take turns.
    pub(crate) under_way: usize,
    /// What is said.
    pub(crate) speech: Speech,
}

/// `127.0.<net>.1` and as many as are wanted after it: to a server they are different people's machines.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Addresses {
    pub(crate) net: u8,
    pub(crate) count: u8,
}

/// What is said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Speech {
    /// Beats over HTTP, and the statuses that they may be answered with.
    Beats(Tabs, Vec<u16>),
    /// Beats over WebSockets of so many tabs each.
    Socket(Tabs, u32),
    /// `SET` of use case 3's record, so many at once.
    Redis { password: String, at_once: usize, users: u32 },
    /// Nothing good.
    Flood(Flood),
    /// A watcher on each connection, of this channel, with this token.
    Watch { by: By, channel: String, token: String },
}

/// How watchers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum By {
    /// Server-sent events.
    Feed,
    /// socket.io's packets over WebSockets.
    SocketIo,
}

/// Tabs that beat in turn.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Tabs {
    /// So many.
    pub(crate) count: u32,
    /// Those of another generator begin elsewhere.
    pub(crate) first: u32,
    /// How many of them are one person's.
    pub(crate) per_user: u32,
    /// What they promise.
    pub(crate) promise: Promise,
}

/// What a beat says about the next.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Promise {
    /// It comes within so many milliseconds.
    Ms(u64),
}

/// What is said by those who mean no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Flood {
    /// Beats with tokens whose signature is wrong, each another.
    Forged,
    /// First beats of ever new sessions of ever new people, with good tokens.
    Begins,
    /// Bodies of 64 KiB.
    Huge,
    /// Bodies of one byte.
    Tiny,
}

/// What is to be done now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// As much as the other side takes, for so long.
    For { seconds: f64 },
    /// So many requests, as fast as the other side takes them.
    Count { requests: u64 },
    /// So many a second, whatever the other side does: waiting for one's turn is a part of the answer's time.
    Paced { per_s: f64, seconds: f64 },
    /// So many a second at most, and none that would have to come later than that.
    UpTo { per_s: f64, seconds: f64 },
    /// So many in each piece of so many milliseconds, evenly over it.
    Waves { each_ms: u64, counts: Vec<u32> },
    /// Open every connection again: the other side has hung up on all of them.
    Reconnect,
    /// Only for watchers: somebody comes and goes, so many times.
    Leaves { times: u32 },
}

/// What has come of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Told {
    /// How often each status was answered.
    pub(crate) answers: BTreeMap<u16, u64>,
    pub(crate) seconds: f64,
    pub(crate) latency: Latency,
    /// How often the other side hung up.
    pub(crate) hung_up: u64,
    /// Why it went wrong.
    pub(crate) failed: Option<String>,
}

impl Told {
    /// Everything that was answered.
    pub(crate) fn answered(&self) -> u64 {
        self.answers.values().sum()
    }

    /// In a second.
    pub(crate) fn pace(&self) -> f64 {
        self.answered() as f64 / self.seconds.max(f64::MIN_POSITIVE)
    }
}

/// A generator's process. Dropping it ends it.
pub(crate) struct Generator {
    process: Child,
    orders: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
    answered: u64,
}

impl Generator {
    /// Starts it, and waits until all of its connections are there.
    ///
    /// # Errors
    /// A sentence: one of them was not taken.
    pub(crate) async fn start(spec: &Spec) -> Result<Self, String> {
        cores::pin(cores::LOAD)?;
        let own = env::current_exe().map_err(|why| format!("this program cannot find itself: {why}"))?;
        let words = serde_json::to_string(spec).map_err(|why| why.to_string())?;
        let mut process = Command::new(own)
            .args(["generate", &words])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|why| format!("the generator does not start: {why}"))?;
        let orders = process.stdin.take().ok_or("the generator hears nothing")?;
        let told = BufReader::new(process.stdout.take().ok_or("the generator says nothing")?).lines();
        let mut generator = Self { process, orders, told, answered: 0 };
        generator.hear().await?;
        Ok(generator)
    }

    /// Its process.
    pub(crate) fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Has it done, and waits until it is.
    ///
    /// # Errors
    /// A sentence: something else was answered than may be.
    pub(crate) async fn work(&mut self, order: Order) -> Result<Told, String> {
        self.begin(order).await?;
        self.hear().await
    }

    /// Has it done, and does not wait: [`hear`](Self::hear) does.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) async fn begin(&mut self, order: Order) -> Result<(), String> {
        let mut line = serde_json::to_string(&order).map_err(|why| why.to_string())?;
        line.push('\n');
        self.orders.write_all(line.as_bytes()).await.map_err(|why| format!("the generator is gone: {why}"))
    }

    /// What has come of the order.
    ///
    /// # Errors
    /// A sentence: something else was answered than may be.
    pub(crate) async fn hear(&mut self) -> Result<Told, String> {
        let line = self.told.next_line().await.ok().flatten().ok_or("the generator ended; what it said is above")?;
        let told: Told = serde_json::from_str(&line).map_err(|why| format!("the generator said {line:?}: {why}"))?;
        match told.failed {
            None => {
                self.answered += told.answered();
                Ok(told)
            }
            Some(why) => Err(why),
        }
    }

    /// Everything that it was ever answered.
    pub(crate) const fn answered(&self) -> u64 {
        self.answered
    }
}
