//! What a live session costs in memory, beside the same people in a Redis and in a Map of Node.

use serde_json::Value;
use tokio::process::Command;

use crate::{
    cores,
    generator::{Generator, Order, Promise, Spec, Speech, Tabs},
    program::{self, Program, ROOMY, redis_password},
    progress::Progress,
    scale::Scale,
    table::{Bar, Row, Table, Target, grouped},
};

/// What a session may cost.
const MOST: f64 = 200.0;

/// Requests under way while a crowd comes: a batch on its way to the disk takes them along all at once.
const UNDER_WAY: usize = 2_000;

/// Records that Redis is told at once.
const PIPELINE: usize = 16;

/// Takes the measurement.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(scale: &Scale, progress: &Progress) -> Result<Table, String> {
    let count = scale.crowd;
    let each = |bytes: f64| bytes / f64::from(count);
    progress.say("the tracker alone");
    let said = program::output(Command::new(program::beside("holds")?).arg(count.to_string())).await?;
    let tracker: Value = serde_json::from_str(&said).map_err(|why| why.to_string())?;
    let allocated = each(tracker["allocated"].as_f64().ok_or("no figure")?);
    let resident = each(tracker["resident"].as_f64().ok_or("no figure")?);
    progress.say("a Map in Node");
    let said = program::node(&["--expose-gc", "map.js", &count.to_string()]).await?;
    let map: Value = serde_json::from_str(&said).map_err(|why| why.to_string())?;
    if map["records"] != count {
        return Err(format!("the Map holds {} of {count}", map["records"]));
    }
    let map = each(map["resident"].as_f64().ok_or("no figure")?);
    progress.say("Redis");
    let (redis_used, redis_resident) = redis(count).await?;
    let (redis_used, redis_resident) = (each(redis_used), each(redis_resident));
    progress.say(&format!("{count} sessions come to a real server"));
    let server = each(real(count).await?);
    let bytes = |value: f64| format!("{} B", grouped(value));
    let row = |what: &str, ours: f64, name: &str, beside: f64, target| Row {
        what: what.to_owned(),
        ours: bytes(ours),
        baseline: format!("{name} {}", bytes(beside)),
        ratio: Some(ours / beside),
        target,
    };
    let target = Some(Target::at_most(resident, MOST, "200 B"));
    let bar = |name: &str, value: f64, is_ours| Bar { name: name.to_owned(), value, words: bytes(value), is_ours };
    Ok(Table {
        noun: "memory",
        title: "Memory of a live session",
        method: format!(
            "{} sessions, each with a user, a channel, a page, a lease and its spans. The tracker stands in a process of its \
             own: what it has allocated, and how much larger the process has become. The real server has taken the first beat of \
             each over HTTP, with SQLite on, and is larger by that much; in it are the verified tokens, the names and the limits \
             of the newest hundred thousand, SQLite's pages, and what the allocator keeps. Redis has use case 3's record of each \
             user, by its own count and as a process; so has a Map in Node.",
            grouped(f64::from(count))
        ),
        rows: vec![
            row("the tracker, allocated", allocated, "Redis", redis_used, None),
            row("the tracker, as a process", resident, "Redis", redis_resident, target),
            row("the tracker, as a process", resident, "Map in Node", map, None),
            row("the whole server, as a process", server, "Redis", redis_resident, None),
        ],
        axis: "bytes a session, as a process",
        bars: vec![
            bar("stillhere's tracker", resident, true),
            bar("stillhere's server", server, true),
            bar("Redis", redis_resident, false),
            bar("Map in Node", map, false),
        ],
        ..Table::default()
    })
}

/// What Redis itself counts, and how much larger its process has become.
async fn redis(count: u32) -> Result<(f64, f64), String> {
    let program = Program::redis()?;
    let redis = program.redis_server().ok_or("it is Redis")?;
    let (before, resident) = (used(redis)?, cores::resident(program.processes[0]));
    let to = program.address()?;
    let speech = Speech::Redis { password: redis_password(), at_once: PIPELINE, users: count };
    let mut generator = Generator::start(&Spec { to, from: None, connections: 16, under_way: 16, speech }).await?;
    generator.work(Order::Count { requests: u64::from(count).div_ceil(PIPELINE as u64) }).await?;
    drop(generator);
    let (after, grown) = (used(redis)?, cores::resident(program.processes[0]).saturating_sub(resident));
    Ok((after - before, grown as f64))
}

fn used(redis: &stillhere_test_redis::Redis) -> Result<f64, String> {
    let stillhere_test_redis::Reply::Text(info) = redis.tell(&["INFO", "memory"]) else {
        return Err("Redis does not know its memory".to_owned());
    };
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")?.trim().parse().ok());
    used.ok_or_else(|| "Redis does not say how much memory it uses".to_owned())
}

/// How much larger a real server becomes when so many come.
async fn real(count: u32) -> Result<f64, String> {
    let program = Program::ours(ROOMY).await?;
    // What a server needs for nobody, it has touched.
    program.settle().await;
    let before = cores::resident(program.processes[0]);
    let tabs = Tabs { count, first: 0, per_user: 1, promise: Promise::Ms(3_600_000) };
    let connections = UNDER_WAY.min(count as usize);
    let speech = Speech::Beats(tabs, vec![200]);
    let spec = Spec { to: program.address()?, from: None, connections, under_way: connections, speech };
    let mut generator = Generator::start(&spec).await?;
    generator.work(Order::Count { requests: count.into() }).await?;
    drop(generator);
    program.settle().await;
    let metrics = program.server().ok_or("it is ours")?.metrics().await;
    let here = crate::throughput::figure(&metrics, "stillhere_sessions");
    if here != Some(f64::from(count)) {
        return Err(format!("the server says that {here:?} of {count} sessions are here"));
    }
    Ok(cores::resident(program.processes[0]).saturating_sub(before) as f64)
}
