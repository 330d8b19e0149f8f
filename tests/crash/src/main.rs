//! `crash`: the crash runs from the command line. `crash --runs 100`, `crash --seed 7 --runs 1 --store postgres`.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use stillhere_crash::run::{Kind, Tally, play};

/// Kill real servers under load, start them again on the same data, and look for anything acknowledged that is not there.
///
/// A seed draws people, what they do, how many servers there are and after how many requests and answers each is killed
/// with SIGKILL, now and then while it starts. After each start everything that was answered is held against the disk,
/// which is read by a connection of its own, and against what the server says: no acknowledged session, figure, sign-out
/// or punch is lost, none is counted twice, nobody was ended or punched out who may still be there, and no stay ends
/// twice.
///
/// A seed is not a recording: which requests are under way at the kill is up to the machine. A failure keeps its folder
/// and prints the line that plays its seed again; what it shows rarely, it shows with some patience.
///
/// SIGKILL ends the process and not the system: what was handed to the system still reaches the disk. A loss of power is
/// another thing, which this does not play.
#[derive(Debug, Parser)]
#[command(name = "crash", bin_name = "cargo xtask crash", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    /// Play so many seeds, each with two to five kills.
    #[arg(long, default_value_t = 100)]
    runs: u64,

    /// The first of the seeds.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Where the servers keep their facts.
    #[arg(long, value_enum, default_value_t = Store::Both)]
    store: Store,

    /// Go on after a seed that fails.
    #[arg(long)]
    keep_going: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Store {
    /// In a file.
    Sqlite,
    /// In a PostgreSQL server that the run starts for itself.
    Postgres,
    /// In PostgreSQL for every fifth seed, in a file for the others.
    Both,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask crash                                      a hundred runs, about a quarter of an hour
  cargo xtask crash --runs 20 --store postgres           only with PostgreSQL
  cargo xtask crash --seed 17 --runs 1 --store sqlite    one seed again, as a failure names it";

impl Store {
    const fn of(self, seed: u64) -> Kind {
        match self {
            Self::Postgres => Kind::Postgres,
            Self::Both if seed.is_multiple_of(5) => Kind::Postgres,
            Self::Sqlite | Self::Both => Kind::Sqlite,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} runs, {eta} left {msg}");
    let bar = ProgressBar::new(arguments.runs).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let (mut tally, mut played, mut failed) = (Tally::default(), 0_u64, 0_u64);
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.runs) {
        played += 1;
        match play(seed, arguments.store.of(seed)).await {
            Ok(of_run) => tally.add(&of_run),
            Err(failure) => {
                failed += 1;
                bar.suspend(|| println!("{failure}"));
            }
        }
        bar.set_message(format!("{tally}"));
        bar.inc(1);
        if failed > 0 && !arguments.keep_going {
            break;
        }
    }
    bar.finish_and_clear();
    println!("{played} runs, {failed} failed: {tally}");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
