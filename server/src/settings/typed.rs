//! Settings as they were typed: the same names as flags, in the environment, in a file and in a preset.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use stillhere_engine::{policy::IdleStep, time::Millis};

use super::DatabaseUrl;

/// What one source says. What it leaves out, the next one decides: flag, environment, file, preset, default.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Typed {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:4747]
    #[arg(long, env = "STILLHERE_LISTEN", value_name = "ADDRESS:PORT", help_heading = "Server")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,

    /// The directory for the database, unless there is a `database_url`; made if it does not exist [default: stillhere-data]
    #[arg(long, env = "STILLHERE_DATA", value_name = "DIR", help_heading = "Server")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,

    /// A PostgreSQL database instead of `data`. It has no flag, as other users of the machine can read a command line,
    /// and the address may hold a password: only in files, or as STILLHERE_DATABASE_URL.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<DatabaseUrl>,

    /// Below which path the API lies [default: /v1]
    #[arg(long, env = "STILLHERE_BASE_PATH", value_name = "PATH", help_heading = "Server")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_path: Option<String>,

    /// Other origins whose pages may read answers, such as https://app.example.com [default: none]
    #[arg(
        long,
        env = "STILLHERE_ALLOWED_ORIGINS",
        value_name = "ORIGIN,…",
        value_delimiter = ',',
        help_heading = "Server"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_origins: Option<Vec<String>>,

    /// What to log, such as `info` or `stillhere_server=debug` [default: info]
    #[arg(long, env = "STILLHERE_LOG", value_name = "FILTER", help_heading = "Server")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,

    /// Who is believed to be who [default: none]
    #[arg(long, env = "STILLHERE_AUTH", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthWord>,

    /// A file with the secret of the tokens; or put the secret itself into STILLHERE_JWT_SECRET
    #[arg(long, env = "STILLHERE_JWT_SECRET_FILE", value_name = "FILE", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_secret_file: Option<PathBuf>,

    /// With `auth = none`, listen to other machines all the same: anybody can be anybody
    #[arg(long, env = "STILLHERE_ALLOW_ANONYMOUS", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_anonymous: Option<bool>,

    /// Put `success` beside everything that a beat is answered, for pages that look for it [default: false]
    #[arg(long, env = "STILLHERE_LEGACY_SUCCESS", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy_success: Option<bool>,

    /// How often a visible tab beats [default: 10000]
    #[arg(long, env = "STILLHERE_INTERVAL_MS", value_name = "MS", help_heading = "Policy")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u64>,

    /// How often a hidden tab beats, 75000 or more; or `pause` [default: 75000]
    #[arg(long, env = "STILLHERE_HIDDEN_INTERVAL_MS", value_name = "MS|pause", help_heading = "Policy")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_interval_ms: Option<HiddenInterval>,

    /// How many beats may be missed before a session ends [default: 1]
    #[arg(long, env = "STILLHERE_MISSED_BEATS", value_name = "COUNT", help_heading = "Policy")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed_beats: Option<u32>,

    /// What is added to each lease for network and timers [default: 10000]
    #[arg(long, env = "STILLHERE_GRACE_MS", value_name = "MS", help_heading = "Policy")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,

    /// How long a paused, frozen or cached tab is held [default: 1800000]
    #[arg(long, env = "STILLHERE_HIDDEN_HOLD_MS", value_name = "MS", help_heading = "Policy")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_hold_ms: Option<u64>,

    /// How long a closed tab may take to load its next page before anybody is told [default: 5000]
    #[arg(long, env = "STILLHERE_LEAVE_GRACE_MS", value_name = "MS", help_heading = "Policy")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leave_grace_ms: Option<u64>,

    /// What every session is given after a restart, on top of the downtime; 60000 or more [default: 75000]
    #[arg(long, env = "STILLHERE_BOOT_GRACE_MS", value_name = "MS", help_heading = "Policy")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_grace_ms: Option<u64>,

    /// The channels that exist [default: any name is one]
    #[arg(long, env = "STILLHERE_CHANNELS", value_name = "NAME,…", value_delimiter = ',', help_heading = "Policy")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,

    /// Whether the server keeps a log of who came and went [default: off]
    #[arg(long, env = "STILLHERE_PUNCHING", help_heading = "Policy")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub punching: Option<PunchingWord>,

    /// Longer intervals for who is idle for long. Only in files: `[[idle]]` tables.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<Vec<TypedIdleStep>>,

    /// The status ladder, best first. Only in files: `[[status]]` tables.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Vec<TypedRung>>,
}

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
    /// A JSON web token signed with HS256: the user is its `sub`, the role its `role`
    Jwt,
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

impl Typed {
    /// This source, and `below` where it says nothing. Lists are not joined: the higher one replaces the lower.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            listen: self.listen.or(below.listen),
            data: self.data.or(below.data),
            database_url: self.database_url.or(below.database_url),
            base_path: self.base_path.or(below.base_path),
            allowed_origins: self.allowed_origins.or(below.allowed_origins),
            log: self.log.or(below.log),
            auth: self.auth.or(below.auth),
            jwt_secret_file: self.jwt_secret_file.or(below.jwt_secret_file),
            allow_anonymous: self.allow_anonymous.or(below.allow_anonymous),
            legacy_success: self.legacy_success.or(below.legacy_success),
            interval_ms: self.interval_ms.or(below.interval_ms),
            hidden_interval_ms: self.hidden_interval_ms.or(below.hidden_interval_ms),
            missed_beats: self.missed_beats.or(below.missed_beats),
            grace_ms: self.grace_ms.or(below.grace_ms),
            hidden_hold_ms: self.hidden_hold_ms.or(below.hidden_hold_ms),
            leave_grace_ms: self.leave_grace_ms.or(below.leave_grace_ms),
            boot_grace_ms: self.boot_grace_ms.or(below.boot_grace_ms),
            channels: self.channels.or(below.channels),
            punching: self.punching.or(below.punching),
            idle: self.idle.or(below.idle),
            status: self.status.or(below.status),
        }
    }

    /// Reads a settings file's text.
    ///
    /// # Errors
    /// Names the line, the setting and what it may be.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}
