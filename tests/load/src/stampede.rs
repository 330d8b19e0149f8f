//! What honest people's beats take while a crowd beats as every day, and while it comes back after a restart.

use crate::{
    clock::length,
    cores,
    generator::{Addresses, Generator, Order, Promise, Spec, Speech, Tabs},
    herd,
    honest::{Found, HOUR_MS, beats, in_words},
    program::Program,
    progress::Progress,
    scale::Scale,
    table::grouped,
};

/// The machines of the crowd.
const MACHINES: Addresses = Addresses { net: 2, count: 100 };

/// Connections on which it comes.
const LINES: u32 = 1_000;

/// Where its tabs begin.
const FIRST: u32 = 1_000_000;

struct Stampede<'a> {
    program: &'a mut Program,
    honest: &'a mut Generator,
    crowd: Generator,
    scale: &'a Scale,
}

/// Takes the measurement, on a server that runs already and is restarted in each round. The restart's is the last one found.
///
/// # Errors
/// A sentence: why it cannot be taken.
pub(crate) async fn measure(
    program: &mut Program,
    honest: &mut Generator,
    scale: &Scale,
    progress: &Progress,
) -> Result<[Found; 2], String> {
    let count = scale.herd;
    progress.say(&format!("{count} tabs come"));
    let tabs = Tabs { count, first: FIRST, per_user: 1, promise: Promise::Ms(HOUR_MS) };
    let lines = LINES.min(count) as usize;
    // Who is told to come again does so, as a tab would.
    let speech = Speech::Beats(tabs, vec![200, 503]);
    let spec = Spec { to: program.address()?, from: Some(MACHINES), connections: lines, under_way: lines, speech };
    let mut crowd = Generator::start(&spec).await?;
    crowd.work(Order::Count { requests: count.into() }).await?;
    let mut stampede = Stampede { program, honest, crowd, scale };
    let named = |name: &str| Found::of(format!("{name}, {}", grouped(f64::from(count))));
    let mut found = [named("tabs that beat as every day"), named("tabs that come back")];
    for round in 1..=scale.rounds {
        progress.say(&format!("round {round} of {}: {}", scale.rounds, found[0].name));
        stampede.program.settle().await;
        let quiet = beats(stampede.honest, scale).await?.latency.p99 as f64;
        stampede.under(herd::everyday(count), quiet, &mut found[0]).await?;
        progress.say(&format!("round {round} of {}: a restart, after which they come back", scale.rounds));
        stampede.restart().await?;
        stampede.under(herd::arrivals(count), quiet, &mut found[1]).await?;
    }
    Ok(found)
}

impl Stampede<'_> {
    async fn restart(&mut self) -> Result<(), String> {
        self.program.restart().await?;
        self.honest.work(Order::Reconnect).await?;
        self.crowd.work(Order::Reconnect).await?;
        Ok(())
    }

    /// The honest beats while so many of the crowd come in each step.
    async fn under(&mut self, counts: Vec<u32>, quiet: f64, found: &mut Found) -> Result<(), String> {
        let most = u64::from(counts.iter().copied().max().unwrap_or(0)) * 1_000 / herd::STEP_MS;
        let seconds = herd::LOOK_MS as f64 / 1_000.0;
        let used = cores::seconds(&self.program.processes);
        self.crowd.begin(Order::Waves { each_ms: herd::STEP_MS, counts }).await?;
        let told = self.honest.work(Order::Paced { per_s: self.scale.honest_per_s, seconds }).await?;
        let crowd = self.crowd.hear().await?;
        found.quiet.push(quiet);
        found.loud.push(told.latency.p99 as f64);
        found.busy[1].push((cores::seconds(&self.program.processes) - used) / told.seconds);
        let (said, own) = (in_words(&crowd), length(crowd.latency.p99));
        found.fate = format!("{said}; at most {} a second; their own p99 {own}", grouped(most as f64));
        Ok(())
    }
}
