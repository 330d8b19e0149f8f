//! The one clock of the measurements.

use std::time::{Duration, Instant};

/// This moment.
#[allow(clippy::disallowed_methods, reason = "what is measured here is time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How long it is since then, in nanoseconds.
pub(crate) fn nanos_since(begun: Instant) -> u64 {
    u64::try_from(now().duration_since(begun).as_nanos()).unwrap_or(u64::MAX)
}

/// A length in the unit that a reader would choose.
pub(crate) fn length(nanos: u64) -> String {
    let length = Duration::from_nanos(nanos);
    match length.as_micros() {
        0..10_000 => format!("{} µs", length.as_micros()),
        10_000..10_000_000 => format!("{} ms", length.as_millis()),
        _ => format!("{:.1} s", length.as_secs_f64()),
    }
}
