//! How many beats a second one core takes, beside what does next to nothing and what others do for the same.

use crate::{
    clock::length,
    cores,
    generator::{Generator, Order, Promise, Spec, Speech, Tabs, Told},
    program::{Program, ROOMY, redis_password},
    progress::Progress,
    scale::Scale,
    table::{Bar, Row, Table, Target, grouped, median},
};

/// Connections that carry something at once.
const LINES: usize = 64;

/// Tabs of one person on one socket, so that none beats more often than it may.
const TABS_OF_A_SOCKET: u32 = 16;

/// Records in one go, for a Redis that is asked by somebody in a hurry.
const PIPELINE: usize = 16;

/// Nobody who waits for their turn is to be taken for gone.
const HOUR_MS: u64 = 3_600_000;

/// How long everybody works before the first round.
const WARM_UP_S: f64 = 1.0;

/// One who is measured.
struct Contender {
    name: &'static str,
    program: Program,
    generator: Generator,
    rounds: Vec<Turn>,
}

/// What one had done in one round.
struct Turn {
    pace: f64,
    told: Told,
    /// Processor time of the server, with everything that it had put off.
    cpu_s: f64,
}

/// Who stands where in the list.
const OURS: usize = 0;
const SOCKET: usize = 1;
const BARE: usize = 2;
const EXPRESS: usize = 4;

/// Takes the measurement.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(scale: &Scale, progress: &Progress) -> Result<Table, String> {
    let mut all = contenders(scale, progress).await?;
    for contender in &mut all {
        progress.say(&format!("warming up {}", contender.name));
        contender.warm_up(scale).await?;
    }
    for round in 1..=scale.rounds {
        for contender in &mut all {
            progress.say(&format!("round {round} of {}: {}", scale.rounds, contender.name));
            contender.turn(scale.seconds).await?;
        }
    }
    for contender in &all {
        contender.hold_against_metrics().await?;
    }
    Ok(table(&all, scale))
}

async fn contenders(scale: &Scale, progress: &Progress) -> Result<Vec<Contender>, String> {
    let tabs = Tabs { count: scale.tabs, first: 0, per_user: 1, promise: Promise::Ms(HOUR_MS) };
    let beats = |answer| Speech::Beats(tabs, vec![answer]);
    let on_sockets = Tabs { count: scale.sockets * TABS_OF_A_SOCKET, per_user: TABS_OF_A_SOCKET, ..tabs };
    let socket = Speech::Socket(on_sockets, TABS_OF_A_SOCKET);
    let set = |at_once| Speech::Redis { password: redis_password(), at_once, users: scale.tabs };
    let sockets = scale.sockets as usize;
    progress.say("starting everybody");
    Ok(vec![
        Contender::start("stillhere", Program::ours(ROOMY).await?, LINES, beats(200)).await?,
        Contender::start("stillhere, sockets", Program::ours(ROOMY).await?, sockets, socket).await?,
        Contender::start("bare Axum, 204", Program::bare().await?, LINES, beats(204)).await?,
        Contender::start("nginx, return 204", Program::nginx().await?, LINES, beats(204)).await?,
        Contender::start("Express + Redis", Program::express().await?, LINES, beats(200)).await?,
        Contender::start("Redis SET alone", Program::redis()?, LINES, set(1)).await?,
        Contender::start("Redis SET, 16 at once", Program::redis()?, LINES, set(PIPELINE)).await?,
    ])
}

impl Contender {
    async fn start(name: &'static str, program: Program, connections: usize, speech: Speech) -> Result<Self, String> {
        let spec = Spec { to: program.address()?, from: None, connections, under_way: LINES.min(connections), speech };
        let generator = Generator::start(&spec).await.map_err(|why| format!("{name}: {why}"))?;
        Ok(Self { name, program, generator, rounds: Vec::new() })
    }

    /// Every tab of ours says its first word, which waits for the disk; then everybody works for a second.
    async fn warm_up(&mut self, scale: &Scale) -> Result<(), String> {
        let named = |why| format!("{}: {why}", self.name);
        if self.program.server().is_some() {
            let requests = u64::from(scale.tabs.max(scale.sockets * TABS_OF_A_SOCKET));
            self.generator.work(Order::Count { requests }).await.map_err(named)?;
        }
        let seconds = WARM_UP_S.min(scale.seconds);
        self.generator.work(Order::For { seconds }).await.map_err(named)?;
        self.program.settle().await;
        Ok(())
    }

    async fn turn(&mut self, seconds: f64) -> Result<(), String> {
        let before = cores::seconds(&self.program.processes);
        let told = self.generator.work(Order::For { seconds }).await;
        let told = told.map_err(|why| format!("{}: {why}", self.name))?;
        self.program.settle().await;
        let cpu_s = cores::seconds(&self.program.processes) - before;
        self.rounds.push(Turn { pace: told.pace(), told, cpu_s });
        Ok(())
    }

    /// What was answered is what the server says that it has taken.
    async fn hold_against_metrics(&self) -> Result<(), String> {
        let Some(server) = self.program.server() else { return Ok(()) };
        let metrics = server.metrics().await;
        let taken = figure(&metrics, "stillhere_beats_taken_total").unwrap_or(0.0);
        let answered = self.generator.answered() as f64;
        if taken == answered && answered > 0.0 {
            return Ok(());
        }
        Err(format!("{}: {answered} beats were answered, and the server says it has taken {taken}", self.name))
    }

    fn pace(&self) -> f64 {
        median(self.rounds.iter().map(|turn| turn.pace))
    }

    /// Processor seconds of a thousand requests.
    fn cpu(&self) -> f64 {
        let requests: u64 = self.rounds.iter().map(|turn| turn.told.answered()).sum();
        self.rounds.iter().map(|turn| turn.cpu_s).sum::<f64>() * 1_000.0 / requests.max(1) as f64
    }

    /// Round by round, as both were measured under the same circumstances then.
    fn ratio(&self, other: &Self) -> f64 {
        median(self.rounds.iter().zip(&other.rounds).map(|(own, other)| own.pace / other.pace))
    }

    fn row(&self, what: &str, other: &Self, least: f64) -> Row {
        let ratio = self.ratio(other);
        Row {
            what: what.to_owned(),
            ours: format!("{}/s", grouped(self.pace())),
            baseline: format!("{} {}/s", other.name, grouped(other.pace())),
            ratio: Some(ratio),
            target: Some(Target::at_least(ratio, least, &format!("{least} ×"))),
        }
    }

    fn details(&self, bare: &Self) -> Vec<String> {
        let latency =
            |of: fn(&Told) -> u64| length(median(self.rounds.iter().map(|turn| of(&turn.told) as f64)) as u64);
        vec![
            self.name.to_owned(),
            grouped(self.pace()),
            format!("{:.2} ×", self.ratio(bare)),
            format!("{:.1} ms", self.cpu() * 1_000.0),
            format!("{:.2} ×", self.cpu() / bare.cpu()),
            latency(|told| told.latency.p50),
            latency(|told| told.latency.p99),
        ]
    }
}

/// One figure of the server's own.
pub(crate) fn figure(metrics: &str, name: &str) -> Option<f64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.trim().parse().ok())
}

fn table(all: &[Contender], scale: &Scale) -> Table {
    let (ours, socket, bare, express) = (&all[OURS], &all[SOCKET], &all[BARE], &all[EXPRESS]);
    let head = ["", "a second", "of bare Axum", "processor time of 1,000", "of bare Axum", "p50", "p99"];
    let mut details = vec![head.map(str::to_owned).to_vec()];
    details.extend(all.iter().map(|contender| contender.details(bare)));
    let bars = all.iter().enumerate().map(|(place, contender)| Bar {
        name: contender.name.to_owned(),
        value: contender.pace(),
        words: grouped(contender.pace()),
        is_ours: place <= SOCKET,
    });
    Table {
        noun: "throughput",
        title: "Beats that one core takes",
        method: format!(
            "Each server has one core and the load the other. {LINES} requests are under way at once, on as many kept \
             connections ({} sockets of {TABS_OF_A_SOCKET} tabs each). Every beat is that of one of {} tabs of as many people, \
             with spans, page and token as the client says them; over HTTP everybody is sent the same bytes. Ours \
             checks the token and keeps everything in SQLite; what a round left to be written is written before the next, and is in \
             the processor time. Express does use case 3 with one record in a Redis on the same core, and checks the \
             token too. {} rounds of {} s, in which everybody has a turn; ratios are of the same round, and the middle \
             one counts.",
            scale.sockets, scale.tabs, scale.rounds, scale.seconds
        ),
        rows: vec![
            ours.row("beats over HTTP", bare, 0.95),
            ours.row("beats over HTTP", express, 8.0),
            socket.row("beats over sockets", bare, 2.0),
        ],
        details,
        axis: "requests a second",
        bars: bars.collect(),
        ..Table::default()
    }
}
