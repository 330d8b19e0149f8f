//! Settings as they were typed: the same names as flags, in the environment, in a file and in a preset.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::{
    AuthWord, DatabaseUrl, HiddenInterval, LogFormat, MetricsWord, ProxyHeader, PunchingWord, RedisUrl, TypedIdleStep,
    TypedRung, TypedWebhook, Visibility,
};

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

    /// A Redis by which several servers share who is here; they need a `database_url` too. It has no flag either: only in
    /// files, or as STILLHERE_REDIS_URL.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis_url: Option<RedisUrl>,

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

    /// What the names of all keys in Redis begin with; the same for every node [default: stillhere]
    #[arg(long, env = "STILLHERE_REDIS_PREFIX", value_name = "TEXT", help_heading = "Nodes")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis_prefix: Option<String>,

    /// Over how many parts users are spread in Redis, 1 to 256; the same for every node, and for ever [default: 16]
    #[arg(long, env = "STILLHERE_REDIS_SHARDS", value_name = "COUNT", help_heading = "Nodes")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis_shards: Option<u16>,

    /// How each line of the log is written [default: text]
    #[arg(long, env = "STILLHERE_LOG_FORMAT", help_heading = "Operation")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,

    /// Who may read /metrics where no token is asked for [default: local]
    #[arg(long, env = "STILLHERE_METRICS", help_heading = "Operation")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<MetricsWord>,

    /// A file with the token that opens /metrics; or put the token itself into STILLHERE_METRICS_TOKEN
    #[arg(long, env = "STILLHERE_METRICS_TOKEN_FILE", value_name = "FILE", help_heading = "Operation")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_token_file: Option<PathBuf>,

    /// A file with the secret by which a cron job may sweep; or put the secret itself into STILLHERE_CRON_SECRET
    #[arg(long, env = "STILLHERE_CRON_SECRET_FILE", value_name = "FILE", help_heading = "Operation")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron_secret_file: Option<PathBuf>,

    /// Proxies that may say for whom they ask, such as 127.0.0.1 or 10.0.0.0/8 [default: none]
    #[arg(
        long,
        env = "STILLHERE_TRUSTED_PROXIES",
        value_name = "ADDRESS,…",
        value_delimiter = ',',
        help_heading = "Operation"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_proxies: Option<Vec<String>>,

    /// The header in which they say it; the other one could be anybody's [default: x-forwarded-for]
    #[arg(long, env = "STILLHERE_PROXY_HEADER", help_heading = "Operation")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_header: Option<ProxyHeader>,

    /// Beats that one address may send in a second; 0: as many as it likes [default: 1000]
    #[arg(long, env = "STILLHERE_ADDRESS_BEATS_PER_S", value_name = "COUNT", help_heading = "Operation")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_beats_per_s: Option<u32>,

    /// Sessions that one address may begin in a second; 0: as many as it likes [default: 100]
    #[arg(long, env = "STILLHERE_ADDRESS_SESSIONS_PER_S", value_name = "COUNT", help_heading = "Operation")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_sessions_per_s: Option<u32>,

    /// Visitors whom the e-mail gate lets in from one address in a minute; 0: as many as come [default: 60]
    #[arg(long, env = "STILLHERE_ADDRESS_VISITS_PER_MIN", value_name = "COUNT", help_heading = "Operation")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_visits_per_min: Option<u32>,

    /// Requests other than beats that one address may make in a second; 0: as many as it likes [default: 200]
    #[arg(long, env = "STILLHERE_ADDRESS_REQUESTS_PER_S", value_name = "COUNT", help_heading = "Operation")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_requests_per_s: Option<u32>,

    /// After how many days sessions that have ended are forgotten, and who was in which channel [default: never]
    #[arg(long, env = "STILLHERE_RETENTION_DAYS", value_name = "DAYS", help_heading = "Operation")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,

    /// After how many days the punch clock's log is cut off at its old end [default: never]
    #[arg(long, env = "STILLHERE_PUNCH_RETENTION_DAYS", value_name = "DAYS", help_heading = "Operation")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub punch_retention_days: Option<u32>,

    /// Who is believed to be who [default: none]
    #[arg(long, env = "STILLHERE_AUTH", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthWord>,

    /// A file with the secret of the tokens; or put the secret itself into STILLHERE_JWT_SECRET
    #[arg(long, env = "STILLHERE_JWT_SECRET_FILE", value_name = "FILE", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_secret_file: Option<PathBuf>,

    /// A file with the public key of the tokens, in PEM: RSA, EC P-256 or Ed25519
    #[arg(long, env = "STILLHERE_JWT_PUBLIC_KEY_FILE", value_name = "FILE", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_public_key_file: Option<PathBuf>,

    /// A file with the public keys of the tokens as a JWKS; it is read again when it changes
    #[arg(long, env = "STILLHERE_JWKS_FILE", value_name = "FILE", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_file: Option<PathBuf>,

    /// The `iss` that tokens must have [default: any]
    #[arg(long, env = "STILLHERE_JWT_ISSUER", value_name = "TEXT", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_issuer: Option<String>,

    /// The `aud` that tokens must have, alone or among others [default: any]
    #[arg(long, env = "STILLHERE_JWT_AUDIENCE", value_name = "TEXT", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_audience: Option<String>,

    /// How far the clock of whoever makes the tokens may be off [default: 30000]
    #[arg(long, env = "STILLHERE_JWT_LEEWAY_MS", value_name = "MS", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_leeway_ms: Option<u64>,

    /// The cookie in which a token may lie too; needs `allowed_origins` [default: none]
    #[arg(long, env = "STILLHERE_TOKEN_COOKIE", value_name = "NAME", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_cookie: Option<String>,

    /// Where in a token the user lies; a dot leads into an object [default: sub]
    #[arg(long, env = "STILLHERE_USER_CLAIM", value_name = "PATH", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_claim: Option<String>,

    /// Where the role lies, a text or a list, such as realm_access.roles [default: role]
    #[arg(long, env = "STILLHERE_ROLE_CLAIM", value_name = "PATH", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_claim: Option<String>,

    /// The role that may see everything [default: admin]
    #[arg(long, env = "STILLHERE_ADMIN_ROLE", value_name = "TEXT", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_role: Option<String>,

    /// Where the name to show lies [default: name]
    #[arg(long, env = "STILLHERE_NAME_CLAIM", value_name = "PATH", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_claim: Option<String>,

    /// Where the e-mail address to show lies [default: email]
    #[arg(long, env = "STILLHERE_EMAIL_CLAIM", value_name = "PATH", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_claim: Option<String>,

    /// Where the department to show lies [default: department]
    #[arg(long, env = "STILLHERE_DEPARTMENT_CLAIM", value_name = "PATH", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department_claim: Option<String>,

    /// Where the specialties to show lie, a text or a list [default: specialties]
    #[arg(long, env = "STILLHERE_SPECIALTIES_CLAIM", value_name = "PATH", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub specialties_claim: Option<String>,

    /// Where the form of the e-mail gate leads, a path or an address [default: /]
    #[arg(long, env = "STILLHERE_CONTENT_URL", value_name = "URL", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_url: Option<String>,

    /// For development: let the gate's cookie travel without TLS [default: false]
    #[arg(long, env = "STILLHERE_INSECURE_COOKIES", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", help_heading = "Identity")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure_cookies: Option<bool>,

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

    /// Whom a user may see; an admin sees everybody [default: everyone]
    #[arg(long, env = "STILLHERE_VISIBILITY", help_heading = "Policy")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,

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

    /// Who is told of what happens. Only in files: `[[webhook]]` tables.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Vec<TypedWebhook>>,
}

impl Typed {
    /// This source, and `below` where it says nothing. Lists are not joined: the higher one replaces the lower.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            listen: self.listen.or(below.listen),
            data: self.data.or(below.data),
            database_url: self.database_url.or(below.database_url),
            redis_url: self.redis_url.or(below.redis_url),
            redis_prefix: self.redis_prefix.or(below.redis_prefix),
            redis_shards: self.redis_shards.or(below.redis_shards),
            base_path: self.base_path.or(below.base_path),
            allowed_origins: self.allowed_origins.or(below.allowed_origins),
            log: self.log.or(below.log),
            log_format: self.log_format.or(below.log_format),
            metrics: self.metrics.or(below.metrics),
            metrics_token_file: self.metrics_token_file.or(below.metrics_token_file),
            cron_secret_file: self.cron_secret_file.or(below.cron_secret_file),
            trusted_proxies: self.trusted_proxies.or(below.trusted_proxies),
            proxy_header: self.proxy_header.or(below.proxy_header),
            address_beats_per_s: self.address_beats_per_s.or(below.address_beats_per_s),
            address_sessions_per_s: self.address_sessions_per_s.or(below.address_sessions_per_s),
            address_visits_per_min: self.address_visits_per_min.or(below.address_visits_per_min),
            address_requests_per_s: self.address_requests_per_s.or(below.address_requests_per_s),
            retention_days: self.retention_days.or(below.retention_days),
            punch_retention_days: self.punch_retention_days.or(below.punch_retention_days),
            auth: self.auth.or(below.auth),
            jwt_secret_file: self.jwt_secret_file.or(below.jwt_secret_file),
            jwt_public_key_file: self.jwt_public_key_file.or(below.jwt_public_key_file),
            jwks_file: self.jwks_file.or(below.jwks_file),
            jwt_issuer: self.jwt_issuer.or(below.jwt_issuer),
            jwt_audience: self.jwt_audience.or(below.jwt_audience),
            jwt_leeway_ms: self.jwt_leeway_ms.or(below.jwt_leeway_ms),
            token_cookie: self.token_cookie.or(below.token_cookie),
            user_claim: self.user_claim.or(below.user_claim),
            role_claim: self.role_claim.or(below.role_claim),
            admin_role: self.admin_role.or(below.admin_role),
            name_claim: self.name_claim.or(below.name_claim),
            email_claim: self.email_claim.or(below.email_claim),
            department_claim: self.department_claim.or(below.department_claim),
            specialties_claim: self.specialties_claim.or(below.specialties_claim),
            content_url: self.content_url.or(below.content_url),
            insecure_cookies: self.insecure_cookies.or(below.insecure_cookies),
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
            visibility: self.visibility.or(below.visibility),
            punching: self.punching.or(below.punching),
            idle: self.idle.or(below.idle),
            status: self.status.or(below.status),
            webhook: self.webhook.or(below.webhook),
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
