//! Sessions in the order in which they began become what happened, in its order, and how that is spread.
//!
//! An index gives sessions by their start. Their ends in order would be a second way through all of them, so an end waits
//! here until its moment has come. What is held is who is there at once, and each name once: it grows with people and
//! channels, not with sessions.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use foldhash::fast::RandomState;
use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::EndReason,
    wire::ChannelName,
};

use super::{AutoOuts, ChannelShare, Event, Range, Shares, Someone, StoreError, column::damaged};
use crate::limits;

/// A session as a history looks at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stayed<'a> {
    pub(super) user: &'a str,
    pub(super) channel: &'a str,
    pub(super) started_at: Timestamp,
    /// `None` while it lasts.
    pub(super) end: Option<(Timestamp, EndReason)>,
}

/// Takes sessions and tells what happened.
pub(super) struct Flow<'a> {
    range: Range,
    into: &'a mut (dyn FnMut(Event<'_>) + Send),
    waiting: BinaryHeap<Waiting>,
    people: Names,
    channels: Names,
    sums: Vec<Sum>,
    /// Where each person was last. Most come to where they were before.
    last_in: Vec<u32>,
    /// Who was in which channel, of those who were in several.
    met: HashSet<(u32, u32), RandomState>,
}

/// A channel's part, while it is being counted.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    sessions: u64,
    users: u64,
    duration: Millis,
}

impl<'a> Flow<'a> {
    pub(super) fn new(range: Range, into: &'a mut (dyn FnMut(Event<'_>) + Send)) -> Self {
        Self {
            range,
            into,
            waiting: BinaryHeap::new(),
            people: Names::default(),
            channels: Names::default(),
            sums: Vec::new(),
            last_in: Vec::new(),
            met: HashSet::default(),
        }
    }

    /// A session that was there before the range began or that lasts: all of these come before the others.
    pub(super) fn beforehand(&mut self, stayed: &Stayed<'_>) {
        let user = self.count(stayed);
        if stayed.started_at < self.range.from() {
            (self.into)(Event::Here { user: self.people.person(user) });
        } else {
            self.waiting.push(Waiting { at: stayed.started_at, what: What::Begin { user } });
        }
        self.expect_end(stayed, user);
    }

    /// The next session that began in the range.
    pub(super) fn begin(&mut self, stayed: &Stayed<'_>) {
        self.go_on_to(stayed.started_at);
        let user = self.count(stayed);
        (self.into)(Event::Begin { at: stayed.started_at, user: self.people.person(user) });
        self.expect_end(stayed, user);
    }

    /// Somebody was punched out, at a moment to which no session has led yet.
    pub(super) fn auto_out(&mut self, at: Timestamp) {
        self.waiting.push(Waiting { at, what: What::AutoOut });
    }

    /// Tells what happened before the moment.
    pub(super) fn go_on_to(&mut self, at: Timestamp) {
        while let Some(next) = self.waiting.peek()
            && next.at < at
        {
            let Some(Waiting { at, what }) = self.waiting.pop() else { return };
            (self.into)(match what {
                What::Begin { user } => Event::Begin { at, user: self.people.person(user) },
                What::AutoOut => Event::AutoOut { at },
                What::End { user, started_at, reason } => {
                    Event::End { at, user: self.people.person(user), started_at, reason }
                }
            });
        }
    }

    /// How all of it was spread.
    pub(super) fn finish(mut self, auto_outs: Vec<AutoOuts>) -> Result<Shares, StoreError> {
        self.go_on_to(self.range.to());
        let sums = self.sums.iter();
        let (sessions, duration) = sums.fold((0, Millis::ZERO), |(sessions, duration), sum| {
            (sessions + sum.sessions, duration.plus(sum.duration))
        });
        let mut order: Vec<(&str, Sum)> =
            self.channels.names.iter().map(|name| &**name).zip(self.sums.iter().copied()).collect();
        order.sort_unstable_by_key(|&(name, sum)| (Reverse(sum.duration), name));
        order.truncate(limits::CHANNEL_SHARES as usize);
        let channels = order.into_iter().map(|(name, Sum { sessions, users, duration })| {
            let channel = ChannelName::parse(name).map_err(|_| damaged("channel"))?;
            Ok(ChannelShare { channel, sessions, users, duration })
        });
        Ok(Shares {
            sessions,
            users: self.people.names.len() as u64,
            duration,
            channels_in_all: self.sums.len() as u64,
            channels: channels.collect::<Result<_, StoreError>>()?,
            auto_outs,
        })
    }

    /// Counts the session for its channel; says whose it is.
    fn count(&mut self, stayed: &Stayed<'_>) -> u32 {
        let (user, channel) = (self.people.number(stayed.user), self.channels.number(stayed.channel));
        if self.sums.len() <= channel as usize {
            self.sums.push(Sum::default());
        }
        let until = stayed.end.map_or(self.range.to(), |(ended_at, _)| ended_at);
        let (start, end) = self.range.clip(stayed.started_at, until);
        let is_new = self.meet(user, channel);
        let sum = &mut self.sums[channel as usize];
        sum.sessions += 1;
        sum.users += u64::from(is_new);
        sum.duration = sum.duration.plus(end.since(start));
        user
    }

    /// Whether the person is in the channel for the first time.
    fn meet(&mut self, user: u32, channel: u32) -> bool {
        let Some(last) = self.last_in.get_mut(user as usize) else {
            // Numbers have no gaps, so this is the next one.
            self.last_in.push(channel);
            return true;
        };
        let before = std::mem::replace(last, channel);
        if before == channel {
            return false;
        }
        self.met.insert((user, before));
        self.met.insert((user, channel))
    }

    fn expect_end(&mut self, stayed: &Stayed<'_>, user: u32) {
        let Some((at, reason)) = stayed.end.filter(|&(at, _)| at < self.range.to()) else { return };
        self.waiting.push(Waiting { at, what: What::End { user, started_at: stayed.started_at, reason } });
    }
}

/// Something whose moment has not come yet.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    at: Timestamp,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Begin { user: u32 },
    AutoOut,
    End { user: u32, started_at: Timestamp, reason: EndReason },
}

impl Waiting {
    /// The earliest is the greatest, as a heap gives that first. Of one millisecond, who comes is told before who goes.
    fn place(&self) -> Reverse<(Timestamp, u8)> {
        let rank = match self.what {
            What::Begin { .. } => 0,
            What::AutoOut => 1,
            What::End { .. } => 2,
        };
        Reverse((self.at, rank))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Waiting {}

/// Names, each kept once, and their numbers.
#[derive(Default)]
struct Names {
    numbers: HashMap<Arc<str>, u32, RandomState>,
    names: Vec<Arc<str>>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let (name, number) = (Arc::<str>::from(name), self.names.len() as u32);
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    fn person(&self, number: u32) -> Someone<'_> {
        Someone { number, name: &self.names[number as usize] }
    }
}

/// A range in slices: each as long as lets about [`HISTORY_ROWS`](limits::HISTORY_ROWS) sessions begin in it, by what began
/// in the one before.
pub(super) struct Slices {
    rest: Option<Range>,
    length: Millis,
}

impl Slices {
    pub(super) const fn of(range: Range) -> Self {
        Self { rest: Some(range), length: Millis::minutes(1) }
    }

    /// The next slice, after one with so many sessions.
    pub(super) fn next(&mut self, found: usize) -> Option<Range> {
        let rest = self.rest?;
        // Eight times as long at most: what comes after a quiet night may be a whole company.
        let length = self.length.0.saturating_mul(u64::from(limits::HISTORY_ROWS)) / (found as u64).max(1);
        self.length = Millis(length.clamp(1, self.length.0.saturating_mul(8)));
        let until = rest.from().after(self.length).min(rest.to());
        self.rest = Range::new(until, rest.to());
        Range::new(rest.from(), until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_a_whole_range_without_a_gap_and_follow_how_much_began() {
        let range = Range::new(Timestamp(5), Timestamp(5 + Millis::minutes(100).0)).unwrap();
        let mut slices = Slices::of(range);
        let mut at = range.from();
        let mut lengths = Vec::new();
        let most = limits::HISTORY_ROWS as usize;
        while let Some(slice) = slices.next(if lengths.len() == 2 { most * 4 } else { most / 2 }) {
            assert_eq!(slice.from(), at);
            at = slice.to();
            lengths.push(slice.length().0 / 60_000);
        }
        assert_eq!(at, range.to());
        assert_eq!(lengths, [2, 4, 1, 2, 4, 8, 16, 32, 31]);
    }
}
