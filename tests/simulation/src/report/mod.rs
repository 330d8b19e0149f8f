//! The report: each preset beside the system that it replaces, in the same world with the same people.

mod plot;
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
    /// What the system did; `None` where there was none.
    before: Option<Tally>,
    after: Tally,
}

/// People in the report's world, if nobody says how many.
const PERSONS: u32 = 500;
/// Hours, likewise.
const HOURS: u64 = 24;

/// Runs every preset and every baseline and writes `report.md` and its plots.
///
/// # Errors
/// A file that could not be written, or a check that did not hold.
pub fn write(directory: &Path, seed: u64, persons: Option<u32>, hours: Option<u64>) -> io::Result<()> {
    let scenario = Scenario {
        seed,
        persons: persons.unwrap_or(PERSONS),
        length: hours.unwrap_or(HOURS) * HOUR,
        preset: Preset::Default,
        hostility: Hostility { level: Level::Usual, kinds: Kinds::ALL },
        system: System::Stillhere,
        visits_per_day: 6,
        is_thorough: false,
    };
    let bar = ProgressBar::new(Preset::ALL.len() as u64 * 2);
    let mut contrasts = Vec::new();
    for preset in Preset::ALL {
        let after = run(Scenario { preset, ..scenario })?;
        bar.inc(1);
        let has_predecessor = preset != Preset::Default;
        let before =
            if has_predecessor { Some(run(Scenario { preset, system: System::Baseline, ..scenario })?) } else { None };
        bar.inc(1);
        contrasts.push(Contrast { preset, before, after });
    }
    bar.finish_and_clear();
    fs::create_dir_all(directory)?;
    fs::write(directory.join("report.md"), table::markdown(&scenario, &contrasts))?;
    for (name, plot) in plot::all(&contrasts) {
        fs::write(directory.join(name), plot)?;
    }
    println!("{}", directory.join("report.md").display());
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
        "{} sessions ({} closed, {} by silence, {} recovered), {} leaves told; {} crashes; at most {} tabs at a time",
        tally.stays, tally.closes, tally.timeouts, tally.recovered, tally.leaves, tally.crashes, tally.most_tabs,
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
