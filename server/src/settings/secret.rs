//! A secret that cannot be printed by mistake.

use std::{fmt, path::Path};

use base64::prelude::{BASE64_STANDARD as STANDARD, Engine};

use super::{SettingsError, WebhookSecrets};
use crate::{
    identity::{self, read_key_file},
    limits,
};

/// What tokens are signed with, or what opens a door. `Debug` does not show it, and nothing else can.
#[derive(Clone)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Takes the secret, without the white space around it that editors and shells leave.
    ///
    /// # Errors
    /// It is too short to be one.
    pub fn parse(bytes: &[u8]) -> Result<Self, SettingsError> {
        let bytes = bytes.trim_ascii();
        if bytes.len() < limits::SECRET_BYTES {
            return Err(SettingsError::new(format!(
                "a secret is shorter than {} bytes and could be guessed: make a longer one, for instance \
                 by `openssl rand -base64 48`",
                limits::SECRET_BYTES
            )));
        }
        Ok(Self(bytes.into()))
    }

    /// One that nobody can know, for as long as this process runs.
    pub(super) fn by_chance() -> Self {
        Self(identity::chance::<32>().into())
    }

    /// Reads it from the file that the setting of this name names.
    pub(super) fn read(setting: &str, path: &Path) -> Result<Self, SettingsError> {
        let bytes =
            read_key_file(path).map_err(|why| SettingsError::new(format!("`{setting}`: {} {why}", path.display())))?;
        Self::parse(&bytes)
    }

    /// Reads what a webhook's letters are signed with: `whsec_` and base64, as Standard Webhooks writes it; two of them
    /// while one follows the other.
    ///
    /// # Errors
    /// It is none, too short or too long, or there are too many. None of it is repeated.
    pub(crate) fn of_webhook(text: &[u8]) -> Result<Vec<Self>, SettingsError> {
        let wrong = || {
            SettingsError::new(format!(
                "a webhook's secret is whsec_ and the base64 of {} to {} bytes, and at most {} of them: make one by `echo \
                 whsec_$(openssl rand -base64 32)`",
                limits::WEBHOOK_SECRET_BYTES.start(),
                limits::WEBHOOK_SECRET_BYTES.end(),
                limits::WEBHOOK_SECRETS
            ))
        };
        let one = |word: &[u8]| {
            let bytes = STANDARD.decode(word.strip_prefix(b"whsec_")?).ok()?;
            limits::WEBHOOK_SECRET_BYTES.contains(&bytes.len()).then(|| Self(bytes.into()))
        };
        let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let secrets: Vec<_> = words.map(one).collect::<Option<_>>().ok_or_else(wrong)?;
        if (1..=limits::WEBHOOK_SECRETS).contains(&secrets.len()) { Ok(secrets) } else { Err(wrong()) }
    }

    /// Whether somebody has said the secret. Takes as long for a near miss as for any other, so that nobody can find it
    /// letter by letter.
    #[must_use]
    pub fn is(&self, said: &[u8]) -> bool {
        identity::are_equal(&self.0, said)
    }

    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The secrets in the environment, which no file may hold.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// What tokens are signed with.
    pub jwt: Option<Secret>,
    /// What opens the metrics.
    pub metrics: Option<Secret>,
    /// What lets a cron job sweep.
    pub cron: Option<Secret>,
    /// What letters to webhooks are signed with, and their addresses.
    pub webhooks: WebhookSecrets,
}

impl From<Option<Secret>> for Secrets {
    fn from(jwt: Option<Secret>) -> Self {
        Self { jwt, ..Self::default() }
    }
}
