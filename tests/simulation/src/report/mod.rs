//! The report: each preset beside the system that it replaces, in the same world with the same people.

mod plot;
mod readme;
mod table;

use std::{fmt::Write as _, fs, io, path::Path, time::Duration};

use indicatif::ProgressBar;

use crate::{
    agenda::{HOUR, Ms},
    cause::{Cause, Causes},
    hostility::{Hostility, Kinds, Level},
    preset::Preset,
    scenario::{Scenario, System},
    tally::Tally,
    world::World,
};

/// Real time, for people who wait.
#[derive(Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts it.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "how long a run takes is told to people; no rule depends on it")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// How long it has run.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// One preset, before and after.
#[derive(Debug)]
struct Contrast {
    preset: Preset,
    before: Tally,
    after: Tally,
}

/// People in the report's world, if nobody says how many.
const PERSONS: u32 = 500;
/// Hours, likewise.
const HOURS: u64 = 24;

/// What to report on, and where.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Where `report.md` and its plots go.
    pub directory: &'a Path,
    /// The file that shows the table too.
    pub readme: Option<&'a Path>,
    /// All chance.
    pub seed: u64,
    /// How many people; `None`: 500.
    pub persons: Option<u32>,
    /// How many hours; `None`: a day.
    pub hours: Option<u64>,
}

/// Runs every system and the preset that replaces it, and writes `report.md` and its plots.
///
/// # Errors
/// A file that could not be written, a check that did not hold, or a false leave that never may be.
pub fn write(report: &Report<'_>) -> io::Result<()> {
    let scenario = Scenario {
        seed: report.seed,
        persons: report.persons.unwrap_or(PERSONS),
        length: report.hours.unwrap_or(HOURS) * HOUR,
        preset: Preset::Default,
        hostility: Hostility { level: Level::Usual, kinds: Kinds::ALL },
        system: System::Stillhere,
        visits_per_day: 6,
        is_thorough: false,
    };
    // The default preset has no predecessor.
    let replaced = &Preset::ALL[1..];
    let bar = ProgressBar::new(replaced.len() as u64 * 2);
    let mut contrasts = Vec::new();
    for &preset in replaced {
        let after = run(Scenario { preset, ..scenario })?;
        bar.inc(1);
        let before = run(Scenario { preset, system: System::Baseline, ..scenario })?;
        bar.inc(1);
        contrasts.push(Contrast { preset, before, after });
    }
    bar.finish_and_clear();
    publish(report, &scenario, &contrasts)?;
    let forbidden = contrasts.iter().filter(|contrast| contrast.after.false_leaves.forbidden() > 0);
    let found: Vec<String> = forbidden
        .map(|contrast| format!("{}: {}", contrast.preset.name(), false_leaves(&contrast.after.false_leaves)))
        .collect();
    if found.is_empty() { Ok(()) } else { Err(io::Error::other(format!("false leaves: {}", found.join("; ")))) }
}

fn publish(report: &Report<'_>, scenario: &Scenario, contrasts: &[Contrast]) -> io::Result<()> {
    fs::create_dir_all(report.directory)?;
    let plots = plot::all(contrasts);
    let titles: Vec<_> = plots.iter().map(|(file, title, _)| (*file, *title)).collect();
    fs::write(report.directory.join("report.md"), table::markdown(scenario, contrasts, &titles))?;
    for (file, _, plot) in plots {
        fs::write(report.directory.join(file), plot)?;
    }
    println!("{}", report.directory.join("report.md").display());
    if let Some(file) = report.readme {
        readme::write(file, &format!("{}\n\n{}", table::world(scenario), table::comparison(contrasts)))?;
        println!("{}", file.display());
    }
    Ok(())
}

fn run(scenario: Scenario) -> io::Result<Tally> {
    let outcome = World::new(scenario).run();
    match outcome.failure {
        Some(failure) => Err(io::Error::other(failure.to_string())),
        None => Ok(outcome.tally),
    }
}

/// A run in a few lines.
#[must_use]
pub fn in_words(scenario: &Scenario, tally: &Tally, took: Duration) -> String {
    let mut text = String::new();
    let seconds = took.as_secs_f64().max(0.001);
    let _ = writeln!(
        text,
        "{} people, {} h, preset {}, {:?}: {} beats ({} bytes) and {} events in {seconds:.1} s, {:.0} beats/s",
        scenario.persons,
        scenario.length / HOUR,
        scenario.preset.name(),
        scenario.hostility.level,
        tally.beats,
        tally.bytes,
        tally.events,
        tally.beats as f64 / seconds,
    );
    let _ = writeln!(
        text,
        "{} sessions ({} closed, {} by silence, {} recovered), {} leaves told; {} crashes; at most {} tabs at a time, \
         {:.1} beats a second for 1,000 open tabs",
        tally.stays,
        tally.closes,
        tally.timeouts,
        tally.recovered,
        tally.leaves,
        tally.crashes,
        tally.most_tabs,
        tally.beats as f64 * 1_000.0 * 1_000.0 / tally.tab_ms.max(1) as f64,
    );
    let _ = writeln!(text, "false leaves: {}", false_leaves(&tally.false_leaves));
    if let Some(peak) = peak_memory() {
        let _ = writeln!(text, "peak memory: {peak}");
    }
    let _ = writeln!(
        text,
        "length error: median {}, p95 {}; detection: median {}, p99 {}",
        length(tally.length_error.quantile(500)),
        length(tally.length_error.quantile(950)),
        length(tally.detection.quantile(500)),
        length(tally.detection.quantile(990)),
    );
    text
}

/// The most memory that this process has had, where the system says so (Linux).
fn peak_memory() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB"))?;
    let kilobytes: u64 = kilobytes.trim().parse().ok()?;
    Some(format!("{} MB", kilobytes.div_ceil(1_000)))
}

/// False leaves by cause, the forbidden ones first.
#[must_use]
pub fn false_leaves(causes: &Causes) -> String {
    let named = |text: String| if text.is_empty() { text } else { format!(" ({text})") };
    format!(
        "{} that never may be{}, {} others{}",
        causes.forbidden(),
        named(causes.in_words(Cause::is_forbidden)),
        causes.total() - causes.forbidden(),
        named(causes.in_words(|cause| !cause.is_forbidden())),
    )
}

/// A length as people read it.
fn length(length: Option<Ms>) -> String {
    match length {
        None => "—".into(),
        Some(ms) if ms < 1_000 => format!("{ms} ms"),
        Some(ms) if ms < 120_000 => format!("{:.1} s", ms as f64 / 1_000.0),
        Some(ms) if ms < 2 * HOUR => format!("{:.1} min", ms as f64 / 60_000.0),
        Some(ms) => format!("{:.1} h", ms as f64 / HOUR as f64),
    }
}

/// So many for each hour that a page was open.
fn per_hour(count: u64, tally: &Tally) -> f64 {
    count as f64 * HOUR as f64 / tally.page_ms.max(1) as f64
}
