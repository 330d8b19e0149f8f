//! A secret that cannot be printed by mistake.

use std::{fmt, path::Path};

use super::SettingsError;
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

    /// Reads it from the file that the setting of this name names.
    pub(super) fn read(setting: &str, path: &Path) -> Result<Self, SettingsError> {
        let bytes =
            read_key_file(path).map_err(|why| SettingsError::new(format!("`{setting}`: {} {why}", path.display())))?;
        Self::parse(&bytes)
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
}

impl From<Option<Secret>> for Secrets {
    fn from(jwt: Option<Secret>) -> Self {
        Self { jwt, ..Self::default() }
    }
}
