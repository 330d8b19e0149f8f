//! One beat: as it lies on the wire, and as it is once it has been checked.

use alloc::{string::String, vec::Vec};
use core::fmt;

use serde::{Deserialize, Deserializer, de::Visitor};

use super::{BadName, ChannelName, PagePath, SessionId};
use crate::{limits, page::PageState, spans::Span, time::Millis};

/// A beat as it lies on the wire, before any rule has looked at it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawBeat {
    /// Which session: 22 url-safe characters, made in the tab.
    pub session: String,
    /// Counts this session's beats from 1, so that the newest wins whatever the network does.
    pub seq: Number,
    /// Milliseconds since the session began, on the tab's own clock.
    pub t: Number,
    /// What the page is doing.
    pub state: PageState,
    /// With `closed`: the person has signed out. Nobody waits whether another page of the tab follows.
    #[serde(default)]
    pub sign_out: bool,
    /// Without `nextMs`, of a visible page: nobody has touched it for long, and it pauses until somebody does.
    #[serde(default)]
    pub idle: bool,
    /// With `closed`: a last word that could not be sent when it was said, which was so many milliseconds ago.
    #[serde(default)]
    pub ago_ms: Number,
    /// The promise: the next beat comes within so many milliseconds. Absent: no promise, the session is paused.
    #[serde(default)]
    pub next_ms: Option<Number>,
    /// The visible spans that the server has not yet been seen to keep, in order, in milliseconds since the
    /// session began.
    #[serde(default)]
    pub visible: Vec<(Number, Number)>,
    /// Milliseconds with a person at work, all of the session's together.
    #[serde(default)]
    pub active_ms: Number,
    /// The named place the session is in.
    #[serde(default)]
    pub channel: Option<String>,
    /// The page that it looks at.
    #[serde(default)]
    pub page: Option<String>,
    /// Who says so. A beacon cannot set headers, so the token may lie here.
    #[serde(default)]
    pub token: Option<String>,
}

/// A beat that obeys every rule that can be checked without knowing the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Which session.
    pub session: SessionId,
    /// Its how-manieth beat.
    pub seq: u32,
    /// Time since the session began, on the tab's clock.
    pub t: Millis,
    /// What the page is doing.
    pub state: PageState,
    /// The person has signed out; `state` is closed then.
    pub sign_out: bool,
    /// How long ago it was said; only a last word comes so late.
    pub ago: Millis,
    /// Nobody has touched it for long; there is no promise then.
    pub idle: bool,
    /// The promise, if one was made.
    pub next: Option<Millis>,
    /// Ordered, apart, none after `t`.
    pub visible: Vec<Span>,
    /// Not above `t`.
    pub active: Millis,
    /// The named place.
    pub channel: ChannelName,
    /// The page.
    pub page: Option<PagePath>,
}

impl Beat {
    /// Whether the tab falls silent by this beat and is to be held all the same. A visible one without a promise merely
    /// has yet to hear the interval, unless it says that it is idle.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.next.is_none() && (self.idle || !self.state.is_visible())
    }
}

/// What is wrong with a beat, by field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadBeat {
    /// It is not JSON, or not a beat's JSON; the parser's own sentence.
    Json(String),
    /// `session` is not 22 url-safe base64 characters.
    Session,
    /// A number is not a whole number within its bounds.
    Number {
        /// The field's name.
        field: &'static str,
        /// The smallest allowed.
        least: u64,
        /// The largest allowed.
        most: u64,
    },
    /// `signOut` in a beat that goes on.
    SignOut,
    /// `idle` in a beat that promises another.
    Idle,
    /// `agoMs` in a beat that goes on.
    Ago,
    /// `visible` has a span that ends before it starts, overlaps the one before, or lies after `t`.
    Spans,
    /// More spans than a beat may carry.
    TooManySpans,
    /// A name breaks its rule.
    Name {
        /// The field's name.
        field: &'static str,
        /// The rule.
        rule: BadName,
    },
}

impl RawBeat {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub fn parse(&self) -> Result<Beat, BadBeat> {
        let age = limits::SESSION_AGE.0;
        let t = self.t.within("t", 0, age)?;
        let named = |field| move |rule| BadBeat::Name { field, rule };
        Ok(Beat {
            session: SessionId::parse(&self.session)?,
            // Fits: the bound is that of 32 bits.
            seq: self.seq.within("seq", 1, u64::from(u32::MAX))? as u32,
            t: Millis(t),
            state: self.state,
            sign_out: match (self.sign_out, self.state) {
                (true, PageState::Closed) | (false, _) => self.sign_out,
                (true, _) => return Err(BadBeat::SignOut),
            },
            ago: match self.ago_ms.within("agoMs", 0, age)? {
                ago if ago > 0 && self.state != PageState::Closed => return Err(BadBeat::Ago),
                ago => Millis(ago),
            },
            idle: match (self.idle, self.next_ms) {
                (true, Some(_)) => return Err(BadBeat::Idle),
                (idle, _) => idle,
            },
            next: match self.next_ms {
                Some(next) => Some(Millis(next.within("nextMs", limits::INTERVAL_MIN.0, limits::LEASE_MAX.0)?)),
                None => None,
            },
            visible: parse_spans(&self.visible, t)?,
            active: Millis(self.active_ms.within("activeMs", 0, t)?),
            channel: match &self.channel {
                Some(name) => ChannelName::parse(name).map_err(named("channel"))?,
                None => ChannelName::default(),
            },
            page: match &self.page {
                Some(path) => Some(PagePath::parse(path).map_err(named("page"))?),
                None => None,
            },
        })
    }
}

fn parse_spans(raw: &[(Number, Number)], t: u64) -> Result<Vec<Span>, BadBeat> {
    if raw.len() > limits::SPANS {
        return Err(BadBeat::TooManySpans);
    }
    let mut floor = 0;
    let mut spans = Vec::with_capacity(raw.len());
    for (start, end) in raw {
        let start = start.within("visible", floor, t).map_err(|_| BadBeat::Spans)?;
        floor = end.within("visible", start, t).map_err(|_| BadBeat::Spans)?;
        spans.push(Span { start: Millis(start), end: Millis(floor) });
    }
    Ok(spans)
}

impl fmt::Display for BadBeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(why) => write!(f, "The body is not a beat: {why}."),
            Self::Session => f.write_str("`session` must be 22 characters of url-safe base64: sixteen random bytes."),
            Self::Number { field, least, most } => {
                write!(f, "`{field}` must be a whole number from {least} to {most}.")
            }
            Self::SignOut => f.write_str("`signOut` needs `\"state\":\"closed\"`: who signs out is gone."),
            Self::Idle => f.write_str("`idle` goes without `nextMs`: who is idle promises no beat."),
            Self::Ago => f.write_str("`agoMs` needs `\"state\":\"closed\"`: only a last word may come late."),
            Self::Spans => f.write_str("`visible` must be spans [start, end] in order, apart, and none after `t`."),
            Self::TooManySpans => write!(f, "`visible` may hold {} spans.", limits::SPANS),
            Self::Name { field, rule } => write!(f, "`{field}`: {rule}."),
        }
    }
}

/// A JSON number that should be a whole one. Anything else is remembered as bad, so that the refusal can name
/// the field instead of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Number(u64);

impl Number {
    const BAD: Self = Self(u64::MAX);

    fn within(self, field: &'static str, least: u64, most: u64) -> Result<u64, BadBeat> {
        if (least..=most).contains(&self.0) { Ok(self.0) } else { Err(BadBeat::Number { field, least, most }) }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
        Ok(Number(number))
    }

    fn visit_i64<E>(self, _negative: i64) -> Result<Number, E> {
        Ok(Number::BAD)
    }

    fn visit_f64<E>(self, _fraction_or_huge: f64) -> Result<Number, E> {
        Ok(Number::BAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: &str, to: &str) -> BadBeat {
        let good = r#"{"session":"MDEyMzQ1Njc4OWFiY2RlZg","seq":7,"t":184000,"state":"hidden","nextMs":75000,
            "visible":[[150000,184000]],"activeMs":61000,"channel":"pms","page":"/orders/17"}"#;
        let body = good.replace(change, to);
        assert_ne!(body, good, "the test changes nothing");
        let raw: RawBeat = match serde_json::from_str(&body) {
            Ok(raw) => raw,
            Err(why) => return BadBeat::Json(alloc::format!("{why}")),
        };
        raw.parse().unwrap_err()
    }

    #[test]
    fn a_refusal_names_the_field() {
        assert_eq!(refusal("MDEy", "MDE"), BadBeat::Session);
        assert_eq!(refusal("[150000,184000]", "[184000,150000]"), BadBeat::Spans);
        assert_eq!(refusal("[150000,184000]", "[0,9],[5,12]"), BadBeat::Spans);
        assert_eq!(refusal("[150000,184000]", "[0,184001]"), BadBeat::Spans);
        for (field, change, bad) in [
            ("seq", "\"seq\":7", ["\"seq\":0", "\"seq\":-1", "\"seq\":1.5", "\"seq\":1e99"]),
            ("t", "\"t\":184000", ["\"t\":-1", "\"t\":0.5", "\"t\":1e300", "\"t\":18446744073709551615"]),
            ("activeMs", "61000", ["-1", "184001", "1e9", "0.1"]),
            (
                "agoMs",
                "\"seq\"",
                [
                    "\"agoMs\":-1,\"seq\"",
                    "\"agoMs\":0.5,\"seq\"",
                    "\"agoMs\":2592000001,\"seq\"",
                    "\"agoMs\":1e99,\"seq\"",
                ],
            ),
            ("nextMs", "75000", ["0", "-75000", "86400001", "1e99"]),
        ] {
            for to in bad {
                assert!(matches!(refusal(change, to), BadBeat::Number { field: f, .. } if f == field), "{to}");
            }
        }
        assert_eq!(refusal("\"seq\"", "\"signOut\":true,\"seq\""), BadBeat::SignOut);
        assert_eq!(refusal("\"seq\"", "\"agoMs\":1,\"seq\""), BadBeat::Ago);
        assert_eq!(refusal("\"seq\"", "\"idle\":true,\"seq\""), BadBeat::Idle);
        assert!(matches!(refusal("pms", "two words"), BadBeat::Name { field: "channel", .. }));
        assert!(matches!(refusal("/orders/17", "\\u0000"), BadBeat::Name { field: "page", .. }));
    }

    #[test]
    fn an_unknown_or_missing_field_is_named() {
        let why = |change, to| alloc::format!("{}", refusal(change, to));
        assert!(why("\"channel\"", "\"chanel\"").contains("unknown field `chanel`"));
        assert!(why("\"seq\":7,", "").contains("missing field `seq`"));
        assert!(why("hidden", "asleep").contains("unknown variant `asleep`"));
    }
}
