//! `cargo xtask bench`: the figures, side by side. `--help` teaches it.
#![allow(clippy::expect_used, reason = "a measurement that cannot go on says so by failing")]

mod clock;
mod cores;
mod crowd;
mod expiry;
mod generator;
mod held;
mod herd;
mod histogram;
mod history;
mod honest;
mod hostility;
mod memory;
mod nodes;
mod past;
mod plans;
mod plot;
mod program;
mod progress;
mod push;
mod report;
mod restart;
mod scale;
mod snapshot;
mod stampede;
mod table;
mod throughput;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use stillhere_tests::machine;

use crate::{progress::Progress, scale::Scale, table::Table};

/// Measure real servers, ours and others', side by side, and say what is reached of what was to be reached.
///
/// Every figure stands beside another one of the same run: servers have one core and take turns, the load has the other
/// core and is a process of its own, and the middle one of several rounds counts. On a machine that has other work the
/// ratios say more than the figures, and processor time says more than either.
///
/// A figure that is not reached is said to be so, and is no failure. What is a failure is a measurement that cannot be
/// taken, or an answer that is not the one that it should be.
#[derive(Parser)]
#[command(name = "bench", bin_name = "cargo xtask bench", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    /// Only these; all without any.
    #[arg(value_enum)]
    measurements: Vec<Measurement>,

    /// As little of everything as shows that it works: the answers are looked at, the figures mean nothing.
    #[arg(long, conflicts_with = "write")]
    quick: bool,

    /// Write what was found into tests/load/report/, as Markdown and plots.
    #[arg(long)]
    write: bool,

    /// How many rounds everybody has a turn in; the middle one counts.
    #[arg(long)]
    rounds: Option<usize>,

    /// So large a part of the crowds and of the past, such as 0.1: what takes long takes as much less. The names in the
    /// tables say how many there were.
    #[arg(long, default_value_t = 1.0, conflicts_with_all = ["quick", "write"])]
    people: f64,

    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// Make load: what this program starts beside itself.
    #[command(hide = true)]
    Generate { spec: String },
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask bench                        everything, some three quarters of an hour on a machine that does nothing else
  cargo xtask bench throughput             only how many beats a core takes
  cargo xtask bench history --people 0.1   with a tenth of the people, in a tenth of the time
  cargo xtask bench --write                and write it down
  cargo xtask bench --quick                does all of it work? Under two minutes";

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// Beats a second of one core, beside bare Axum, nginx, Express with Redis, and Redis.
    Throughput,
    /// Bytes of a live session, beside Redis and a Map in Node.
    Memory,
    /// From a start with a million open sessions until it is ready.
    Restart,
    /// From a leave's cause to each of its watchers.
    Push,
    /// Honest beats under floods, silent and slow connections, and after a restart.
    Hostility,
    /// How soon it is known when a million leases end within a second.
    Expiry,
    /// Questions about ten million sessions that are over, and how the store answers them.
    History,
    /// Who is in a channel of a hundred thousand.
    Snapshot,
    /// What servers carry that share a Redis and a PostgreSQL, beside one alone and use case 3.
    Nodes,
}

impl Measurement {
    fn noun(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Memory => "memory",
            Self::Restart => "restart",
            Self::Push => "push",
            Self::Hostility => "hostility",
            Self::Expiry => "expiry",
            Self::History => "history",
            Self::Snapshot => "snapshot",
            Self::Nodes => "nodes",
        }
    }

    async fn take(self, scale: &Scale, progress: &Progress) -> Result<Table, String> {
        match self {
            Self::Throughput => throughput::measure(scale, progress).await,
            Self::Memory => memory::measure(scale, progress).await,
            Self::Restart => restart::measure(scale, progress).await,
            Self::Push => push::measure(scale, progress).await,
            Self::Hostility => hostility::measure(scale, progress).await,
            Self::Expiry => expiry::measure(scale, progress).await,
            Self::History => history::measure(scale, progress).await,
            Self::Snapshot => snapshot::measure(scale, progress).await,
            Self::Nodes => nodes::measure(scale, progress).await,
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Part::Generate { spec }) = &arguments.part {
        generator::run(spec);
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(&arguments))
}

async fn measure(arguments: &Arguments) -> ExitCode {
    let processor = machine::processor();
    let mut scale = if arguments.quick { Scale::QUICK } else { Scale::FULL.part(arguments.people) };
    scale.rounds = arguments.rounds.unwrap_or(scale.rounds).max(1);
    let all = Measurement::value_variants();
    let chosen = if arguments.measurements.is_empty() { all } else { &arguments.measurements };
    let nouns: Vec<_> = all.iter().map(|measurement| measurement.noun()).collect();
    let (mut failed, mut unmet) = (Vec::new(), Vec::new());
    for measurement in chosen {
        let (load, progress) = (machine::load(), Progress::of(measurement.noun()));
        let taken = measurement.take(&scale, &progress).await;
        progress.clear();
        match taken {
            Ok(table) => {
                if arguments.quick {
                    println!("  {}: answered as it should be", table.noun);
                    continue;
                }
                let part = report::part(&table, &processor, load);
                println!("{part}");
                if arguments.write {
                    report::write(&folder(), &table, &part, &nouns).expect("the report can be written");
                }
                unmet.extend(table.unmet().map(|row| format!("{}: {}", table.noun, row.what)));
            }
            Err(why) => {
                eprintln!("error: {} cannot be measured: {why}", measurement.noun());
                failed.push(measurement.noun());
            }
        }
    }
    conclude(arguments.quick, &failed, &unmet)
}

fn conclude(is_quick: bool, failed: &[&str], unmet: &[String]) -> ExitCode {
    if !failed.is_empty() {
        eprintln!("could not be measured: {}", failed.join(", "));
        return ExitCode::FAILURE;
    }
    if is_quick {
        println!("Everything was answered as it should be. Figures of so little mean nothing.");
    } else if unmet.is_empty() {
        println!("Everything is reached.");
    } else {
        println!("Not reached:\n  {}", unmet.join("\n  "));
    }
    ExitCode::SUCCESS
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("report")
}
