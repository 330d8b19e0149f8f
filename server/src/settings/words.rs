//! What a setting may say, where it is not just a number or a name.

use std::{fmt, str::FromStr};

use clap::ValueEnum;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use stillhere_engine::{policy::IdleStep, time::Millis};

/// One `[[status]]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypedRung {
    /// The status that it gives.
    pub name: String,
    /// Only while the tab is visible.
    #[serde(default)]
    pub visible: bool,
    /// Only so many milliseconds after the newest beat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_within_ms: Option<u64>,
    /// Only so many milliseconds after the newest input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_within_ms: Option<u64>,
}

/// One `[[idle]]` table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypedIdleStep {
    /// After so many milliseconds without input …
    pub after_ms: u64,
    /// … a visible tab beats every so many milliseconds, until there is input again.
    pub interval_ms: u64,
}

impl TypedIdleStep {
    pub(super) const fn of_step(step: &IdleStep) -> Self {
        Self { after_ms: step.after.0, interval_ms: step.interval.0 }
    }

    pub(super) const fn to_step(self) -> IdleStep {
        IdleStep { after: Millis(self.after_ms), interval: Millis(self.interval_ms) }
    }
}

/// Whom a user may see. An admin sees everybody, and everybody sees themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Everybody who is here
    Everyone,
    /// Who is in a channel in which they are too
    Channel,
    /// Nobody else
    Own,
}

/// Whether the server keeps a log of who came and went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PunchingWord {
    /// No log
    Off,
    /// A user is in from when their page says so
    OnRequest,
    /// A user is in from their first session on
    WithPresence,
}

/// Who is believed to be who.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthWord {
    /// Everybody is who they say they are: the token's text is the user's id
    None,
    /// A JSON web token (HS256, RS256, ES256 or EdDSA): the user is its `sub`, the role its `role`
    Jwt,
    /// The e-mail gate: visitors say their address and get a cookie; everybody else has a token of the same secret
    Email,
}

/// How each line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object each, for programs
    Json,
}

/// Who may read the metrics without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum MetricsWord {
    /// Whoever asks from this machine, and not for somebody else
    Local,
    /// Anybody
    Open,
    /// Nobody
    Off,
}

/// In which header a proxy says for whom it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// What nearly every proxy sends
    XForwardedFor,
    /// What RFC 7239 says
    Forwarded,
}

/// How often a hidden tab beats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenInterval {
    /// Every so many milliseconds.
    Every(u64),
    /// Not at all, until it is visible again.
    Pause,
}

impl FromStr for HiddenInterval {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "pause" => Ok(Self::Pause),
            number => number.parse().map(Self::Every).map_err(|_| "it must be milliseconds, or `pause`"),
        }
    }
}

impl Serialize for HiddenInterval {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Every(ms) => to.serialize_u64(*ms),
            Self::Pause => to.serialize_str("pause"),
        }
    }
}

impl<'de> Deserialize<'de> for HiddenInterval {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(HiddenIntervalVisitor)
    }
}

struct HiddenIntervalVisitor;

impl de::Visitor<'_> for HiddenIntervalVisitor {
    type Value = HiddenInterval;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("milliseconds, or \"pause\"")
    }

    fn visit_i64<E: de::Error>(self, ms: i64) -> Result<HiddenInterval, E> {
        let ms = u64::try_from(ms).map_err(|_| E::invalid_value(de::Unexpected::Signed(ms), &self))?;
        Ok(HiddenInterval::Every(ms))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<HiddenInterval, E> {
        text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}
