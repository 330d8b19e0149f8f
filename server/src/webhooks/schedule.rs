//! When a letter is tried again.

use stillhere_engine::{
    random::Rng,
    time::{Millis, Timestamp},
};

use crate::{limits, store::Fate};

/// The longest pause after each attempt that was in vain, as Standard Webhooks suggests: an endpoint that starts anew is back
/// with the first two, one that nobody looks at on a weekend with the last ones. After that a letter is dead.
const PAUSES: [Millis; 9] = [
    Millis::seconds(5),
    Millis::minutes(5),
    Millis::minutes(30),
    Millis::minutes(2 * 60),
    Millis::minutes(5 * 60),
    Millis::minutes(10 * 60),
    Millis::minutes(14 * 60),
    Millis::minutes(20 * 60),
    Millis::minutes(24 * 60),
];

/// What comes of a letter after so many attempts in vain. The pause is anything up to the longest (full jitter): letters
/// that failed together do not come back together. `asked` is how long the endpoint wants to be left alone.
pub(super) fn fate(attempts: u32, asked: Option<Millis>, rng: &mut Rng, now: Timestamp) -> Fate {
    let place = usize::try_from(attempts).unwrap_or(usize::MAX).saturating_sub(1);
    match PAUSES.get(place) {
        Some(longest) => Fate::Waits(now.after(rng.below(*longest).max(bounded(asked)))),
        None => Fate::Dies(now),
    }
}

/// How long the whole hook is left alone after so many failures in a row: a server that is down is asked once a minute, and
/// not once for each letter that waits.
pub(super) fn hold(failures: u32, asked: Option<Millis>, rng: &mut Rng) -> Millis {
    let doubled = limits::WEBHOOK_HOLD.0.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let longest = Millis(doubled.min(limits::WEBHOOK_HOLD_MOST.0));
    rng.below(longest).max(bounded(asked))
}

/// An endpoint may ask for patience, and not for ever.
fn bounded(asked: Option<Millis>) -> Millis {
    asked.unwrap_or(Millis::ZERO).min(limits::WEBHOOK_RETRY_AFTER_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn pause(attempts: u32, asked: Option<Millis>, rng: &mut Rng) -> Option<Millis> {
        match fate(attempts, asked, rng, NOW) {
            Fate::Waits(until) => Some(until.since(NOW)),
            Fate::Dies(at) => {
                assert_eq!(at, NOW);
                None
            }
        }
    }

    #[test]
    fn each_pause_is_anything_up_to_the_one_that_the_standard_suggests() {
        let mut rng = Rng::new([7; 16]);
        for (attempts, longest) in (1..).zip(PAUSES) {
            let pauses: Vec<_> = (0..1_000).map(|_| pause(attempts, None, &mut rng).unwrap().0).collect();
            assert!(pauses.iter().all(|pause| *pause < longest.0), "{attempts}");
            assert!(pauses.iter().any(|pause| *pause < longest.0 / 20), "{attempts}");
            assert!(pauses.iter().any(|pause| *pause > longest.0 - longest.0 / 20), "{attempts}");
        }
    }

    #[test]
    fn a_letter_dies_of_its_tenth_failure() {
        let mut rng = Rng::new([7; 16]);
        assert!(pause(9, None, &mut rng).is_some());
        assert_eq!(pause(10, None, &mut rng), None);
        assert_eq!(pause(u32::MAX, Some(Millis(5)), &mut rng), None);
    }

    #[test]
    fn an_endpoint_that_asks_for_patience_gets_it_within_bounds() {
        let mut rng = Rng::new([7; 16]);
        let asked = Millis::minutes(3);
        assert_eq!(pause(1, Some(asked), &mut rng), Some(asked));
        assert_eq!(hold(1, Some(asked), &mut rng), asked);
        let most = limits::WEBHOOK_RETRY_AFTER_MOST;
        assert_eq!(pause(1, Some(Millis(u64::MAX)), &mut rng), Some(most));
        assert_eq!(hold(1, Some(Millis(u64::MAX)), &mut rng), most);
    }

    #[test]
    fn a_server_that_is_down_is_asked_less_and_less_and_still_every_minute() {
        let mut rng = Rng::new([7; 16]);
        let mut longest = |failures| (0..1_000).map(|_| hold(failures, None, &mut rng).0).max().unwrap();
        assert!(longest(1) < 1_000 && longest(4) > 7_000 && longest(4) < 8_000);
        for failures in [7, 20, u32::MAX] {
            assert!((55_000..60_000).contains(&longest(failures)), "{failures}");
        }
    }
}
