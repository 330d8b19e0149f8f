//! What nodes carry that share a Redis and a PostgreSQL, beside one of them alone and beside use case 3's design.

use futures_util::future::try_join_all;
use stillhere_test_postgres::{Cluster, Disk};
use stillhere_test_redis::{Redis, Reply};

use crate::{
    clock::length,
    cores,
    generator::{Generator, Order, Promise, Spec, Speech, Tabs, Told},
    program::{Program, ROOMY},
    progress::Progress,
    scale::Scale,
    table::{Bar, Row, Table, Target, grouped, median},
    throughput::figure,
};

/// Requests under way at once, on all nodes together.
const LINES: usize = 64;

/// What two nodes carry, at least, beside one.
const TWICE: f64 = 1.6;

/// Nobody who waits for their turn is to be taken for gone.
const HOUR_MS: u64 = 3_600_000;

/// Commands that come over the line, and not from a script.
const CALLS: [&str; 9] = ["evalsha", "eval", "xrange", "xrevrange", "xtrim", "get", "zscore", "hscan", "set"];

/// One who is measured.
struct Contender {
    name: &'static str,
    programs: Vec<Program>,
    generators: Vec<Generator>,
    parts: Parts,
    rounds: Vec<Vec<Told>>,
    used: Used,
    /// Bytes that Redis has more by each person.
    person_bytes: f64,
}

/// What they stand on.
enum Parts {
    Nodes { redis: Redis, redis_process: u32, database: Cluster },
    Express,
}

/// What has been used for the beats so far, in seconds of a core; and calls to Redis.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    servers: f64,
    redis: f64,
    database: f64,
    calls: f64,
    beats: f64,
}

/// Takes the measurement.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(scale: &Scale, progress: &Progress) -> Result<Table, String> {
    progress.say("starting everybody");
    let mut all = vec![
        Contender::nodes("one node", 1, scale).await?,
        Contender::nodes("two nodes", 2, scale).await?,
        Contender::express(scale).await?,
    ];
    for contender in &mut all {
        progress.say(&format!("everybody comes to {}", contender.name));
        contender.fill(scale).await?;
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
    let [one, two, express] = all.try_into().map_err(|_| "three are measured")?;
    Ok(table(&one, &two, &express, scale))
}

impl Contender {
    async fn nodes(name: &'static str, count: u32, scale: &Scale) -> Result<Self, String> {
        let (redis, redis_process) = crate::program::start_redis()?;
        cores::pin(cores::SERVER)?;
        let database = Cluster::start(Disk::Awaited);
        cores::pin(cores::LOAD)?;
        let (redis_url, database_url) = (redis.url(), database.database("facts"));
        let environment = [("STILLHERE_REDIS_URL", &*redis_url), ("STILLHERE_DATABASE_URL", &*database_url)];
        let mut programs = Vec::new();
        for _ in 0..count {
            programs.push(Program::node(ROOMY, &environment).await?);
        }
        let parts = Parts::Nodes { redis, redis_process, database };
        Self::start(name, programs, parts, scale).await
    }

    async fn express(scale: &Scale) -> Result<Self, String> {
        Self::start("Express + Redis", vec![Program::express().await?], Parts::Express, scale).await
    }

    async fn start(name: &'static str, programs: Vec<Program>, parts: Parts, scale: &Scale) -> Result<Self, String> {
        let mut generators = Vec::new();
        let share = scale.tabs / programs.len() as u32;
        let lines = LINES / programs.len();
        for (number, program) in (0..).zip(&programs) {
            let tabs = Tabs { count: share, first: number * share, per_user: 1, promise: Promise::Ms(HOUR_MS) };
            let speech = Speech::Beats(tabs, vec![200]);
            let spec = Spec { to: program.address()?, from: None, connections: lines, under_way: lines, speech };
            generators.push(Generator::start(&spec).await.map_err(|why| format!("{name}: {why}"))?);
        }
        let (used, rounds) = (Used::default(), Vec::new());
        Ok(Self { name, programs, generators, parts, rounds, used, person_bytes: 0.0 })
    }

    /// Every tab says its first word, and what people take in Redis is looked at.
    async fn fill(&mut self, scale: &Scale) -> Result<(), String> {
        let before = memory(self.redis()?)?;
        let share = u64::from(scale.tabs) / self.programs.len() as u64;
        self.work(&Order::Count { requests: share }).await?;
        self.settle().await;
        let people = share as f64 * self.programs.len() as f64;
        self.person_bytes = (memory(self.redis()?)? - before) / people;
        Ok(())
    }

    async fn work(&mut self, order: &Order) -> Result<Vec<Told>, String> {
        let name = self.name;
        let works = self.generators.iter_mut().map(|generator| generator.work(order.clone()));
        try_join_all(works).await.map_err(|why| format!("{name}: {why}"))
    }

    async fn turn(&mut self, seconds: f64) -> Result<(), String> {
        let before = self.used_now()?;
        let told = self.work(&Order::For { seconds }).await?;
        self.settle().await;
        let after = self.used_now()?;
        self.used.servers += after.servers - before.servers;
        self.used.redis += after.redis - before.redis;
        self.used.database += after.database - before.database;
        self.used.calls += after.calls - before.calls;
        self.used.beats += told.iter().map(|told| told.answered() as f64).sum::<f64>();
        self.rounds.push(told);
        Ok(())
    }

    async fn settle(&self) {
        for program in &self.programs {
            program.settle().await;
        }
    }

    fn redis(&self) -> Result<&Redis, String> {
        match &self.parts {
            Parts::Nodes { redis, .. } => Ok(redis),
            Parts::Express => self.programs[0].redis_server().ok_or_else(|| "Express has a Redis".to_owned()),
        }
    }

    fn used_now(&self) -> Result<Used, String> {
        let calls = calls(self.redis()?)?;
        Ok(match &self.parts {
            Parts::Nodes { redis_process, database, .. } => Used {
                servers: self.programs.iter().map(|program| cores::seconds(&program.processes)).sum(),
                redis: cores::seconds(&[*redis_process]),
                database: cores::seconds(&cores::family(database.process())),
                calls,
                beats: 0.0,
            },
            Parts::Express => Used {
                servers: cores::seconds(&self.programs[0].processes[..1]),
                redis: cores::seconds(&self.programs[0].processes[1..]),
                calls,
                ..Used::default()
            },
        })
    }

    /// What was answered is what the nodes say that they have taken.
    async fn hold_against_metrics(&self) -> Result<(), String> {
        for (program, generator) in self.programs.iter().zip(&self.generators) {
            let Some(server) = program.server() else { continue };
            let taken = figure(&server.metrics().await, "stillhere_beats_taken_total").unwrap_or(0.0);
            let answered = generator.answered() as f64;
            if taken != answered || answered == 0.0 {
                return Err(format!("{}: {answered} beats were answered, and a node says {taken}", self.name));
            }
        }
        Ok(())
    }

    fn pace(&self) -> f64 {
        median(self.rounds.iter().map(|told| told.iter().map(Told::pace).sum()))
    }

    /// Seconds of a core for one beat.
    fn each(&self, of: fn(&Used) -> f64) -> f64 {
        of(&self.used) / self.used.beats.max(1.0)
    }

    fn details(&self) -> Vec<String> {
        let latency = |of: fn(&Told) -> u64| {
            let slowest = |told: &Vec<Told>| told.iter().map(of).max().unwrap_or(0) as f64;
            length(median(self.rounds.iter().map(slowest)) as u64)
        };
        let of_a_thousand = |of| format!("{:.1} ms", self.each(of) * 1_000_000.0);
        vec![
            self.name.to_owned(),
            grouped(self.pace()),
            of_a_thousand(|used| used.servers),
            of_a_thousand(|used| used.redis),
            of_a_thousand(|used| used.database),
            grouped(self.each(|used| used.calls) * 1_000.0),
            format!("{} B", grouped(self.person_bytes)),
            latency(|told| told.latency.p50),
            latency(|told| told.latency.p99),
        ]
    }
}

/// Commands that have come over the line so far.
fn calls(redis: &Redis) -> Result<f64, String> {
    let Reply::Text(info) = redis.tell(&["INFO", "commandstats"]) else {
        return Err("Redis counts no commands".into());
    };
    let of = |name: &str| {
        let line =
            info.lines().find_map(|line| line.strip_prefix("cmdstat_")?.strip_prefix(name)?.strip_prefix(":calls="));
        line.and_then(|rest| rest.split(',').next()?.parse::<f64>().ok()).unwrap_or(0.0)
    };
    Ok(CALLS.iter().map(|name| of(name)).sum())
}

/// What Redis has in memory, without the feed, which has a bound of its own.
fn memory(redis: &Redis) -> Result<f64, String> {
    let Reply::Text(info) = redis.tell(&["INFO", "memory"]) else {
        return Err("Redis does not know its memory".into());
    };
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")?.trim().parse::<f64>().ok());
    let feed = match redis.tell(&["MEMORY", "USAGE", "{stillhere:feed}:stream"]) {
        Reply::Number(bytes) => bytes as f64,
        _ => 0.0,
    };
    used.map(|used| used - feed).ok_or_else(|| "Redis does not say how much memory it uses".to_owned())
}

fn table(one: &Contender, two: &Contender, express: &Contender, scale: &Scale) -> Table {
    let a_core = |seconds: f64| 1.0 / seconds.max(f64::MIN_POSITIVE);
    let scaling = 2.0 * one.each(|used| used.servers) / two.each(|used| used.servers);
    let beside = |what: &str, ours: f64, theirs: f64, unit: &str| Row {
        what: what.to_owned(),
        ours: format!("{}{unit}", grouped(ours)),
        baseline: format!("Express + Redis {}{unit}", grouped(theirs)),
        ratio: Some(ours / theirs),
        target: None,
    };
    let core_of = |contender: &Contender, of| a_core(contender.each(of));
    let head = [
        "",
        "beats a second",
        "nodes, of 1,000",
        "Redis, of 1,000",
        "PostgreSQL, of 1,000",
        "calls to Redis, of 1,000",
    ];
    let head = head.into_iter().chain(["Redis, a person", "p50", "p99"]);
    let mut details = vec![head.map(str::to_owned).collect::<Vec<_>>()];
    details.extend([one, two, express].map(Contender::details));
    let bar = |name: &str, value: f64, is_ours| Bar { name: name.to_owned(), value, words: grouped(value), is_ours };
    Table {
        noun: "nodes",
        title: "What nodes carry that share their work",
        method: format!(
            "Everything that serves is on one core, the load on the other. {LINES} requests are under way at once, spread over \
             the nodes; every beat is that of one of {} tabs of as many people, and each node checks the token. Redis and \
             PostgreSQL are real, and PostgreSQL waits for its disk. Two cores cannot show how fast two machines are, so what \
             counts is processor time: what one beat costs the nodes together, Redis and PostgreSQL, each by itself. A core is \
             worth as many beats a second as it can pay for; two nodes on two cores carry twice what one does, divided by how much \
             dearer a beat of theirs is. Express does use case 3 with one record in a Redis. {} rounds of {} s, in which everybody has a turn.",
            grouped(f64::from(scale.tabs)),
            scale.rounds,
            scale.seconds
        ),
        rows: vec![
            Row::alone(
                "what two nodes carry, beside one",
                format!("{scaling:.2} ×"),
                Some(Target::at_least(scaling, TWICE, &format!("{TWICE} ×"))),
            ),
            beside(
                "beats a second for a core of nodes",
                core_of(one, |used| used.servers),
                core_of(express, |used| used.servers),
                "",
            ),
            beside(
                "beats a second for a core of Redis",
                core_of(one, |used| used.redis),
                core_of(express, |used| used.redis),
                "",
            ),
            beside(
                "calls to Redis for 1,000 beats",
                one.each(|used| used.calls) * 1_000.0,
                express.each(|used| used.calls) * 1_000.0,
                "",
            ),
            beside("memory of a person in Redis", one.person_bytes, express.person_bytes, " B"),
        ],
        details,
        axis: "beats a second that a core of servers pays for",
        bars: vec![
            bar("one node", core_of(one, |used| used.servers), true),
            bar("two nodes", core_of(two, |used| used.servers), true),
            bar("Express", core_of(express, |used| used.servers), false),
        ],
        ..Table::default()
    }
}
