//! Lengths of many sessions, in little memory.

use stillhere_engine::time::Millis;

use crate::limits;

/// Steps of one doubling, as a power of two. A length is told by the middle of its step, which is off by no more than
/// a 128th of it.
const STEP_BITS: u32 = 6;

/// Lengths below are told exactly.
const EXACT: u64 = 2 << STEP_BITS;

/// How often which length has come, in steps that grow with the length. It is some 14 KB, whatever comes.
#[derive(Clone, Debug, Default)]
pub(super) struct Lengths {
    counts: Vec<u64>,
    count: u64,
}

impl Lengths {
    pub(super) fn add(&mut self, length: Millis) {
        let step = step_of(length.0.min(limits::STAY.0));
        if self.counts.len() <= step {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
        self.count += 1;
    }

    /// The length that half of them do not exceed, within a 128th of it; `None` of none.
    pub(super) fn median(&self) -> Option<Millis> {
        let half = self.count.div_ceil(2);
        let mut below = 0;
        let step = self.counts.iter().position(|count| {
            below += count;
            below >= half
        });
        step.map(|step| Millis(middle_of(step)))
    }
}

fn step_of(length: u64) -> usize {
    let Some(doublings) = length.checked_ilog2().and_then(|log| log.checked_sub(STEP_BITS)).filter(|&n| n > 0) else {
        return length as usize;
    };
    // What is left of the length has its highest bit set, so it lies in the upper half of the exact ones.
    ((u64::from(doublings) << STEP_BITS) + (length >> doublings)) as usize
}

fn middle_of(step: usize) -> u64 {
    let step = step as u64;
    if step < EXACT {
        return step;
    }
    let doublings = (step >> STEP_BITS) - 1;
    let lowest = (step - (doublings << STEP_BITS)) << doublings;
    lowest + (1 << doublings) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(lengths: &[u64]) -> Lengths {
        let mut all = Lengths::default();
        lengths.iter().for_each(|&length| all.add(Millis(length)));
        all
    }

    #[test]
    fn of_no_sessions_there_is_no_median() {
        assert_eq!(of(&[]).median(), None);
    }

    #[test]
    fn steps_follow_each_other_without_gap_or_overlap() {
        let (mut last, mut length) = (0, 0);
        while length < 1 << 14 {
            let step = step_of(length);
            assert!(step == last || step == last + 1, "{length} is in step {step} after {last}");
            (last, length) = (step, length + 1);
        }
        assert!(step_of(limits::STAY.0) < 1_800);
    }

    proptest! {
        #[test]
        fn the_median_is_within_a_128th_of_the_true_one(lengths in lengths()) {
            let mut sorted = lengths.clone();
            sorted.sort_unstable();
            let truth = sorted[(sorted.len() - 1) / 2];
            let told = of(&lengths).median().unwrap().0;
            prop_assert!(told.abs_diff(truth) * 128 <= truth, "{told} for {truth}");
        }
    }

    /// As many short ones as long ones.
    fn lengths() -> impl Strategy<Value = Vec<u64>> {
        let length = (0_u32..32, any::<u32>()).prop_map(|(bits, length)| u64::from(length >> bits));
        proptest::collection::vec(length, 1..200)
    }
}
