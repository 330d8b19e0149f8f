//! What the tracker hands out: rows for the store, members and changes for watchers.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    page::PageState,
    spans::Span,
    time::{Millis, Timestamp},
    wire::{ChannelName, PagePath, SessionId, UserId},
};

/// A session as the store keeps it. Writing the same row twice, or an older one after a newer, does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The stay of its user, by the punch clock, in which it ended.
    pub punch_epoch: Option<u64>,
    /// How it ended, if it has.
    pub end: Option<End>,
}

/// How and when a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndReason {
    /// The tab said so.
    Closed,
    /// Its lease ran out.
    Timeout,
    /// The person signed out.
    SignedOut,
    /// An operator removed the person.
    Removed,
}

impl EndReason {
    const ALL: [Self; 4] = [Self::Closed, Self::Timeout, Self::SignedOut, Self::Removed];

    /// The word in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::SignedOut => "signed_out",
            Self::Removed => "removed",
        }
    }

    /// The reason with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// A visible span of a session, placed on the server's clock. `start` names it within its session: a row that is
/// written again with a later end replaces the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// A user has been in a channel: told when they come and when they go. With who is here now it says how many have ever
/// been there, and how many today, whatever became of their sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitRow {
    /// Where.
    pub channel: ChannelName,
    /// Who.
    pub user: UserId,
    /// When they were there.
    pub at: Timestamp,
}

/// A session has gone on to another page or channel: where it was until then. Where it is now its own row says, so a session
/// that stays where it began costs nothing here. `seq` names the row within its session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewRow {
    /// Which session.
    pub session: SessionId,
    /// The beat that told of the change.
    pub seq: u32,
    /// Where it was.
    pub channel: ChannelName,
    /// Looking at what.
    pub page: Option<PagePath>,
    /// Until when.
    pub until_at: Timestamp,
}

/// A row of the audit log. Rows are added, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PunchRow {
    /// Who.
    pub user: UserId,
    /// Which of the user's stays. It grows with each; only that two differ counts.
    pub epoch: u64,
    /// What.
    pub kind: PunchKind,
    /// When it was true. For an end that nobody reported: the last evidence of the user.
    pub at: Timestamp,
    /// When the server knew.
    pub detected_at: Timestamp,
    /// Of an end that nobody reported, why.
    pub reason: Option<EndReason>,
    /// The truth lies no further from `at` than this.
    pub error_bound: Millis,
}

/// What a punch says. A stay has one IN, and one OUT or AUTO_OUT; an AUTO_OUT has any number of corrections, each with
/// a later `at`. The store's unique keys see to it, whoever writes and however often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PunchKind {
    /// The user came.
    In,
    /// The user said that they go.
    Out,
    /// The last session of the user was over, and nobody had said so.
    AutoOut,
    /// Late evidence: an AUTO_OUT was too early. Written only where there is one with an earlier `at`.
    Correction,
}

impl PunchKind {
    const ALL: [Self; 4] = [Self::In, Self::Out, Self::AutoOut, Self::Correction];

    /// The word in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "IN",
            Self::Out => "OUT",
            Self::AutoOut => "AUTO_OUT",
            Self::Correction => "CORRECTION",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A stay that has begun and has not ended, as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPunch {
    /// Who is in.
    pub user: UserId,
    /// Which of the user's stays.
    pub epoch: u64,
    /// The last evidence of the user so far: the IN, or the end of a session that ended in this stay.
    pub proven_until: Timestamp,
}

/// What has to be written in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Sessions to insert or update.
    pub sessions: Vec<SessionRow>,
    /// So many of them, at the end, have ended and were in no batch before.
    #[serde(skip)]
    pub new_ends: usize,
    /// Spans to insert or extend.
    pub spans: Vec<SpanRow>,
    /// Users' visits to channels, to insert or to move on.
    pub visits: Vec<VisitRow>,
    /// Pages that sessions have left, to insert.
    pub views: Vec<ViewRow>,
    /// Punches to add, each unless it is there already: see [`PunchKind`].
    pub punches: Vec<PunchRow>,
    /// The server lived at this moment; a later start measures the downtime from here.
    pub alive_at: Option<Timestamp>,
}

/// A user in a channel, over all of that user's sessions there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A punch is on disk. Only its own user and admins are told.
    Punch(PunchRow),
}

impl Change {
    /// The channel that it happened in; `None`: it is about a user, wherever they are.
    #[must_use]
    pub const fn channel(&self) -> Option<&ChannelName> {
        match self {
            Self::Join(member) | Self::Update(member) => Some(&member.channel),
            Self::Leave { channel, .. } => Some(channel),
            Self::Punch(_) => None,
        }
    }

    /// Whom it is about.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        match self {
            Self::Join(member) | Self::Update(member) => &member.user,
            Self::Leave { user, .. } => user,
            Self::Punch(row) => &row.user,
        }
    }
}

/// Why a user left a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeaveReason {
    /// The last tab said so.
    Closed,
    /// The last lease ran out.
    Timeout,
    /// The last tab went to another channel.
    Moved,
    /// The person signed out.
    SignedOut,
    /// An operator removed the person.
    Removed,
}

impl LeaveReason {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Moved => "moved",
            Self::SignedOut => "signed_out",
            Self::Removed => "removed",
        }
    }
}

impl From<EndReason> for LeaveReason {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::Closed => Self::Closed,
            EndReason::Timeout => Self::Timeout,
            EndReason::SignedOut => Self::SignedOut,
            EndReason::Removed => Self::Removed,
        }
    }
}
