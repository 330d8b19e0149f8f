//! t
use crate::{scenario::Scenario, tally::Tally};
use std::{fmt::Write as _, path::Path, time::Duration};

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

/// w
pub fn write(_d: &Path, _seed: u64, _persons: Option<u32>, _hours: Option<u64>) -> std::io::Result<()> {
    Ok(())
}

/// A run in a few lines.
#[must_use]
pub fn in_words(scenario: &Scenario, tally: &Tally, took: Duration) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{scenario:?}\n{tally:?} {took:?}");
    text
}
