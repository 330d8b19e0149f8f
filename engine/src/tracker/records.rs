//! What the tracker hands out: rows for the store, members and changes for watchers.

use alloc::{string::String, vec::Vec};

use crate::{
    page::PageState,
    spans::Span,
    time::{Millis, Timestamp},
    wire::{ChannelName, PagePath, SessionId, UserId},
};

/// A session as the store keeps it. Writing the same row twice, or an older one after a newer, does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Which session.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// Where.
    pub channel: ChannelName,
    /// Looking at what.
    pub page: Option<PagePath>,
    /// What the page was last doing.
    pub state: PageState,
    /// The newest beat.
    pub seq: u32,
    /// When it began, by the server's clock.
    pub started_at: Timestamp,
    /// The newest accepted beat.
    pub last_seen_at: Timestamp,
    /// The newest human input.
    pub last_active_at: Timestamp,
    /// When silence becomes an end.
    pub lease_until: Timestamp,
    /// Visible time in all.
    pub visible: Millis,
    /// Up to which moment of the tab's clock `visible` has been counted.
    pub visible_until: Millis,
    /// Active time in all.
    pub active: Millis,
    /// The server did not witness its beginning.
    pub recovered: bool,
    /// How it ended, if it has.
    pub end: Option<End>,
}

/// How and when a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The last evidence of it.
    pub ended_at: Timestamp,
    /// When the server knew.
    pub detected_at: Timestamp,
    /// Why.
    pub reason: EndReason,
    /// The true end lies no further from `ended_at` than this.
    pub error_bound: Millis,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The tab said so.
    Closed,
    /// Its lease ran out.
    Timeout,
}

impl EndReason {
    /// The word in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Timeout => "timeout",
        }
    }

    /// The reason with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Closed, Self::Timeout].into_iter().find(|reason| reason.as_str() == word)
    }
}

/// A visible span of a session, placed on the server's clock. `start` names it within its session: a row that is
/// written again with a later end replaces the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanRow {
    /// Which session.
    pub session: SessionId,
    /// On the tab's clock.
    pub span: Span,
    /// Its start on the server's clock, as placed by the beat that told it.
    pub start_at: Timestamp,
    /// Its end likewise.
    pub end_at: Timestamp,
}

/// What has to be written in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Sessions to insert or update.
    pub sessions: Vec<SessionRow>,
    /// Spans to insert or extend.
    pub spans: Vec<SpanRow>,
    /// The server lived at this moment; a later start measures the downtime from here.
    pub alive_at: Option<Timestamp>,
}

/// A user in a channel, over all of that user's sessions there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Where.
    pub channel: ChannelName,
    /// Who.
    pub user: UserId,
    /// The best of the sessions' statuses.
    pub status: String,
    /// What the best session looks at.
    pub page: Option<PagePath>,
    /// Since when without a leave.
    pub since_at: Timestamp,
    /// The newest accepted beat of any session.
    pub last_seen_at: Timestamp,
    /// The newest human input in any session.
    pub last_active_at: Timestamp,
    /// How many sessions.
    pub sessions: usize,
}

/// What watchers get. Never a beat: only what a beat, or its absence, has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The first session came in.
    Join(Member),
    /// Status, page or number of sessions are others.
    Update(Member),
    /// The last session went out.
    Leave {
        /// From where.
        channel: ChannelName,
        /// Who.
        user: UserId,
        /// Why.
        reason: LeaveReason,
        /// The last evidence of them.
        last_seen_at: Timestamp,
    },
}

impl Change {
    /// The channel that it happened in.
    #[must_use]
    pub const fn channel(&self) -> &ChannelName {
        match self {
            Self::Join(member) | Self::Update(member) => &member.channel,
            Self::Leave { channel, .. } => channel,
        }
    }
}

/// Why a user left a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveReason {
    /// The last tab said so.
    Closed,
    /// The last lease ran out.
    Timeout,
    /// The last tab went to another channel.
    Moved,
}

impl LeaveReason {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Moved => "moved",
        }
    }
}

impl From<EndReason> for LeaveReason {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::Closed => Self::Closed,
            EndReason::Timeout => Self::Timeout,
        }
    }
}
