//! How long many things took, in little memory: exact to one part in 64, and the longest exactly.

use serde::{Deserialize, Serialize};

/// Steps between a length and twice that length, as a power of two.
const STEPS: u32 = 6;

/// Lengths in nanoseconds, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    longest: u64,
}

/// What a reader is told of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    pub(crate) longest: u64,
}

impl Histogram {
    /// Counts one.
    pub(crate) fn add(&mut self, nanos: u64) {
        let place = place(nanos);
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += 1;
        self.total += 1;
        self.longest = self.longest.max(nanos);
    }

    /// The length that so many of a thousand do not exceed; 0 of nothing.
    pub(crate) fn quantile(&self, permille: u64) -> u64 {
        let wanted = (self.total * permille).div_ceil(1_000).max(1);
        let mut seen = 0;
        let at = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        at.map_or(0, |place| upper(place).min(self.longest))
    }

    /// In three figures.
    pub(crate) fn latency(&self) -> Latency {
        Latency { p50: self.quantile(500), p99: self.quantile(990), longest: self.longest }
    }

    pub(crate) const fn total(&self) -> u64 {
        self.total
    }
}

fn place(nanos: u64) -> usize {
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(STEPS + 1);
    let place = (u64::from(shift) << STEPS) + (nanos >> shift);
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// The longest length that falls into this place.
fn upper(place: usize) -> u64 {
    let (place, steps) = (place as u64, 1_u64 << STEPS);
    if place < 2 * steps {
        return place;
    }
    let shift = (place >> STEPS) - 1;
    let base = place - (shift << STEPS);
    ((base + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_off_by_a_sixtyfourth_at_most() {
        let mut lengths = Histogram::default();
        (1..=1_000_u64).for_each(|nanos| lengths.add(nanos * 1_000));
        for permille in [1, 500, 990, 1_000] {
            let (exact, told) = (permille * 1_000, lengths.quantile(permille));
            assert!(told >= exact && told <= exact + exact / 64 + 1, "{permille}: {told}");
        }
        assert_eq!(lengths.latency().longest, 1_000_000);
        assert_eq!(lengths.total(), 1_000);
    }

    #[test]
    fn every_length_falls_below_the_upper_end_of_its_place_and_above_the_one_before() {
        for nanos in (0..200).chain([1_000, 123_456_789, u64::MAX / 2]) {
            assert!(nanos <= upper(place(nanos)), "{nanos}");
            assert!(place(nanos) == 0 || nanos > upper(place(nanos) - 1), "{nanos}");
        }
    }

    #[test]
    fn of_nothing_there_is_no_length() {
        assert_eq!(Histogram::default().latency(), Latency::default());
    }
}
