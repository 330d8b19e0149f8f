//! What a letter can be about.

use serde::{Deserialize, Serialize};
use stillhere_engine::tracker::{Change, PunchKind};

/// The word in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Somebody has come into a channel.
    Join,
    /// Their status, page or number of tabs there is another.
    Update,
    /// Somebody has left a channel.
    Leave,
    /// Somebody who stood on the first rung of the ladder nowhere stands there now.
    Online,
    /// The punch clock says IN.
    PunchIn,
    /// The punch clock says OUT.
    PunchOut,
    /// The punch clock says AUTO_OUT.
    AutoOut,
}

impl Event {
    /// What a change is, beyond which it may bring somebody online.
    pub(crate) const fn of_change(change: &Change) -> Option<Self> {
        match change {
            Change::Join(_) => Some(Self::Join),
            Change::Update(_) => Some(Self::Update),
            Change::Leave { .. } => Some(Self::Leave),
            Change::Punch(row) => Self::of_punch(row.kind),
        }
    }

    /// What a punch is; `None`: a correction, which says nothing new about who is in.
    pub(crate) const fn of_punch(kind: PunchKind) -> Option<Self> {
        match kind {
            PunchKind::In => Some(Self::PunchIn),
            PunchKind::Out => Some(Self::PunchOut),
            PunchKind::AutoOut => Some(Self::AutoOut),
            PunchKind::Correction => None,
        }
    }

    /// Whether it is a row of the punch clock's log, which happens in no channel.
    pub(crate) const fn is_punch(self) -> bool {
        matches!(self, Self::PunchIn | Self::PunchOut | Self::AutoOut)
    }

    /// Whether it says why.
    pub(crate) const fn has_reason(self) -> bool {
        matches!(self, Self::Leave | Self::AutoOut)
    }

    /// The `type` of its letters.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Join => "presence.join",
            Self::Update => "presence.update",
            Self::Leave => "presence.leave",
            Self::Online => "presence.online",
            Self::PunchIn => "punch.in",
            Self::PunchOut => "punch.out",
            Self::AutoOut => "punch.auto_out",
        }
    }
}
