//! What can be told of a server.

use arbitrary::Arbitrary;
use stillhere_engine::{
    page::PageState,
    policy::{Ladder, Policy, Punching, Rung},
    pulse::{Dispatch, Means},
    spans::Span,
    time::Millis,
    wire::{Beat, ChannelName, RawBeat, SessionId, UserId},
};

use crate::{
    chance::{Length, Strides},
    wire_structured::sent,
};

#[derive(Debug, Arbitrary)]
pub(super) struct Story {
    preset: u8,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Arbitrary)]
pub(super) enum Step {
    Beat(Said),
    /// The network delivers an earlier beat once more.
    Again(u8),
    Timer,
    /// Time goes on, and nobody looks.
    Pass(Length),
    /// The shell's timer fires when the tracker said, so many times.
    WaitIsOver(u8),
    Settle,
    Punch {
        user: u8,
        wish: Wish,
    },
    SignOut {
        user: u8,
        tab: u8,
    },
    /// An operator removes a person.
    Remove {
        user: u8,
    },
    DiskAnswers(Disk),
    StoreAnswers(LookUp),
    /// The process dies, and another one begins on the same store.
    Crash {
        down: Length,
    },
}

/// Which way somebody punches.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum Wish {
    In,
    Out,
}

/// What becomes of the batch that is under way.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum Disk {
    Wrote,
    Failed,
    WroteAndSaidOtherwise,
}

/// What becomes of the oldest question to the store.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum LookUp {
    Now,
    /// What was true when it was asked.
    AsItWas,
    Failed,
}

/// What a tab says. Eight tabs of four users are enough for every rule to meet every other.
#[derive(Debug, Arbitrary)]
pub(super) struct Said {
    tab: u8,
    /// Mostly the tab's own user.
    user: u8,
    pub(super) seq: Seq,
    pub(super) t: When,
    state: u8,
    next: Option<Length>,
    visible: Strides,
    active: Length,
    channel: u8,
    page: Option<u8>,
    pub(super) issued_ago: Option<Length>,
    sign_out: bool,
    idle: bool,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum Seq {
    Next,
    Any(u32),
}

#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum When {
    /// As long as the tab has in truth been there.
    Honest,
    Any(Length),
}

impl Story {
    /// Three kinds of server: as it comes, one with a punch clock whose hidden tabs pause, one with a ladder and few
    /// channels whose presence is the punch clock.
    pub(super) fn policy(&self) -> Policy {
        let policy = match self.preset % 3 {
            0 => Policy::default(),
            1 => Policy {
                interval: Millis::minutes(3),
                hidden_interval: None,
                punching: Punching::OnRequest,
                ..Policy::default()
            },
            _ => Policy {
                interval: Millis::seconds(5),
                grace: Millis::seconds(2),
                leave_grace: Millis::ZERO,
                punching: Punching::WithPresence,
                channels: ["a", "b", "c"].iter().filter_map(|name| ChannelName::parse(name).ok()).collect(),
                ladder: Ladder {
                    rungs: [("online", 15), ("idle", 60), ("away", 600)]
                        .map(|(status, seconds)| Rung {
                            status: status.into(),
                            seen_within: Some(Millis::seconds(seconds)),
                            ..Rung::default()
                        })
                        .into(),
                },
                ..Policy::default()
            },
        };
        policy.check().expect("a policy without contradiction");
        policy
    }
}

impl Said {
    pub(super) fn session(&self) -> SessionId {
        session(self.tab)
    }

    pub(super) fn user(&self) -> UserId {
        user(if self.user == 255 { self.tab.wrapping_add(1) } else { self.tab })
    }

    /// The beat, if it is one that the wire lets through.
    pub(super) fn beat(&self, seq: u32, t: u64) -> Option<Beat> {
        let states = [PageState::Active, PageState::Passive, PageState::Hidden, PageState::Frozen, PageState::Closed];
        let visible = self.visible.until(t).into_iter();
        let dispatch = Dispatch {
            session: self.session(),
            seq,
            t: Millis(t),
            state: states[usize::from(self.state) % states.len()],
            next: self.next.map(|next| Millis(next.0)),
            visible: visible.map(|(start, end)| Span { start: Millis(start), end: Millis(end) }).collect(),
            active: Millis(self.active.0.min(t)),
            sign_out: self.sign_out,
            idle: self.idle,
            means: Means::Fetch,
        };
        let channel = ["a", "b", "c", "d"][usize::from(self.channel) % 4].to_owned();
        let page = self.page.map(|page| format!("/{}", page % 4));
        serde_json::from_str::<RawBeat>(&sent(&dispatch, Some(channel), page, None)).ok()?.parse().ok()
    }
}

/// One of the eight tabs.
pub(super) fn session(tab: u8) -> SessionId {
    SessionId([tab % 8; 16])
}

/// One of the four users.
pub(super) fn user(number: u8) -> UserId {
    UserId::parse(&format!("user {}", number % 4)).expect("a name")
}
