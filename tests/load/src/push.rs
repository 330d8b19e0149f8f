//! How long after its cause each watcher of a channel hears that somebody has left.

use crate::{
    clock::length,
    generator::{Generator, Order, Spec, Speech, Told, token},
    program::{Program, ROOMY},
    progress::Progress,
    scale::Scale,
    table::{Bar, Row, Table, Target, grouped},
};

const MOST_MS: u64 = 100;

/// Takes the measurement.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(scale: &Scale, progress: &Progress) -> Result<Table, String> {
    let mut seen = Vec::new();
    for watchers in scale.watchers {
        progress.say(&format!("{watchers} watchers"));
        seen.push((watchers, look(watchers, scale.leaves).await?));
    }
    let rows = seen.iter().map(|(watchers, told)| {
        let p99 = told.latency.p99;
        let target = Target::at_most(p99 as f64 / 1e6, MOST_MS as f64, "100 ms");
        Row::alone(format!("p99 with {} watchers", grouped(*watchers as f64)), length(p99), Some(target))
    });
    let mut details = vec![["watchers", "p50", "p99", "the last"].map(str::to_owned).to_vec()];
    for (watchers, Told { latency, .. }) in &seen {
        let lengths = [latency.p50, latency.p99, latency.longest].map(length);
        details.push([&[grouped(*watchers as f64)][..], &lengths].concat());
    }
    let bars = seen.iter().map(|(watchers, told)| Bar {
        name: format!("{} watchers", grouped(*watchers as f64)),
        value: told.latency.p99 as f64,
        words: length(told.latency.p99),
        is_ours: true,
    });
    Ok(Table {
        noun: "push",
        title: "A leave, from its cause to its watchers",
        method: format!(
            "Somebody comes to a channel and signs out, {} times. The time is from just before the request is written to when \
             a watcher's event has been read, over server-sent events, for each watcher of each leave. All watchers are read by \
             one process on the load's core.",
            scale.leaves
        ),
        rows: rows.collect(),
        details,
        axis: "p99 from the request to the watcher",
        bars: bars.collect(),
        ..Table::default()
    })
}

async fn look(watchers: usize, times: u32) -> Result<Told, String> {
    let program = Program::ours(ROOMY).await?;
    let speech = Speech::Watch { channel: "lobby".to_owned(), token: token(0) };
    let spec = Spec { to: program.address()?, from: None, connections: watchers, under_way: 0, speech };
    let mut generator = Generator::start(&spec).await?;
    // The first few times memory is still being asked for.
    generator.work(Order::Leaves { times: times.div_ceil(5) }).await?;
    let told = generator.work(Order::Leaves { times }).await?;
    let (heard, wanted) = (told.answered(), watchers as u64 * u64::from(times));
    if heard == wanted { Ok(told) } else { Err(format!("{heard} of {wanted} times a watcher was told")) }
}
