//! How many were here when: sessions and users at once, beginnings, ends and lengths, in buckets of time.
//!
//! Everything is counted in one pass over what happened, in its order. What is held is the buckets, the lengths in steps,
//! and how many sessions each person has at the moment: nothing for each session that has been.

use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::EndReason,
};

use super::lengths::Lengths;
use crate::{
    limits, moment,
    store::{Event, Range, Someone},
};

/// The figures of a range while they are being counted.
#[derive(Debug)]
pub(crate) struct Statistics {
    range: Range,
    step: Millis,
    buckets: Vec<Bucket>,
    /// Up to where time has been counted.
    until: Timestamp,
    sessions: u64,
    /// How many are here, and with how many sessions each: by their numbers.
    users: u64,
    sessions_of: Vec<u32>,
    peak_sessions: Peak,
    peak_users: Peak,
    lengths: Lengths,
}

/// The figures of a range.
#[derive(Debug)]
pub(crate) struct Figures {
    /// In the order of time, without a gap.
    pub(crate) buckets: Vec<Bucket>,
    /// All of them as one.
    pub(crate) whole: Bucket,
    pub(crate) peak_sessions: Peak,
    pub(crate) peak_users: Peak,
    /// The length that half of the sessions that ended do not exceed, within a 128th of it.
    pub(crate) median_length: Option<Millis>,
}

/// What happened in a part of the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) start: Timestamp,
    /// The step, or less at the end of the range.
    pub(crate) length: Millis,
    /// The most at one moment.
    pub(crate) peak_sessions: u64,
    pub(crate) peak_users: u64,
    /// The time of all sessions together.
    pub(crate) session_time: Millis,
    /// The time of all users together, none of it counted twice.
    pub(crate) user_time: Millis,
    pub(crate) begun: u64,
    pub(crate) ended: Ends,
    /// The whole lengths of the sessions that ended.
    pub(crate) ended_length: Millis,
    pub(crate) auto_outs: u64,
}

/// Sessions that ended, by why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) closed: u64,
    pub(crate) timeout: u64,
    pub(crate) signed_out: u64,
    pub(crate) removed: u64,
}

/// The most at one moment, and the first moment at which it was so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peak {
    pub(crate) count: u64,
    pub(crate) at: Timestamp,
}

impl Statistics {
    /// Begins to count in steps of some length.
    ///
    /// # Errors
    /// A sentence for whoever asked for too much.
    pub(crate) fn new(range: Range, step: Millis) -> Result<Self, String> {
        if range.length() > limits::STATISTICS_RANGE {
            let days = limits::STATISTICS_RANGE.0 / moment::DAY.0;
            return Err(format!("From `from` to `to` there may be {days} days at most."));
        }
        let count = range.length().0.div_ceil(step.0.max(1));
        if step.0 == 0 || count > limits::BUCKETS {
            let most = limits::BUCKETS;
            return Err(format!("`step` must be longer, or the range shorter: there may be {most} steps at most."));
        }
        let starts = (0..count).map(|number| range.from().after(step.times(number)));
        let buckets = starts.map(|start| Bucket::new(start, step.min(range.to().since(start))));
        let nobody = Peak { count: 0, at: range.from() };
        Ok(Self {
            range,
            step,
            buckets: buckets.collect(),
            until: range.from(),
            sessions: 0,
            users: 0,
            sessions_of: Vec::new(),
            peak_sessions: nobody,
            peak_users: nobody,
            lengths: Lengths::default(),
        })
    }

    /// Counts what happened next.
    pub(crate) fn take(&mut self, event: &Event<'_>) {
        match *event {
            Event::Here { user } => self.come(user),
            Event::Begin { at, user } => {
                self.go_on_to(at);
                self.come(user);
                self.bucket().begun += 1;
            }
            Event::AutoOut { at } => {
                self.go_on_to(at);
                self.bucket().auto_outs += 1;
            }
            Event::End { at, user, started_at, reason } => {
                self.go_on_to(at);
                self.leave(user);
                let length = at.since(started_at);
                self.lengths.add(length);
                let bucket = self.bucket();
                bucket.ended.count(reason);
                bucket.ended_length = bucket.ended_length.plus(length);
            }
        }
    }

    /// The figures, when everything has been counted.
    pub(crate) fn finish(mut self) -> Figures {
        self.go_on_to(self.range.to());
        let whole = Bucket::new(self.range.from(), self.range.length());
        Figures {
            whole: self.buckets.iter().fold(whole, Bucket::with),
            buckets: self.buckets,
            peak_sessions: self.peak_sessions,
            peak_users: self.peak_users,
            median_length: self.lengths.median(),
        }
    }

    fn come(&mut self, user: Someone<'_>) {
        self.sessions += 1;
        let number = user.number as usize;
        if self.sessions_of.len() <= number {
            self.sessions_of.resize(number + 1, 0);
        }
        let sessions = &mut self.sessions_of[number];
        self.users += u64::from(*sessions == 0);
        *sessions += 1;
        self.note_peaks();
    }

    fn leave(&mut self, user: Someone<'_>) {
        self.sessions = self.sessions.saturating_sub(1);
        let sessions = self.sessions_of.get_mut(user.number as usize).filter(|sessions| **sessions > 0);
        if let Some(sessions) = sessions {
            *sessions -= 1;
            self.users -= u64::from(*sessions == 0);
        }
    }

    /// Counts the time until then as that of who is here.
    fn go_on_to(&mut self, at: Timestamp) {
        let at = at.min(self.range.to());
        let (sessions, users) = (self.sessions, self.users);
        while self.until < at {
            let bucket = self.bucket();
            let end = bucket.start.after(bucket.length);
            let (until, to) = (self.until, end.min(at));
            let bucket = self.bucket();
            bucket.session_time = bucket.session_time.plus(to.since(until).times(sessions));
            bucket.user_time = bucket.user_time.plus(to.since(until).times(users));
            self.until = to;
            // Who is here when a bucket begins is in it.
            if to == end {
                self.note_peaks();
            }
        }
    }

    fn note_peaks(&mut self) {
        let (sessions, users, at) = (self.sessions, self.users, self.until);
        self.peak_sessions.rise_to(sessions, at);
        self.peak_users.rise_to(users, at);
        let bucket = self.bucket();
        bucket.peak_sessions = bucket.peak_sessions.max(sessions);
        bucket.peak_users = bucket.peak_users.max(users);
    }

    /// The bucket of the moment up to which time has been counted; after the last moment the last bucket, which is then
    /// told nothing new.
    fn bucket(&mut self) -> &mut Bucket {
        let number = self.until.since(self.range.from()).0 / self.step.0;
        let last = self.buckets.len() - 1;
        &mut self.buckets[last.min(number as usize)]
    }
}

impl Bucket {
    const fn new(start: Timestamp, length: Millis) -> Self {
        Self {
            start,
            length,
            peak_sessions: 0,
            peak_users: 0,
            session_time: Millis::ZERO,
            user_time: Millis::ZERO,
            begun: 0,
            ended: Ends { closed: 0, timeout: 0, signed_out: 0, removed: 0 },
            ended_length: Millis::ZERO,
            auto_outs: 0,
        }
    }

    /// Both as one, from this one's start.
    fn with(self, other: &Self) -> Self {
        Self {
            peak_sessions: self.peak_sessions.max(other.peak_sessions),
            peak_users: self.peak_users.max(other.peak_users),
            session_time: self.session_time.plus(other.session_time),
            user_time: self.user_time.plus(other.user_time),
            begun: self.begun + other.begun,
            ended: Ends {
                closed: self.ended.closed + other.ended.closed,
                timeout: self.ended.timeout + other.ended.timeout,
                signed_out: self.ended.signed_out + other.ended.signed_out,
                removed: self.ended.removed + other.ended.removed,
            },
            ended_length: self.ended_length.plus(other.ended_length),
            auto_outs: self.auto_outs + other.auto_outs,
            ..self
        }
    }

    /// How many sessions were here, on average over time.
    pub(crate) fn average_sessions(&self) -> f64 {
        self.session_time.0 as f64 / self.length.0 as f64
    }

    /// How many users were.
    pub(crate) fn average_users(&self) -> f64 {
        self.user_time.0 as f64 / self.length.0 as f64
    }

    /// How long those that ended had lasted, on average.
    pub(crate) fn average_length(&self) -> Option<Millis> {
        self.ended_length.0.checked_div(self.ended.in_all()).map(Millis)
    }
}

impl Ends {
    fn count(&mut self, reason: EndReason) {
        *match reason {
            EndReason::Closed => &mut self.closed,
            EndReason::Timeout => &mut self.timeout,
            EndReason::SignedOut => &mut self.signed_out,
            EndReason::Removed => &mut self.removed,
        } += 1;
    }

    pub(crate) const fn in_all(self) -> u64 {
        self.closed + self.timeout + self.signed_out + self.removed
    }
}

impl Peak {
    fn rise_to(&mut self, count: u64, at: Timestamp) {
        if count > self.count {
            *self = Self { count, at };
        }
    }
}
