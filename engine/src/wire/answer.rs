//! What a beat is answered: the policy it shall follow, or why it was refused and whether to try again.

use alloc::string::{String, ToString};

use serde::Serialize;

use super::BadBeat;
use crate::time::Millis;

/// The answer to a beat that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The user's status in the channel, from the preset's ladder.
    pub status: String,
    /// How often to beat while visible.
    pub interval_ms: Millis,
    /// How often to beat while hidden; `null`: not at all.
    pub hidden_interval_ms: Option<Millis>,
    /// The server's clock, in milliseconds since 1970.
    pub now_ms: u64,
    /// The newest beat of this session whose facts are on disk. Spans first told by it or an earlier one need not
    /// be told again. One behind at most times, as beats are written together.
    pub saved_seq: u32,
}

/// Why something was refused. Server and client agree on the code and on whether to try again, not on the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The beat breaks a rule of the wire.
    BadBeat(BadBeat),
    /// No token where one is needed.
    TokenMissing,
    /// The token is not valid (any more).
    TokenBad,
    /// The token is valid and does not give this right.
    NotAllowed,
    /// The session belongs to somebody else.
    SessionOfAnother,
    /// The channel is not on the preset's list.
    ChannelUnknown,
    /// The session has ended; the tab is to begin a new one.
    SessionEnded,
    /// The user has as many sessions as one person may have.
    TooManySessions,
    /// A punch in, with no open session to keep it.
    NoSession,
    /// A punch in of somebody who is in, or out of somebody who is out.
    PunchedAlready,
    /// The server keeps no punch clock.
    PunchesOff,
    /// The facts could not be written. The client keeps the beat.
    StoreDown,
    /// Something is in the way that will be gone in a moment.
    Busy,
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadBeat(_) => "beat_bad",
            Self::TokenMissing => "token_missing",
            Self::TokenBad => "token_bad",
            Self::NotAllowed => "not_allowed",
            Self::SessionOfAnother => "session_of_another",
            Self::ChannelUnknown => "channel_unknown",
            Self::SessionEnded => "session_ended",
            Self::TooManySessions => "too_many_sessions",
            Self::NoSession => "no_session",
            Self::PunchedAlready => "punched_already",
            Self::PunchesOff => "punches_off",
            Self::StoreDown => "store_down",
            Self::Busy => "busy",
        }
    }

    /// Whether the same beat may succeed later.
    #[must_use]
    pub const fn retry(&self) -> bool {
        matches!(self, Self::TooManySessions | Self::NoSession | Self::StoreDown | Self::Busy)
    }

    /// One sentence for a web developer.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::BadBeat(why) => return why.to_string(),
            Self::TokenMissing => {
                "This needs a token: `Authorization: Bearer …`, `token` in the beat's body, or a cookie."
            }
            Self::TokenBad => "The token is not valid or has expired; get a new one and try again with it.",
            Self::NotAllowed => "The token is valid, but its role may not do this.",
            Self::SessionOfAnother => "This session belongs to another user; begin one of your own.",
            Self::ChannelUnknown => "No such channel: the server's settings list the channels that exist.",
            Self::SessionEnded => "This session has ended; begin a new one with a new id.",
            Self::TooManySessions => "This user has too many open sessions; close some, or wait until they end.",
            Self::NoSession => "Punching in needs an open session: let the page beat first, then try again.",
            Self::PunchedAlready => "Nothing to do: you are in already, or out already.",
            Self::PunchesOff => "This server keeps no punch clock: its settings say `punching = \"off\"`.",
            Self::StoreDown => "The server cannot write just now; keep the beat and try again.",
            Self::Busy => "The server is busy with this session; try again in a moment.",
        }
        .to_string()
    }
}
