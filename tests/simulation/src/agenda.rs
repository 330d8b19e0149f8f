//! The agenda: what happens when, in virtual time. One binary heap; what is due at the same moment happens in the
//! order in which it was planned.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

/// Milliseconds since the simulated world began.
pub type Ms = u64;

/// A second.
pub const SECOND: Ms = 1_000;
/// A minute.
pub const MINUTE: Ms = 60 * SECOND;
/// An hour.
pub const HOUR: Ms = 60 * MINUTE;

/// What is planned.
#[derive(Debug)]
pub struct Agenda<E> {
    heap: BinaryHeap<Planned<E>>,
    /// What lies further ahead, by the minute: a million people who come tomorrow would make every step of the heap
    /// slow.
    later: BTreeMap<Ms, Vec<Planned<E>>>,
    planned: u64,
    now: Ms,
}

#[derive(Debug)]
struct Planned<E> {
    at: Reverse<(Ms, u64)>,
    event: E,
}

impl<E> PartialEq for Planned<E> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl<E> Eq for Planned<E> {}

impl<E> PartialOrd for Planned<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Planned<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), later: BTreeMap::new(), planned: 0, now: 0 }
    }
}

impl<E> Agenda<E> {
    /// Plans `event` for the moment `at`, or for now when that is over.
    pub fn plan(&mut self, at: Ms, event: E) {
        self.planned += 1;
        let at = at.max(self.now);
        let planned = Planned { at: Reverse((at, self.planned)), event };
        if at / MINUTE > self.now / MINUTE + 1 {
            self.later.entry(at / MINUTE).or_default().push(planned);
        } else {
            self.heap.push(planned);
        }
    }

    /// The next event up to `until`. Virtual time moves on to it.
    pub fn next(&mut self, until: Ms) -> Option<E> {
        while let Some(minute) = self.later.first_entry()
            && self.heap.peek().is_none_or(|next| next.at.0.0 / MINUTE >= *minute.key())
        {
            self.heap.extend(minute.remove());
        }
        if self.heap.peek()?.at.0.0 > until {
            return None;
        }
        let planned = self.heap.pop()?;
        self.now = planned.at.0.0;
        Some(planned.event)
    }

    /// This moment.
    #[must_use]
    pub const fn now(&self) -> Ms {
        self.now
    }

    /// How many events have been planned so far.
    #[must_use]
    pub const fn planned(&self) -> u64 {
        self.planned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_far_ahead_come_in_order_too() {
        let mut agenda = Agenda::default();
        for at in (0..500).rev() {
            agenda.plan(at * 7_919 % 500 * SECOND, at);
        }
        let mut moments = Vec::new();
        while agenda.next(HOUR).is_some() {
            moments.push(agenda.now());
        }
        assert_eq!(moments, (0..500).map(|at| at * SECOND).collect::<Vec<_>>());
    }

    #[test]
    fn events_come_in_order_of_time_and_then_of_planning() {
        let mut agenda = Agenda::default();
        for (at, event) in [(5, 'c'), (3, 'a'), (5, 'd'), (3, 'b'), (9, 'e')] {
            agenda.plan(at, event);
        }
        let events: String = std::iter::from_fn(|| agenda.next(8)).collect();
        assert_eq!((events.as_str(), agenda.now()), ("abcd", 5));
    }
}
