//! How the server is run: who sees its figures, whom it believes about addresses, how much one address may ask,
//! and how long things are kept.

use std::{net::IpAddr, path::PathBuf};

use ipnet::IpNet;
use stillhere_engine::time::Millis;

use super::{LogFormat, MetricsWord, ProxyHeader, Secret, Secrets, SettingsError, Typed};
use crate::{limits, retention::Retention};

/// What the settings about operation mean together.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) log_format: LogFormat,
    pub(crate) metrics: MetricsWord,
    /// If there is one, it alone opens the metrics.
    pub(crate) metrics_token: Option<Secret>,
    metrics_token_file: Option<PathBuf>,
    /// Lets a cron job sweep.
    pub(crate) cron_secret: Option<Secret>,
    cron_secret_file: Option<PathBuf>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) proxy_header: ProxyHeader,
    /// What one address may do; 0: anything.
    pub(crate) address_beats_per_s: u32,
    pub(crate) address_sessions_per_s: u32,
    pub(crate) address_visits_per_min: u32,
    pub(crate) address_requests_per_s: u32,
    pub(crate) retention: Retention,
}

impl Operation {
    /// Finds out what was meant. `secrets` are those from the environment.
    pub(super) fn parse(typed: &Typed, secrets: Secrets) -> Result<Self, SettingsError> {
        let metrics = typed.metrics.unwrap_or(MetricsWord::Local);
        let metrics_token =
            one_of("metrics_token_file", "STILLHERE_METRICS_TOKEN", &typed.metrics_token_file, secrets.metrics)?;
        if metrics_token.is_some() && metrics == MetricsWord::Open {
            return Err(SettingsError::new(
                "there is a token for the metrics, but `metrics` is open and nobody would look at it: leave one out",
            ));
        }
        if metrics_token.is_some() && metrics == MetricsWord::Off {
            return Err(SettingsError::new(
                "there is a token for the metrics, but `metrics` is off and it would open nothing: leave one out",
            ));
        }
        let trusted_proxies = parse_proxies(typed.trusted_proxies.as_deref().unwrap_or_default())?;
        if typed.proxy_header.is_some() && trusted_proxies.is_empty() {
            return Err(SettingsError::new(
                "there is `proxy_header`, but nobody's is believed: name your proxies by `trusted_proxies`, such as \
                 127.0.0.1, or leave it out",
            ));
        }
        Ok(Self {
            log_format: typed.log_format.unwrap_or(LogFormat::Text),
            metrics,
            metrics_token,
            metrics_token_file: typed.metrics_token_file.clone(),
            cron_secret: one_of("cron_secret_file", "STILLHERE_CRON_SECRET", &typed.cron_secret_file, secrets.cron)?,
            cron_secret_file: typed.cron_secret_file.clone(),
            trusted_proxies,
            proxy_header: typed.proxy_header.unwrap_or(ProxyHeader::XForwardedFor),
            address_beats_per_s: typed.address_beats_per_s.unwrap_or(limits::ADDRESS_BEATS_PER_S),
            address_sessions_per_s: typed.address_sessions_per_s.unwrap_or(limits::ADDRESS_SESSIONS_PER_S),
            address_visits_per_min: typed.address_visits_per_min.unwrap_or(limits::ADDRESS_VISITS_PER_MIN),
            address_requests_per_s: typed.address_requests_per_s.unwrap_or(limits::ADDRESS_REQUESTS_PER_S),
            retention: Retention {
                sessions: days("retention_days", typed.retention_days)?,
                punches: days("punch_retention_days", typed.punch_retention_days)?,
            },
        })
    }

    /// Everything as it could have been typed, secrets left out.
    pub(super) fn write(&self, typed: &mut Typed) {
        let is_any = !self.trusted_proxies.is_empty();
        typed.log_format = Some(self.log_format);
        typed.metrics = Some(self.metrics);
        typed.metrics_token_file.clone_from(&self.metrics_token_file);
        typed.cron_secret_file.clone_from(&self.cron_secret_file);
        typed.trusted_proxies = Some(self.trusted_proxies.iter().map(ToString::to_string).collect());
        // Without a proxy it means nothing, and is refused.
        typed.proxy_header = is_any.then_some(self.proxy_header);
        typed.address_beats_per_s = Some(self.address_beats_per_s);
        typed.address_sessions_per_s = Some(self.address_sessions_per_s);
        typed.address_visits_per_min = Some(self.address_visits_per_min);
        typed.address_requests_per_s = Some(self.address_requests_per_s);
        typed.retention_days = self.retention.sessions.map(in_days);
        typed.punch_retention_days = self.retention.punches.map(in_days);
    }

    /// The secrets that the environment holds, and no file does.
    pub(super) fn unwritten(&self) -> impl Iterator<Item = &'static str> {
        let metrics = self.metrics_token.is_some() && self.metrics_token_file.is_none();
        let cron = self.cron_secret.is_some() && self.cron_secret_file.is_none();
        let names = [("STILLHERE_METRICS_TOKEN", metrics), ("STILLHERE_CRON_SECRET", cron)];
        names.into_iter().filter(|(_, is_unwritten)| *is_unwritten).map(|(name, _)| name)
    }
}

const DAY: Millis = Millis::minutes(24 * 60);

/// A time for which things are kept.
fn days(setting: &str, typed: Option<u32>) -> Result<Option<Millis>, SettingsError> {
    match typed {
        Some(days) if !(1..=limits::RETENTION_DAYS).contains(&days) => Err(SettingsError::new(format!(
            "`{setting}` is {days}: make it 1 to {}, or leave it out to forget nothing",
            limits::RETENTION_DAYS
        ))),
        days => Ok(days.map(|days| DAY.times(u64::from(days)))),
    }
}

fn in_days(kept: Millis) -> u32 {
    u32::try_from(kept.0 / DAY.0).unwrap_or(u32::MAX)
}

/// The secret from the environment or from a file; two could be two different ones.
fn one_of(
    setting: &str,
    variable: &str,
    file: &Option<PathBuf>,
    environment: Option<Secret>,
) -> Result<Option<Secret>, SettingsError> {
    match (file, environment) {
        (Some(_), Some(_)) => {
            Err(SettingsError::new(format!("there are {variable} and `{setting}`, for the same secret: leave one out")))
        }
        (Some(path), None) => Secret::read(setting, path).map(Some),
        (None, secret) => Ok(secret),
    }
}

fn parse_proxies(typed: &[String]) -> Result<Vec<IpNet>, SettingsError> {
    let parse = |text: &String| {
        let net = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        net.ok_or_else(|| {
            SettingsError::new(format!(
                "`trusted_proxies`: {text:?} is no address; write it as 10.1.2.3, 10.0.0.0/8 or fd00::/8"
            ))
        })
    };
    let nets: Vec<IpNet> = typed.iter().map(parse).collect::<Result<_, _>>()?;
    match nets.iter().find(|net| net.prefix_len() == 0) {
        Some(all) => Err(SettingsError::new(format!(
            "`trusted_proxies`: {all} is everybody, and everybody could say to be anybody: name your proxies"
        ))),
        None => Ok(nets),
    }
}
