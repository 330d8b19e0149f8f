//! What goes into a pulse and what comes out of it.

use alloc::vec::Vec;

use serde::Serialize;

use super::{saved::Saved, schedule::Why};
use crate::{
    page::PageState,
    spans::{Span, say_spans},
    time::{Instant, Millis},
    wire::SessionId,
};

/// What a tab's owner may set; everything else comes from the server's policy.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Instead of the server's interval.
    pub interval: Option<Millis>,
    /// Instead of the server's policy for hidden tabs.
    pub when_hidden: Option<WhenHidden>,
    /// After so long without a person's input the tab says so, and then nothing until there is some. `None`: it beats on.
    pub idle_after: Option<Millis>,
}

/// What a tab does while it is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenHidden {
    /// Says so and falls silent; the server holds the session.
    Pause,
    /// Beats on, as often as browsers let a hidden page.
    Beat,
    /// Counts as having left.
    Leave,
}

/// What can happen to a tab.
#[derive(Clone, Debug)]
pub enum Input {
    /// The browser has brought the page into this state. Skipped states are filled in.
    Page(PageState),
    /// A person moved, typed, scrolled or touched. Once a second is often enough.
    Activity,
    /// The wait is over, or the shell thinks so.
    Timer,
    /// As `Timer`, by one that goes on in a hidden page, as a worker's does: from now on the shell is known to have it.
    SteadyTimer,
    /// What became of a beat.
    Answered {
        /// Of which session.
        session: SessionId,
        /// Which beat.
        seq: u32,
        /// What became of it.
        outcome: Outcome,
    },
    /// Beat now, if the page is there at all.
    BeatNow,
    /// The network is back.
    Online,
    /// The page is back from the back/forward cache. Another page of the tab may have carried the session on meanwhile,
    /// and left this; or still be about to say its last word, and have left nothing yet.
    Restore(Option<Saved>),
    /// The person has signed out: as `Stop`, and the session is over at once, without waiting for a next page.
    SignOut,
    /// The tab's owner wants no more beats. One last word is sent, and nothing after it.
    Stop,
}

/// What became of a beat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it and said how to go on.
    Accepted {
        /// How often to beat while visible.
        interval: Millis,
        /// How often while hidden; `None`: not at all.
        hidden_interval: Option<Millis>,
        /// The newest beat whose facts are on disk.
        saved_seq: u32,
    },
    /// No answer, or one that says to try again, perhaps not before some time.
    Retry {
        /// Not before this has passed.
        after: Millis,
    },
    /// The session has ended on the server; a new one begins.
    Ended,
    /// Trying the same again cannot help: somebody must change a setting.
    Refused,
}

/// What the shell is to do.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send this.
    Send(Dispatch),
    /// This session is over and another has begun.
    Ended(SessionId),
    /// Nothing to do until then, or until something happens.
    Wait {
        /// [`Instant::NEVER`]: only an input helps.
        until: Instant,
        /// Why the next beat waits, for people.
        why: Why,
    },
}

/// A beat to send; the shell adds channel, page and token. Serialized, it is what lies on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dispatch {
    /// Which session.
    pub session: SessionId,
    /// Its how-manieth beat.
    pub seq: u32,
    /// Time since the session began.
    pub t: Millis,
    /// What the page is doing.
    pub state: PageState,
    /// The person has signed out.
    #[serde(skip_serializing_if = "is_false")]
    pub sign_out: bool,
    /// Nobody has touched the visible tab for long, and it falls silent.
    #[serde(skip_serializing_if = "is_false")]
    pub idle: bool,
    /// The promise, if one is made.
    #[serde(rename = "nextMs", skip_serializing_if = "Option::is_none")]
    pub next: Option<Millis>,
    /// Visible spans that the server may not have kept.
    pub visible: Vec<Span>,
    /// Active time in all.
    #[serde(rename = "activeMs")]
    pub active: Millis,
    /// How it has to go out.
    #[serde(skip)]
    pub means: Means,
}

impl Dispatch {
    /// Says the beat in whole numbers that JavaScript can hold, for a shell that writes the JSON there: the session in
    /// four parts, seq, t, the state's place in [`PageState`], whether signed out, whether idle, the promise or zero,
    /// active, then each span's start and end.
    pub fn say(&self, mut say: impl FnMut(u64)) {
        self.session.parts().into_iter().for_each(|part| say(part.into()));
        say(self.seq.into());
        say(self.t.0);
        say(self.state as u64);
        say(self.sign_out.into());
        say(self.idle.into());
        say(self.next.unwrap_or_default().0);
        say(self.active.0);
        say_spans(&self.visible, say);
    }
}

const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// How a beat has to go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// By `fetch` with keepalive: its answer is wanted.
    Fetch,
    /// By `sendBeacon`: the page may be gone before an answer comes.
    Beacon,
}
