//! `sim`: the simulation from the command line. `sim --seeds 200`, `sim --seed 7 --log`, `sim --persons 1000000
//! --hours 24`, `sim --report DIR`.

use std::{ops::ControlFlow, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use stillhere_simulation::{
    agenda::{HOUR, MINUTE},
    cause::Causes,
    hostility::{Kinds, Level},
    preset::Preset,
    reduce::reduce,
    report::{self, Report},
    scenario::Scenario,
    world::{Failure, World},
};

/// People, browsers, networks and a server in virtual time, with the engine that ships, beside the truth.
///
/// A seed is a story: who comes, what they do, what goes wrong. Each step of each story is checked; the first check that
/// does not hold is told with the command that replays it, and reduced to a smaller story that fails alike.
#[derive(Debug, Parser)]
#[command(name = "sim", bin_name = "cargo xtask sim", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    /// Run so many seeds, each its own story.
    #[arg(long, default_value_t = 200, conflicts_with_all = ["seed", "report"])]
    seeds: u64,

    /// The first of the seeds.
    #[arg(long, default_value_t = 0)]
    from: u64,

    /// Run one seed.
    #[arg(long)]
    seed: Option<u64>,

    /// Print the log of the one seed, in virtual time.
    #[arg(long)]
    log: bool,

    /// So many people, instead of as many as the seed chooses.
    #[arg(long)]
    persons: Option<u32>,

    /// People come and go for so many hours.
    #[arg(long, conflicts_with = "minutes")]
    hours: Option<u64>,

    /// People come and go for so many minutes.
    #[arg(long)]
    minutes: Option<u64>,

    /// So many visits in a day for each person.
    #[arg(long)]
    visits: Option<u32>,

    /// Whose numbers.
    #[arg(long)]
    preset: Option<Preset>,

    /// How bad the world is.
    #[arg(long)]
    hostility: Option<Level>,

    /// Which kinds of hostility, as the bits that a replay command names.
    #[arg(long, value_parser = parse_kinds)]
    kinds: Option<Kinds>,

    /// Do not look for a smaller story when one fails.
    #[arg(long)]
    no_reduce: bool,

    /// Compare the presets with the systems they replace, and write a table and plots there. Fails when somebody was
    /// said to have left for a reason that never may be.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,

    /// Put the report's table into this file too, between `<!-- simulation:start -->` and `<!-- simulation:end -->`.
    #[arg(long, value_name = "FILE", requires = "report", num_args = 0..=1, default_missing_value = "README.md")]
    readme: Option<PathBuf>,
}

fn parse_kinds(text: &str) -> Result<Kinds, String> {
    let digits = text.strip_prefix("0x").ok_or("kinds are given as 0x…, as a replay command names them")?;
    u32::from_str_radix(digits, 16).map(Kinds::from_bits).map_err(|why| why.to_string())
}

/// A story that takes longer to reduce is read as it is.
const REDUCE_WITHIN: Duration = Duration::from_secs(60);

const EXAMPLES: &str = "\
Examples:
  cargo xtask sim --seeds 10000 --hostility hostile    ten thousand stories in the worst of worlds
  cargo xtask sim --seed 7 --log                       one story, line by line
  cargo xtask sim --seed 7 --kinds 0x3 --log           with only some kinds of hostility; a failure names its own
  cargo xtask sim --persons 1000000 --hours 24         a day of a large site: speed, memory, errors
  cargo xtask sim --report DIR                         the five old systems beside their presets, with plots";

/// More people than this, and not everything is compared with everything at every step.
const THOROUGH_UP_TO: u32 = 200;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(directory) = &arguments.report {
        let report = Report {
            directory,
            readme: arguments.readme.as_deref(),
            seed: arguments.seed.unwrap_or(1),
            persons: arguments.persons,
            hours: arguments.hours,
        };
        return match report::write(&report) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("the report in {} is not as it should be: {why}", directory.display());
                ExitCode::FAILURE
            }
        };
    }
    match arguments.seed {
        Some(seed) => run_one(&arguments, seed),
        None if arguments.persons.is_some_and(|persons| persons > THOROUGH_UP_TO) => {
            run_one(&arguments, arguments.from)
        }
        None => run_many(&arguments),
    }
}

fn run_one(arguments: &Arguments, seed: u64) -> ExitCode {
    let scenario = arguments.apply(Scenario::of_seed(seed));
    let mut world = World::new(scenario);
    if arguments.log {
        world = world.with_log();
    }
    let minutes = scenario.length / MINUTE;
    let bar = progress(minutes, "{bar:40} {pos}/{len} virtual minutes, {eta} left");
    let started = report::Stopwatch::start();
    let outcome = world.run_and_tell(|now| bar.set_position((now / MINUTE).min(minutes)));
    bar.finish_and_clear();
    for line in &outcome.lines {
        println!("{line}");
    }
    if !arguments.log {
        print!("{}", report::in_words(&scenario, &outcome.tally, started.elapsed()));
    }
    outcome.failure.map_or(ExitCode::SUCCESS, |failure| {
        println!("{failure}");
        ExitCode::FAILURE
    })
}

fn run_many(arguments: &Arguments) -> ExitCode {
    let bar = progress(arguments.seeds, "{bar:40} {pos}/{len} seeds, {eta} left {msg}");
    let (mut failed, mut beats, mut false_leaves) = (0_u64, 0, Causes::default());
    for seed in arguments.from..arguments.from + arguments.seeds {
        let outcome = World::new(arguments.apply(Scenario::of_seed(seed))).run();
        beats += outcome.tally.beats;
        false_leaves.join(&outcome.tally.false_leaves);
        if let Some(failure) = outcome.failure {
            failed += 1;
            bar.suspend(|| tell(arguments, failure));
            bar.set_message(format!("{failed} failed"));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!("{} seeds, {beats} beats, {failed} failed", arguments.seeds);
    println!("false leaves: {}", report::false_leaves(&false_leaves));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(arguments: &Arguments, failure: Failure) {
    println!("{failure}");
    if arguments.no_reduce {
        return;
    }
    let spinner = ProgressBar::new_spinner();
    let started = report::Stopwatch::start();
    let reduced = reduce(failure, |tries, best| {
        spinner.set_message(format!("{tries} smaller stories tried; {}", best.scenario));
        spinner.tick();
        if started.elapsed() > REDUCE_WITHIN { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    spinner.finish_and_clear();
    println!("reduced: {reduced}\n\nas a test in tests/simulation/tests/seeds.rs:\n\n{}", reduced.as_test());
}

fn progress(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

impl Arguments {
    fn apply(&self, mut scenario: Scenario) -> Scenario {
        scenario.persons = self.persons.unwrap_or(scenario.persons);
        scenario.length = self.hours.map_or(scenario.length, |hours| hours * HOUR);
        scenario.length = self.minutes.map_or(scenario.length, |minutes| minutes * MINUTE);
        scenario.preset = self.preset.unwrap_or(scenario.preset);
        scenario.hostility.level = self.hostility.unwrap_or(scenario.hostility.level);
        scenario.hostility.kinds = self.kinds.unwrap_or(scenario.hostility.kinds);
        if scenario.persons > THOROUGH_UP_TO {
            scenario.is_thorough = false;
            scenario.visits_per_day = 1;
            scenario.preset = self.preset.unwrap_or(Preset::Default);
            scenario.hostility.level = self.hostility.unwrap_or(Level::Usual);
        }
        scenario.visits_per_day = self.visits.unwrap_or(scenario.visits_per_day);
        scenario
    }
}
