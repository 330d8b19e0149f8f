//! What a run adds up to. Counters and histograms only: a million people's days fit into a few kilobytes.

use crate::{agenda::Ms, cause::Causes};

/// How often which length occurred. Sixteen steps to each doubling: a quantile is right to within seven percent.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

const STEPS: u64 = 16;
const PLACES: usize = 48 * STEPS as usize;

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; PLACES], total: 0 }
    }
}

impl Histogram {
    /// One more of this length.
    pub fn add(&mut self, length: Ms) {
        self.counts[place(length)] += 1;
        self.total += 1;
    }

    /// How many.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The length that `permille` of all do not exceed; `None` when there is none.
    #[must_use]
    pub fn quantile(&self, permille: u64) -> Option<Ms> {
        let wanted = (self.total * permille).div_ceil(1_000).max(1);
        let mut sum = 0;
        self.counts
            .iter()
            .position(|count| {
                sum += count;
                sum >= wanted
            })
            .map(length)
    }
}

/// Lengths below sixteen have a place of their own; above, each doubling has sixteen.
fn place(length: Ms) -> usize {
    if length < STEPS {
        return length as usize;
    }
    let doubling = u64::from(length.ilog2()) - 4;
    ((doubling * STEPS + (length >> doubling)) as usize).min(PLACES - 1)
}

fn length(place: usize) -> Ms {
    let place = place as u64;
    if place < 2 * STEPS { place } else { (place % STEPS + STEPS) << (place / STEPS - 1) }
}

/// What a run adds up to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Beats that tabs have sent.
    pub beats: u64,
    /// Their bytes, without a token.
    pub bytes: u64,
    /// Time that pages were there on machines that were awake, all together.
    pub page_ms: u64,
    /// Stays that are over and known.
    pub stays: u64,
    /// Sessions that ended by silence, and by a last word.
    pub timeouts: u64,
    /// Likewise.
    pub closes: u64,
    /// Punches that were told.
    pub punches: u64,
    /// Leaves that were told.
    pub leaves: u64,
    /// Leaves of people who had a page open on a machine that was awake and connected, by cause.
    pub false_leaves: Causes,
    /// Sessions whose beginning the server did not witness.
    pub recovered: u64,
    /// The difference between a stay's recorded and true length.
    pub length_error: Histogram,
    /// From a stay's true end until the server knew.
    pub detection: Histogram,
    /// The server died so often.
    pub crashes: u64,
    /// Tabs that were open at the same time, at most.
    pub most_tabs: usize,
    /// How long all tabs were open, together.
    pub tab_ms: Ms,
    /// Events that the run went through.
    pub events: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_right_to_within_seven_percent() {
        let mut histogram = Histogram::default();
        for length in 0..100_000 {
            histogram.add(length);
        }
        for permille in [500, 950, 990] {
            let (found, truth) = (histogram.quantile(permille).unwrap(), permille * 100);
            assert!(found <= truth && found * 107 >= truth * 100, "{permille}: {found}");
        }
        assert_eq!(Histogram::default().quantile(500), None);
    }
}
