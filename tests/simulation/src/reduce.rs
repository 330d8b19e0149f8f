//! Reduction: a failing story is told again with fewer people, less time and fewer kinds of hostility, as long as
//! the same check fails.

use std::ops::ControlFlow;

use crate::{
    agenda::{MINUTE, Ms},
    hostility::{Kind, Kinds, Level},
    scenario::Scenario,
    world::{Failure, World},
};

/// The smallest story found in which the same check fails. `tell` hears of every try, with their number and the best
/// story so far, and may break off.
#[must_use]
pub fn reduce(failure: Failure, mut tell: impl FnMut(u64, &Failure) -> ControlFlow<()>) -> Failure {
    let (mut best, mut tries) = (failure, 0);
    let mut stories = simpler(&best).into_iter();
    // Each story found makes others possible: it begins again with the largest steps.
    while let Some(story) = stories.next() {
        tries += 1;
        if let Some(smaller) = fails_alike(story, &best) {
            best = smaller;
            stories = simpler(&best).into_iter();
        }
        if tell(tries, &best).is_break() {
            break;
        }
    }
    best
}

fn fails_alike(scenario: Scenario, known: &Failure) -> Option<Failure> {
    World::new(scenario).run().failure.filter(|failure| failure.broken.check == known.broken.check)
}

/// Stories that are simpler by one step, the largest steps first.
fn simpler(failure: &Failure) -> Vec<Scenario> {
    let scenario = failure.scenario;
    let with_kinds = |kinds| {
        let mut story = scenario;
        story.hostility.kinds = kinds;
        story
    };
    let with_level = |level| {
        let mut story = scenario;
        story.hostility.level = level;
        story
    };
    let mut stories: Vec<Scenario> = fewer(scenario.persons.into(), 1)
        .map(|persons| Scenario { persons: persons as u32, ..scenario })
        .chain(shorter(failure).map(|length| Scenario { length, ..scenario }))
        .chain(fewer_kinds(scenario.hostility.kinds).map(with_kinds))
        .chain(
            fewer(scenario.visits_per_day.into(), 1)
                .map(|visits| Scenario { visits_per_day: visits as u32, ..scenario }),
        )
        .collect();
    match scenario.hostility.level {
        Level::Hostile => stories.extend([Level::Calm, Level::Usual].map(with_level)),
        Level::Usual => stories.push(with_level(Level::Calm)),
        Level::Calm => {}
    }
    stories
}

/// The least, half of it, and almost all of it.
fn fewer(count: u64, least: u64) -> impl Iterator<Item = u64> {
    let mut found = vec![least, count / 2, count * 3 / 4, count.saturating_sub(1)];
    found.retain(|&fewer| (least..count).contains(&fewer));
    found.dedup();
    found.into_iter()
}

/// Whole minutes. What happens after the failure does not matter; what was planned before it may.
fn shorter(failure: &Failure) -> impl Iterator<Item = Ms> {
    let minutes = failure.scenario.length / MINUTE;
    let failed_in = failure.at / MINUTE + 1;
    let mut found: Vec<u64> = fewer(failed_in.min(minutes), 1).chain([failed_in]).chain(fewer(minutes, 1)).collect();
    found.retain(|&shorter| shorter < minutes);
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|minutes| minutes * MINUTE)
}

/// Without half of the kinds, a quarter of them, and so on down to one.
fn fewer_kinds(kinds: Kinds) -> impl Iterator<Item = Kinds> {
    let there: Vec<Kind> = Kind::ALL.iter().copied().filter(|&kind| kinds.has(kind)).collect();
    let mut found = Vec::new();
    let mut size = there.len().div_ceil(2);
    while size > 0 {
        let without = |chunk: &[Kind]| chunk.iter().fold(kinds, |rest, &kind| rest.without(kind));
        found.extend(there.chunks(size).map(without));
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Broken;

    fn failure() -> Failure {
        let scenario = Scenario::of_seed(7);
        Failure { broken: Broken::new("a_check", String::new()), at: 17 * MINUTE, scenario }
    }

    #[test]
    fn every_simpler_story_is_simpler_in_one_way() {
        let Failure { scenario, .. } = failure();
        let size = |story: &Scenario| {
            let Scenario { persons, length, visits_per_day, hostility, .. } = story;
            let numbers = [u64::from(*persons), *length, u64::from(*visits_per_day)];
            let kinds = u64::from(hostility.kinds.bits().count_ones());
            numbers.into_iter().chain([kinds, hostility.level as u64]).collect::<Vec<_>>()
        };
        let stories = simpler(&failure());
        assert!(stories.len() > 20);
        for story in stories {
            let pairs: Vec<_> = size(&story).into_iter().zip(size(&scenario)).collect();
            assert_eq!(pairs.iter().filter(|(new, old)| new != old).count(), 1, "{story:?}");
            assert!(pairs.iter().all(|(new, old)| new <= old), "{story:?}");
        }
    }

    #[test]
    fn half_of_the_kinds_are_left_out_before_single_ones() {
        let all: Vec<Kinds> = fewer_kinds(Kinds::ALL).collect();
        assert_eq!(all[0].bits().count_ones(), 8);
        assert_eq!(all.last().map(|kinds| kinds.bits().count_ones()), Some(16));
        assert_eq!(fewer_kinds(Kinds::NONE).count(), 0);
    }
}
