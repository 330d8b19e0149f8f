//! What a history is made of: sessions, spans and punches of a range of time, in its order and as of one moment.
//!
//! A store feeds rows and keeps none: the folds that make figures of them are in [`history`](crate::history).

use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::EndReason,
    wire::{ChannelName, UserId},
};

/// A time: from a moment on, until before a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    from: Timestamp,
    to: Timestamp,
}

impl Range {
    /// The time between the moments; `None` when there is none.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// Its first moment.
    #[must_use]
    pub const fn from(self) -> Timestamp {
        self.from
    }

    /// The first moment after it.
    #[must_use]
    pub const fn to(self) -> Timestamp {
        self.to
    }

    /// How long it is.
    #[must_use]
    pub const fn length(self) -> Millis {
        self.to.since(self.from)
    }

    /// The part of an interval that lies in it: of no length when none does.
    #[must_use]
    pub fn clip(self, start: Timestamp, end: Timestamp) -> (Timestamp, Timestamp) {
        let start = start.clamp(self.from, self.to);
        (start, end.clamp(start, self.to))
    }
}

/// Somebody in one history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Someone<'a> {
    /// Of this history alone: from 0 on, without gaps, in no order. Whoever counts people need not look at names.
    pub number: u32,
    /// As everywhere.
    pub name: &'a str,
}

/// Something that happened to anybody. Of what happened in one millisecond, who comes is told before who goes: at the
/// moment of an end the session was still there, as that is the last evidence of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A session was there already when the range began. Told before everything else.
    Here {
        /// Whose.
        user: Someone<'a>,
    },
    /// A session began.
    Begin {
        /// When.
        at: Timestamp,
        /// Whose.
        user: Someone<'a>,
    },
    /// Somebody was punched out.
    AutoOut {
        /// The last evidence of them, as the log had it at first.
        at: Timestamp,
    },
    /// A session ended.
    End {
        /// The last evidence of it.
        at: Timestamp,
        /// Whose.
        user: Someone<'a>,
        /// When it had begun: before the range, perhaps.
        started_at: Timestamp,
        /// Why.
        reason: EndReason,
    },
}

/// Something of one user's. All sessions are told before the spans; each kind in the order in which they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// A session that was there at a moment of the range.
    Session {
        /// When it began: before the range, perhaps.
        started_at: Timestamp,
        /// The last evidence of it, whether it has ended or not.
        until: Timestamp,
        /// Its active time in all.
        active: Millis,
    },
    /// A visible span of one of the user's sessions.
    Span {
        /// Its start.
        start_at: Timestamp,
        /// Its end.
        end_at: Timestamp,
    },
}

/// How a range is spread over channels and users: what cannot be added up on the way, as a user may come often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Sessions that were there at a moment of the range.
    pub sessions: u64,
    /// Users who were.
    pub users: u64,
    /// The sessions' time in the range. Those that go on count until its end.
    pub duration: Millis,
    /// How many channels there are, listed or not.
    pub channels_in_all: u64,
    /// The channels with the most time, as many as may be listed.
    pub channels: Vec<ChannelShare>,
    /// Who was punched out most often, likewise.
    pub auto_outs: Vec<AutoOuts>,
}

/// A channel's part. A session that moves on keeps only its newest channel, and counts wholly for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelShare {
    /// Which.
    pub channel: ChannelName,
    /// Sessions there.
    pub sessions: u64,
    /// Users there.
    pub users: u64,
    /// The sessions' time there.
    pub duration: Millis,
}

/// How often somebody was punched out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoOuts {
    /// Who.
    pub user: UserId,
    /// How often.
    pub count: u64,
}
