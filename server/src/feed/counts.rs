//! When the counts of which channel are told.

use std::collections::{BTreeSet, HashMap};

use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::StatusCounts,
    wire::ChannelName,
};

use crate::limits;

/// How many are in a channel, as watchers get it.
#[derive(Debug)]
pub(crate) struct Counted {
    /// When they were counted.
    pub(crate) at: Timestamp,
    pub(super) json: String,
}

/// Channels that have changed, and those that were told of a moment ago. A channel's counts are told at once, and then
/// not again for a while, however much happens there.
#[derive(Debug, Default)]
pub(super) struct Recount {
    due: BTreeSet<(Timestamp, ChannelName)>,
    channels: HashMap<ChannelName, State>,
}

#[derive(Debug)]
struct State {
    is_due: bool,
    not_before: Timestamp,
    told: Option<StatusCounts>,
}

impl State {
    const QUIET: Self = Self { is_due: false, not_before: Timestamp(0), told: None };
}

impl Recount {
    /// Something has happened in the channel.
    pub(super) fn note(&mut self, channel: &ChannelName, now: Timestamp) {
        let state = self.channels.entry(channel.clone()).or_insert(State::QUIET);
        if !std::mem::replace(&mut state.is_due, true) {
            self.due.insert((state.not_before.max(now), channel.clone()));
        }
    }

    /// When the next channel is to be counted; [`Timestamp::NEVER`]: when something happens.
    pub(super) fn next_at(&self) -> Timestamp {
        self.due.first().map_or(Timestamp::NEVER, |(at, _)| *at)
    }

    /// A channel that is to be counted now.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<ChannelName> {
        let (at, channel) = self.due.pop_first()?;
        if at > now {
            self.due.insert((at, channel));
            return None;
        }
        if let Some(state) = self.channels.get_mut(&channel) {
            state.is_due = false;
        }
        Some(channel)
    }

    /// The channel was counted. Whether that is worth telling.
    pub(super) fn counted(&mut self, counts: &StatusCounts, now: Timestamp) -> bool {
        // Counting takes as long as the channel is large, so a large one is counted less often.
        let pause = limits::COUNTS_EVERY.0 + (counts.users / limits::COUNTED_IN_A_MS) as u64;
        if self.channels.len() > 2 * self.due.len() + limits::COUNTS_REMEMBERED {
            self.channels.retain(|_, state| state.is_due || state.not_before > now);
        }
        let state = self.channels.entry(counts.channel.clone()).or_insert(State::QUIET);
        state.not_before = now.after(Millis(pause));
        let is_new = state.told.as_ref() != Some(counts);
        state.told = Some(counts.clone());
        is_new
    }

    /// Somebody has come who has not heard what was told before.
    pub(super) fn forget_what_was_told(&mut self) {
        for state in self.channels.values_mut() {
            state.told = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    fn after(ms: u64) -> Timestamp {
        START.after(Millis(ms))
    }

    fn channel(name: &str) -> ChannelName {
        ChannelName::parse(name).unwrap()
    }

    fn counts(name: &str, users: usize) -> StatusCounts {
        StatusCounts { channel: channel(name), users, statuses: vec![("online".into(), users)] }
    }

    /// Counts what is due, in which `users` are, and says of which channels that is told.
    fn told(recount: &mut Recount, users: usize, ms: u64) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(channel) = recount.take_due(after(ms)) {
            let counts = counts(channel.as_str(), users);
            if recount.counted(&counts, after(ms)) {
                told.push(channel.as_str().to_owned());
            }
        }
        told
    }

    #[test]
    fn a_channel_is_told_at_once_and_then_once_a_second_however_much_happens() {
        let mut recount = Recount::default();
        assert_eq!(recount.next_at(), Timestamp::NEVER);
        recount.note(&channel("pms"), after(0));
        assert_eq!(told(&mut recount, 1, 0), ["pms"]);
        for ms in 1..=999 {
            recount.note(&channel("pms"), after(ms));
            assert!(told(&mut recount, 2, ms).is_empty(), "after {ms} ms");
        }
        recount.note(&channel("crm"), after(999));
        assert_eq!(told(&mut recount, 3, 999), ["crm"], "another one does not wait for it");
        assert_eq!(recount.next_at(), after(1_000));
        assert_eq!(told(&mut recount, 2, 1_000), ["pms"]);
        assert_eq!(recount.next_at(), Timestamp::NEVER, "nothing has happened since");
    }

    #[test]
    fn what_comes_out_the_same_is_told_to_nobody_but_who_has_just_come() {
        let mut recount = Recount::default();
        recount.note(&channel("pms"), after(0));
        assert_eq!(told(&mut recount, 1, 0), ["pms"]);
        recount.note(&channel("pms"), after(10));
        assert!(told(&mut recount, 1, 1_000).is_empty());
        recount.note(&channel("pms"), after(1_010));
        recount.forget_what_was_told();
        assert_eq!(told(&mut recount, 1, 2_000), ["pms"]);
    }

    #[test]
    fn a_large_channel_is_counted_less_often() {
        let mut recount = Recount::default();
        let many = limits::COUNTED_IN_A_MS * 5_000;
        recount.note(&channel("pms"), after(0));
        told(&mut recount, many, 0);
        recount.note(&channel("pms"), after(1));
        assert_eq!(recount.next_at(), after(6_000));
    }

    #[test]
    fn channels_that_were_quiet_for_a_while_are_forgotten() {
        let mut recount = Recount::default();
        for number in 0..10 * limits::COUNTS_REMEMBERED as u64 {
            recount.note(&channel(&format!("c{number}")), after(number * 10_000));
            assert_eq!(told(&mut recount, 1, number * 10_000).len(), 1);
        }
        assert!(recount.channels.len() <= limits::COUNTS_REMEMBERED + 1, "{}", recount.channels.len());
    }
}
