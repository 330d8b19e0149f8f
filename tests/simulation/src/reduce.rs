//! Reduction: a failing story is told again with fewer people, less time and fewer kinds of hostility, as long as
//! the same check fails.

use crate::{
    agenda::MINUTE,
    hostility::Kind,
    scenario::Scenario,
    world::{Failure, World},
};

/// The smallest story found in which the same check fails.
#[must_use]
pub fn reduce(failure: Failure) -> Failure {
    let mut best = failure;
    loop {
        let Some(smaller) = simpler(&best).into_iter().find_map(|scenario| fails_alike(scenario, &best)) else {
            return best;
        };
        best = smaller;
    }
}

fn fails_alike(scenario: Scenario, known: &Failure) -> Option<Failure> {
    World::new(scenario).run().failure.filter(|failure| failure.broken.check == known.broken.check)
}

/// Stories that are simpler by one step, the largest steps first.
fn simpler(failure: &Failure) -> Vec<Scenario> {
    let scenario = failure.scenario;
    let mut stories = Vec::new();
    for persons in [1, scenario.persons / 2, scenario.persons.saturating_sub(1)] {
        if persons > 0 && persons < scenario.persons {
            stories.push(Scenario { persons, ..scenario });
        }
    }
    for &kind in Kind::ALL {
        if scenario.hostility.kinds.has(kind) {
            let mut story = scenario;
            story.hostility.kinds = scenario.hostility.kinds.without(kind);
            stories.push(story);
        }
    }
    // What happens after the failure does not matter; what was planned before it may.
    for length in [failure.at / 4, failure.at / 2, failure.at, scenario.length / 2, scenario.length * 3 / 4] {
        let length = length / MINUTE * MINUTE;
        if length >= MINUTE && length < scenario.length {
            stories.push(Scenario { length, ..scenario });
        }
    }
    stories
}
