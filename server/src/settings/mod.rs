//! What was typed, and what it means.
//!
//! [`Typed`] is what flags, environment, files and presets say. [`Settings`] is what they mean together: whoever holds
//! one can rely on it that no two of its settings contradict each other.

mod audit;
mod auth;
mod cli;
mod database_url;
mod demo;
mod migrate;
mod operation;
mod presence;
mod presets;
mod redis_url;
mod reference;
mod secret;
mod token;
mod typed;
mod webhook;
mod webhook_url;
mod words;

use std::{error::Error, fmt, mem, net::SocketAddr, path::PathBuf};

use stillhere_engine::{
    limits::RUNGS,
    policy::{Ladder, Policy, Punching, Rung},
    time::Millis,
    wire::ChannelName,
};

pub use audit::{Audit, AuditOf, Verify};
pub(crate) use auth::Keys;
pub use auth::{Auth, TokenRules};
pub use cli::{Cli, Command, Serve};
pub use database_url::DatabaseUrl;
pub(crate) use demo::SITE;
pub use demo::{Demo, DemoSettings};
pub use migrate::Migrate;
pub(crate) use operation::Operation;
pub(crate) use presence::RedisSettings;
pub use presets::{PRESETS, preset};
pub use redis_url::RedisUrl;
pub(crate) use redis_url::{Host, RedisPlace, Servers, Wire};
pub use reference::reference;
pub use secret::{Secret, Secrets};
pub use token::TokenWish;
pub use typed::Typed;
pub(crate) use webhook::Webhooks;
pub use webhook::{TypedWebhook, WebhookSecrets};
pub use webhook_url::WebhookUrl;
pub use words::{
    AuthWord, HiddenInterval, LogFormat, MetricsWord, ProxyHeader, PunchingWord, TypedIdleStep, TypedRung, Visibility,
};

use crate::limits;
pub use crate::webhooks::{Event as WebhookEvent, Format as WebhookFormat};

/// The directory of the store when none is named.
const DEFAULT_DATA: &str = "stillhere-data";

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct Settings {
    listen: SocketAddr,
    data: PathBuf,
    database_url: Option<DatabaseUrl>,
    redis: Option<RedisSettings>,
    base_path: String,
    allowed_origins: Vec<String>,
    log: String,
    operation: Operation,
    auth: Auth,
    jwt_secret_file: Option<PathBuf>,
    allow_anonymous: bool,
    legacy_success: bool,
    visibility: Visibility,
    policy: Policy,
    webhooks: Webhooks,
}

/// Settings that cannot be followed; the sentence says what to change.
#[derive(Debug)]
pub struct SettingsError(String);

impl SettingsError {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for SettingsError {}

impl Settings {
    /// Finds out what was meant. `secrets` are those from the environment, which no file of settings may hold;
    /// otherwise the files that settings such as `jwt_secret_file` name are read here.
    ///
    /// # Errors
    /// The first setting that is wrong by itself, or contradicts another one.
    pub fn parse(typed: Typed, secrets: impl Into<Secrets>) -> Result<Self, SettingsError> {
        let mut secrets = secrets.into();
        let policy = parse_policy(&typed)?;
        let listen = typed.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], limits::PORT)));
        let allow_anonymous = typed.allow_anonymous.unwrap_or(false);
        let auth = Auth::parse(&typed, secrets.jwt.take())?;
        let hooks = mem::take(&mut secrets.webhooks);
        let webhooks = Webhooks::parse(typed.webhook.as_deref().unwrap_or_default(), hooks, &policy)?;
        let operation = Operation::parse(&typed, secrets)?;
        if matches!(auth, Auth::None) && !listen.ip().is_loopback() && !allow_anonymous {
            return Err(SettingsError::new(format!(
                "`auth` is none, so anybody could be anybody, and {listen} is not only this machine: set `auth = \
                 \"jwt\"`, listen on 127.0.0.1, or say --allow-anonymous if that is what you want"
            )));
        }
        typed.database_url.as_ref().map_or(Ok(()), DatabaseUrl::check)?;
        let redis = RedisSettings::of(&typed)?;
        Ok(Self {
            listen,
            data: typed.data.unwrap_or_else(|| DEFAULT_DATA.into()),
            database_url: typed.database_url,
            redis,
            base_path: parse_base_path(typed.base_path)?,
            allowed_origins: parse_origins(typed.allowed_origins.unwrap_or_default())?,
            log: typed.log.unwrap_or_else(|| "info".into()),
            operation,
            auth,
            jwt_secret_file: typed.jwt_secret_file,
            allow_anonymous,
            legacy_success: typed.legacy_success.unwrap_or(false),
            visibility: typed.visibility.unwrap_or(Visibility::Everyone),
            policy,
            webhooks,
        })
    }

    /// Everything in the form in which it could have been typed, secrets left out.
    #[must_use]
    pub fn to_typed(&self) -> Typed {
        let policy = &self.policy;
        let rung = |rung: &Rung| TypedRung {
            name: rung.status.to_string(),
            visible: rung.visible,
            seen_within_ms: rung.seen_within.map(|within| within.0),
            active_within_ms: rung.active_within.map(|within| within.0),
        };
        let mut typed = Typed {
            listen: Some(self.listen),
            data: Some(self.data.clone()),
            database_url: self.database_url.clone(),
            base_path: Some(self.base_path.clone()),
            allowed_origins: Some(self.allowed_origins.clone()),
            log: Some(self.log.clone()),
            jwt_secret_file: self.jwt_secret_file.clone(),
            allow_anonymous: Some(self.allow_anonymous),
            legacy_success: Some(self.legacy_success),
            interval_ms: Some(policy.interval.0),
            hidden_interval_ms: Some(
                policy.hidden_interval.map_or(HiddenInterval::Pause, |every| HiddenInterval::Every(every.0)),
            ),
            missed_beats: Some(policy.missed_beats),
            grace_ms: Some(policy.grace.0),
            hidden_hold_ms: Some(policy.hidden_hold.0),
            leave_grace_ms: Some(policy.leave_grace.0),
            boot_grace_ms: Some(policy.boot_grace.0),
            visibility: Some(self.visibility),
            punching: Some(match policy.punching {
                Punching::Off => PunchingWord::Off,
                Punching::OnRequest => PunchingWord::OnRequest,
                Punching::WithPresence => PunchingWord::WithPresence,
            }),
            idle: Some(policy.idle_steps.iter().map(TypedIdleStep::of_step).collect()),
            channels: Some(policy.channels.iter().map(|name| name.as_str().to_owned()).collect()),
            status: Some(policy.ladder.rungs.iter().map(rung).collect()),
            webhook: self.webhooks.write(),
            ..Typed::default()
        };
        self.auth.write(&mut typed);
        self.operation.write(&mut typed);
        self.redis.iter().for_each(|redis| redis.write(&mut typed));
        typed
    }

    /// Where to listen.
    #[must_use]
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// The database that is the store; `None`: it lies in the directory.
    #[must_use]
    pub const fn database_url(&self) -> Option<&DatabaseUrl> {
        self.database_url.as_ref()
    }

    /// The Redis by which several servers share who is here; `None`: this one is alone.
    pub(crate) const fn redis(&self) -> Option<&RedisSettings> {
        self.redis.as_ref()
    }

    /// The directory of the store, unless it is a database.
    #[must_use]
    pub const fn data(&self) -> &PathBuf {
        &self.data
    }

    /// Starts with a slash and does not end with one.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Origins besides the server's own whose pages may read answers.
    #[must_use]
    pub fn allowed_origins(&self) -> &[String] {
        &self.allowed_origins
    }

    /// The filter for what is logged.
    #[must_use]
    pub fn log(&self) -> &str {
        &self.log
    }

    /// How each line of the log is written.
    #[must_use]
    pub const fn log_format(&self) -> LogFormat {
        self.operation.log_format
    }

    /// How the server is run.
    pub(crate) const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Who is believed to be who.
    #[must_use]
    pub const fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Whether anybody may be anybody from other machines too.
    #[must_use]
    pub const fn allows_anonymous(&self) -> bool {
        self.allow_anonymous
    }

    /// Whether answers to beats carry `success`.
    #[must_use]
    pub const fn legacy_success(&self) -> bool {
        self.legacy_success
    }

    /// Whom a user may see.
    #[must_use]
    pub const fn visibility(&self) -> Visibility {
        self.visibility
    }

    /// The numbers by which the engine judges.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Who is told of what happens.
    pub(crate) const fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }
}

fn parse_policy(typed: &Typed) -> Result<Policy, SettingsError> {
    let usual = Policy::default();
    let or = |typed: Option<u64>, usual| typed.map_or(usual, Millis);
    let policy = Policy {
        interval: or(typed.interval_ms, usual.interval),
        hidden_interval: match typed.hidden_interval_ms {
            Some(HiddenInterval::Every(ms)) => Some(Millis(ms)),
            Some(HiddenInterval::Pause) => None,
            None => usual.hidden_interval,
        },
        missed_beats: typed.missed_beats.unwrap_or(usual.missed_beats),
        grace: or(typed.grace_ms, usual.grace),
        hidden_hold: or(typed.hidden_hold_ms, usual.hidden_hold),
        leave_grace: or(typed.leave_grace_ms, usual.leave_grace),
        boot_grace: or(typed.boot_grace_ms, usual.boot_grace),
        idle_steps: typed.idle.iter().flatten().copied().map(TypedIdleStep::to_step).collect(),
        punching: match typed.punching {
            None | Some(PunchingWord::Off) => Punching::Off,
            Some(PunchingWord::OnRequest) => Punching::OnRequest,
            Some(PunchingWord::WithPresence) => Punching::WithPresence,
        },
        channels: typed.channels.iter().flatten().map(|name| parse_channel(name)).collect::<Result<_, _>>()?,
        ladder: typed.status.as_ref().map_or(Ok(usual.ladder), |rungs| parse_ladder(rungs))?,
    };
    policy.check().map_err(|why| SettingsError::new(why.to_string()))?;
    Ok(policy)
}

fn parse_channel(name: &str) -> Result<ChannelName, SettingsError> {
    ChannelName::parse(name).map_err(|rule| SettingsError::new(format!("`channels`: {name:?} is none: {rule}")))
}

fn parse_ladder(typed: &[TypedRung]) -> Result<Ladder, SettingsError> {
    let mut rungs: Vec<Rung> = Vec::with_capacity(RUNGS);
    for rung in typed {
        let letter = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"_-".contains(&letter);
        let name = rung.name.as_str();
        if name.is_empty() || name.len() > limits::STATUS_BYTES || !name.bytes().all(letter) {
            return Err(SettingsError::new(format!(
                "`status`: {name:?} must be 1 to {} small letters, digits, _ or -",
                limits::STATUS_BYTES
            )));
        }
        if rungs.iter().any(|known| &*known.status == name) {
            return Err(SettingsError::new(format!("`status`: {name:?} is there twice; give each rung its own name")));
        }
        rungs.push(Rung {
            status: name.into(),
            visible: rung.visible,
            seen_within: rung.seen_within_ms.map(Millis),
            active_within: rung.active_within_ms.map(Millis),
        });
    }
    Ok(Ladder { rungs })
}

fn parse_base_path(typed: Option<String>) -> Result<String, SettingsError> {
    let path = typed.unwrap_or_else(|| "/v1".into());
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"_-".contains(&letter))
    };
    let is_path = path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_part));
    let is_taken = ["/client", "/healthz", "/readyz", "/metrics"].contains(&path.as_str());
    if !is_path || is_taken {
        return Err(SettingsError::new(format!(
            "`base_path` is {path:?}: make it something like /v1 or /presence/v1, of letters, digits, _ and -"
        )));
    }
    Ok(path)
}

fn parse_origins(typed: Vec<String>) -> Result<Vec<String>, SettingsError> {
    let is_origin = |origin: &String| {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let letter = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b".-:[]".contains(&letter);
        host.is_some_and(|host| !host.is_empty() && host.bytes().all(letter))
    };
    match typed.iter().find(|origin| !is_origin(origin)) {
        Some(wrong) => Err(SettingsError::new(format!(
            "`allowed_origins`: {wrong:?} is not an origin; write it as a browser does, https://app.example.com, in \
             small letters, without a path"
        ))),
        None => Ok(typed),
    }
}

#[cfg(test)]
mod tests;
