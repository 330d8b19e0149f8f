//! What is said on a socket, in JSON, each with its `type`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stillhere_engine::{
    time::Timestamp,
    wire::{Accepted, BadBeat, Beat, RawBeat, Refusal},
};

use crate::{
    error::{ErrorText, Rejection},
    feed::Position,
    identity::Who,
    moment,
    routes::{line::Told, topic::Wish},
};

/// What comes from the other side.
pub(super) enum Up {
    Hello(Box<Hello>),
    Beat(Box<RawBeat>),
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeatMessage<'a> {
    #[serde(rename = "type")]
    _kind: &'a str,
    #[serde(borrow)]
    beat: &'a RawValue,
}

/// Who it is, and what they want to watch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hello {
    #[serde(rename = "type")]
    _kind: String,
    pub(super) token: Option<String>,
    channel: Option<String>,
    user: Option<String>,
    users: Option<Vec<String>>,
    #[serde(default)]
    counts: bool,
    #[serde(default)]
    everybody: bool,
    after: Option<String>,
}

impl Hello {
    /// What is to be watched; `None`: nothing is said about it.
    ///
    /// # Errors
    /// It contradicts itself.
    pub(super) fn wish(&self) -> Result<Option<Wish>, Rejection> {
        let Self { channel, user, users, counts, .. } = self;
        let wish = Wish { channel: channel.clone(), user: user.clone(), users: users.clone(), counts: *counts };
        match (self.everybody, wish == Wish::default()) {
            (false, true) => Ok(None),
            (true, false) => Err(Rejection::QueryBad("Ask for `everybody` or for some, not for both.".into())),
            _ => Ok(Some(wish)),
        }
    }

    /// Where to go on.
    pub(super) fn after(&self) -> Option<Position> {
        self.after.as_deref().and_then(Position::parse)
    }
}

/// Why a message is not taken, and whether the talk can go on.
pub(super) enum Unread {
    /// It is not one of those that there are: this is no client of ours.
    Nonsense(Rejection),
    /// A beat that is none.
    BadBeat(Rejection),
}

impl Up {
    /// Reads a message.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn parse(text: &str) -> Result<Self, Unread> {
        let nonsense = |why: serde_json::Error| Unread::Nonsense(Rejection::BodyBad(format!("{why}.")));
        let Kind { kind } = serde_json::from_str(text).map_err(nonsense)?;
        match kind {
            "hello" => Ok(Self::Hello(serde_json::from_str(text).map_err(nonsense)?)),
            "beat" => {
                let BeatMessage { beat, .. } = serde_json::from_str(text).map_err(nonsense)?;
                let beat = serde_json::from_str(beat.get());
                let bad = |why: serde_json::Error| Refusal::BadBeat(BadBeat::Json(why.to_string()));
                beat.map(Self::Beat).map_err(|why| Unread::BadBeat(bad(why).into()))
            }
            _ => Err(Unread::Nonsense(Rejection::BodyBad("`type` must be `hello` or `beat`.".into()))),
        }
    }
}

/// What goes to the other side.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Down<'a> {
    /// The hello was taken.
    Welcome {
        /// `null`: the server believes everybody, and nobody has said who they are.
        user: Option<&'a str>,
        now_at: String,
        /// When the socket ends unless a newer token comes; `null`: never.
        until_at: Option<String>,
    },
    /// A beat was taken.
    Ack {
        session: String,
        seq: u32,
        #[serde(flatten)]
        accepted: &'a Accepted,
    },
    /// Something was refused; if it was a beat that could be read, which one.
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        session: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<u32>,
        error: ErrorText,
    },
}

impl Down<'_> {
    pub(super) fn welcome(who: Option<&Who>, now: Timestamp) -> String {
        let until = who.map_or(Timestamp::NEVER, |who| who.until);
        Down::Welcome {
            user: who.map(|who| who.user.as_str()),
            now_at: moment::to_text(now),
            until_at: (until != Timestamp::NEVER).then(|| moment::to_text(until)),
        }
        .to_json()
    }

    /// What a beat is answered.
    pub(super) fn answer(beat: &Beat, answer: &Result<Accepted, Rejection>) -> String {
        let (session, seq) = (beat.session.to_text(), beat.seq);
        match answer {
            Ok(accepted) => Down::Ack { session, seq, accepted }.to_json(),
            Err(why) => Down::Error { session: Some(session), seq: Some(seq), error: why.text() }.to_json(),
        }
    }

    pub(super) fn error(why: &Rejection) -> String {
        Down::Error { session: None, seq: None, error: why.text() }.to_json()
    }

    fn to_json(&self) -> String {
        // Strings and numbers always become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// An event of the feed.
pub(super) fn event(told: &Told) -> String {
    let (name, json) = (told.name(), told.json());
    match told.position() {
        Some(position) => format!(r#"{{"type":"{name}","id":"{position}","data":{json}}}"#),
        None => format!(r#"{{"type":"{name}","data":{json}}}"#),
    }
}
