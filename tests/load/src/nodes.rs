//! What nodes carry that share a Redis and a PostgreSQL, beside one of them alone and beside use case 3's design.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::try_join_all;
use stillhere_test_postgres::{Cluster, Disk};
use stillhere_test_redis::{Redis, Reply};
use tokio::time::interval;

use crate::{
    clock::{self, length},
    cores,
    generator::{Generator, Order, Promise, Spec, Speech, Tabs, Told},
    program::{Program, ROOMY},
    progress::Progress,
    scale::Scale,
    table::{Bar, Row, Table, Target, grouped, median},
    throughput::figure,
};

/// Requests under way at once at each node.
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
    /// What the servers use in a second in which nobody beats, in seconds of a core.
    idle: f64,
    /// For so long they were asked for beats.
    asked_s: f64,
    /// Bytes that Redis has more by each person.
    person_bytes: f64,
}

/// What they stand on.
enum Parts {
    Nodes(Box<Shared>),
    Express,
}

/// What nodes share.
struct Shared {
    redis: Redis,
    redis_process: u32,
    database: Cluster,
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
        Contender::nodes("one node", &["all"], scale).await?,
        Contender::nodes("two nodes", &["all", "all"], scale).await?,
        Contender::nodes("two that share nothing", &["one", "other"], scale).await?,
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
    let all: [Contender; 4] = all.try_into().map_err(|_| "four are measured")?;
    Ok(table(&all, scale))
}

impl Contender {
    /// A node for each site: those of the same site share it.
    async fn nodes(name: &'static str, sites: &[&str], scale: &Scale) -> Result<Self, String> {
        let (redis, redis_process) = crate::program::start_redis()?;
        cores::pin(cores::SERVER)?;
        let database = Cluster::start(Disk::Awaited);
        cores::pin(cores::LOAD)?;
        let redis_url = redis.url();
        let (mut programs, mut databases) = (Vec::new(), BTreeMap::new());
        for site in sites {
            let database_url = databases.entry(site).or_insert_with(|| database.database(site));
            let environment = [
                ("STILLHERE_REDIS_URL", &*redis_url),
                ("STILLHERE_REDIS_PREFIX", site),
                ("STILLHERE_DATABASE_URL", database_url),
            ];
            programs.push(Program::node(ROOMY, &environment).await?);
        }
        let parts = Parts::Nodes(Box::new(Shared { redis, redis_process, database }));
        Self::start(name, programs, parts, scale).await
    }

    async fn express(scale: &Scale) -> Result<Self, String> {
        Self::start("Express + Redis", vec![Program::express().await?], Parts::Express, scale).await
    }

    async fn start(name: &'static str, programs: Vec<Program>, parts: Parts, scale: &Scale) -> Result<Self, String> {
        let mut generators = Vec::new();
        let share = scale.tabs / programs.len() as u32;
        for (number, program) in (0..).zip(&programs) {
            let tabs = Tabs { count: share, first: number * share, per_user: 1, promise: Promise::Ms(HOUR_MS) };
            let speech = Speech::Beats(tabs, vec![200]);
            let spec = Spec { to: program.address()?, from: None, connections: LINES, under_way: LINES, speech };
            generators.push(Generator::start(&spec).await.map_err(|why| format!("{name}: {why}"))?);
        }
        let (used, rounds) = (Used::default(), Vec::new());
        Ok(Self { name, programs, generators, parts, rounds, used, idle: 0.0, asked_s: 0.0, person_bytes: 0.0 })
    }

    /// Every tab says its first word, and what people take in Redis is looked at.
    async fn fill(&mut self, scale: &Scale) -> Result<(), String> {
        let before = memory(self.redis()?)?;
        let share = u64::from(scale.tabs) / self.programs.len() as u64;
        self.work(&Order::Count { requests: share }).await?;
        self.settle().await;
        let people = share as f64 * self.programs.len() as f64;
        self.person_bytes = (memory(self.redis()?)? - before) / people;
        let (before, begun) = (self.used_now()?.servers, clock::now());
        let mut rest = interval(Duration::from_secs_f64(scale.seconds));
        rest.tick().await;
        rest.tick().await;
        self.idle = (self.used_now()?.servers - before) / begun.elapsed().as_secs_f64();
        Ok(())
    }

    async fn work(&mut self, order: &Order) -> Result<Vec<Told>, String> {
        let name = self.name;
        let works = self.generators.iter_mut().map(|generator| generator.work(order.clone()));
        try_join_all(works).await.map_err(|why| format!("{name}: {why}"))
    }

    async fn turn(&mut self, seconds: f64) -> Result<(), String> {
        // While the others had their turns nothing was said here, and servers hang up on that after two minutes.
        self.work(&Order::Reconnect).await?;
        let (before, begun) = (self.used_now()?, clock::now());
        let told = self.work(&Order::For { seconds }).await?;
        self.settle().await;
        let after = self.used_now()?;
        self.asked_s += begun.elapsed().as_secs_f64();
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
            Parts::Nodes(shared) => Ok(&shared.redis),
            Parts::Express => self.programs[0].redis_server().ok_or_else(|| "Express has a Redis".to_owned()),
        }
    }

    fn used_now(&self) -> Result<Used, String> {
        let calls = calls(self.redis()?)?;
        Ok(match &self.parts {
            Parts::Nodes(shared) => Used {
                servers: self.programs.iter().map(|program| cores::seconds(&program.processes)).sum(),
                redis: cores::seconds(&[shared.redis_process]),
                database: cores::seconds(&cores::family(shared.database.process())),
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

    /// Beats that a server takes with a core of its own: what is left of it beside what it does for nobody pays for them.
    fn of_a_core(&self) -> f64 {
        let servers = self.programs.len() as f64;
        let for_beats = self.used.servers - self.idle * self.asked_s;
        (1.0 - self.idle / servers) * self.used.beats / for_beats.max(f64::MIN_POSITIVE)
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
            format!("{:.1} %", self.idle * 100.0),
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
    let feed = match redis.tell(&["MEMORY", "USAGE", "{all:feed}:stream"]) {
        Reply::Number(bytes) => bytes as f64,
        _ => 0.0,
    };
    used.map(|used| used - feed).ok_or_else(|| "Redis does not say how much memory it uses".to_owned())
}

fn table(all: &[Contender; 4], scale: &Scale) -> Table {
    let [one, two, apart, express] = all;
    let scaling = 2.0 * two.of_a_core() / apart.of_a_core();
    let beside = |what: &str, ours: f64, theirs: f64, unit: &str| Row {
        what: what.to_owned(),
        ours: format!("{}{unit}", grouped(ours)),
        baseline: format!("Express + Redis {}{unit}", grouped(theirs)),
        ratio: Some(ours / theirs),
        target: None,
    };
    let of_redis = |contender: &Contender| 1.0 / contender.each(|used| used.redis).max(f64::MIN_POSITIVE);
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
    details.extend(all.iter().map(Contender::details));
    let bar = |name: &str, value: f64, is_ours| Bar { name: name.to_owned(), value, words: grouped(value), is_ours };
    Table {
        noun: "nodes",
        title: "What nodes carry that share their work",
        method: method(scale),
        rows: vec![
            Row::alone(
                "what two nodes carry, beside one",
                format!("{scaling:.2} ×"),
                Some(Target::at_least(scaling, TWICE, &format!("{TWICE} ×"))),
            ),
            beside("beats a second for a core of nodes", one.of_a_core(), express.of_a_core(), ""),
            beside("beats a second for a core of Redis", of_redis(one), of_redis(express), ""),
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
            bar("one node", one.of_a_core(), true),
            bar("each of two nodes", two.of_a_core(), true),
            bar("each of two that share nothing", apart.of_a_core(), true),
            bar("Express", express.of_a_core(), false),
        ],
        ..Table::default()
    }
}

fn method(scale: &Scale) -> String {
    format!(
        "Everything that serves is on one core, the load on the other. {LINES} requests are under way at once \
             at each node; every beat is that of one of {} tabs of as many people, and each node checks the token. Redis and \
             PostgreSQL are real, and PostgreSQL waits for its disk. Two cores cannot show how fast two machines are, so what \
             counts is processor time: what one beat costs the nodes together, Redis and PostgreSQL, each by itself. A core \
             carries as many beats a second as it can pay for, beside what its server does while nobody beats; two processes that take \
             turns on one core cost more than one does even where they share nothing, so two nodes stand beside two such: what they \
             cost more is what sharing costs, and what they carry on two cores is twice that much less. Express does use case 3 with one record in a Redis. {} rounds of {} s, in which everybody has a turn.",
        grouped(f64::from(scale.tabs)),
        scale.rounds,
        scale.seconds
    )
}
