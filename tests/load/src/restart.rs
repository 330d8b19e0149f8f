//! How long a server with many open sessions takes from its start until it says that it is ready.

use std::time::Duration;

use stillhere_engine::time::Millis;
use stillhere_tests::server::Server;
use tokio::time::{interval, timeout};

use crate::{
    clock::{length, nanos_since, now},
    cores, crowd,
    program::{ENVIRONMENT, ROOMY},
    progress::Progress,
    scale::Scale,
    table::{Bar, Row, Table, Target, grouped, median},
    throughput::figure,
};

/// Longer than any start.
const PATIENCE: Duration = Duration::from_secs(60);

const MOST_S: f64 = 2.0;

/// Takes the measurement.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(scale: &Scale, progress: &Progress) -> Result<Table, String> {
    let mut starts = Vec::new();
    let (mut memory, counts) = (0, [0, scale.crowd / 10, scale.crowd]);
    for count in counts {
        let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
        let lease_until = crowd::now().after(Millis::minutes(24 * 60));
        crowd::open(folder.path(), count, lease_until, progress).await?;
        let mut took = Vec::new();
        for round in 1..=scale.rounds {
            progress.say(&format!("start {round} of {} with {count} open sessions", scale.rounds));
            let (nanos, resident) = start(&folder.path().display().to_string(), count).await?;
            took.push(nanos as f64);
            memory = resident;
        }
        starts.push(median(took));
    }
    let [none, .., all] = starts[..] else { return Err("nothing was started".to_owned()) };
    let bars = counts.iter().zip(&starts).map(|(count, nanos)| Bar {
        name: format!("{} open sessions", grouped(f64::from(*count))),
        value: *nanos,
        words: length(*nanos as u64),
        is_ours: true,
    });
    Ok(Table {
        noun: "restart",
        title: "From a start until it is ready",
        method: format!(
            "The sessions lie in SQLite, as a server that was killed leaves them. The time is from the start of the process \
             to the first `/readyz` that says ready, asked every two milliseconds; the middle one of {} starts, each killed \
             without a word. The server has both cores, as nobody makes load meanwhile. The process with all of them has {} MB.",
            scale.rounds,
            memory / 1_000_000
        ),
        rows: vec![Row {
            what: format!("ready with {} open sessions", grouped(f64::from(scale.crowd))),
            ours: length(all as u64),
            baseline: format!("with none {}", length(none as u64)),
            ratio: None,
            target: Some(Target::at_most(all / 1e9, MOST_S, "2 s")),
        }],
        axis: "time until /readyz says ready",
        bars: bars.collect(),
        ..Table::default()
    })
}

/// How long one start takes, and how large the process is then.
async fn start(folder: &str, count: u32) -> Result<(u64, u64), String> {
    cores::pin_to_both()?;
    let begun = now();
    let mut server = Server::start(&["--data", folder], ROOMY, &ENVIRONMENT).await;
    let ready = async {
        let mut tries = interval(Duration::from_millis(2));
        while server.status(reqwest::Method::GET, "/readyz", &[]).await != 200 {
            tries.tick().await;
        }
        nanos_since(begun)
    };
    let took = timeout(PATIENCE, ready).await.map_err(|_| "it is not ready after a minute")?;
    cores::pin(cores::LOAD)?;
    let here = figure(&server.metrics().await, "stillhere_sessions");
    if here != Some(f64::from(count)) {
        return Err(format!("{count} sessions were open, and the server knows {here:?}"));
    }
    let resident = cores::resident(server.id());
    // And waits until it is gone: the next one wants its folder.
    server.kill().await;
    Ok((took, resident))
}
