//! `stillhere audit`: what somebody wants to know of the records.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DEFAULT_DATA, SettingsError, Typed, cli};
use crate::store::{Digest, StorePlace};

const VERIFY: &str = "\
Each row of the punch clock's log is sealed with the one before it, so the last seal speaks for the whole log. Write it down
where nobody who can write into the database can: on paper, in an e-mail to somebody else, in a file on another machine. With
--expect an audit says later whether the log of that day is still there, as it was.

Exit status: 0 all is well, 1 something is wrong with the log or it cannot be read, 2 these settings cannot be followed.

Examples:
  stillhere audit verify --data /var/lib/stillhere
      Also while the server runs

  STILLHERE_DATABASE_URL=postgres://… stillhere audit verify --expect 3f0c…
      The seal of an earlier audit has to be in it";

/// Looks at what a server has recorded.
#[derive(Args, Debug)]
pub struct Audit {
    /// What to look at.
    #[command(subcommand)]
    pub of: AuditOf,
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub enum AuditOf {
    /// Checks every seal of the punch clock's log, and prints the last one
    #[command(after_help = VERIFY)]
    Verify(Box<Verify>),
}

/// Checks every seal of the punch clock's log.
#[derive(Args, Debug, Default)]
pub struct Verify {
    /// The built-in settings that the server has
    #[arg(long, env = "STILLHERE_PRESET", value_name = "NAME")]
    pub preset: Option<String>,

    /// The TOML file of settings that the server has
    #[arg(long, env = "STILLHERE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The directory of the database, unless there is a `database_url` [default: stillhere-data]
    #[arg(long, env = "STILLHERE_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// A seal that was printed at an earlier time, which has to be somewhere in the log
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    pub expect: Option<Digest>,
}

fn digest(text: &str) -> Result<Digest, String> {
    Digest::parse(text).ok_or_else(|| "it must be 64 hexadecimal digits, as an earlier audit has printed them".into())
}

impl Verify {
    /// Where the log is, by the same sources as for the server. Its other settings do not matter here: an audit needs no
    /// secret for tokens.
    ///
    /// # Errors
    /// A file cannot be read, or an address cannot be followed.
    pub fn place(&self) -> Result<StorePlace, SettingsError> {
        let typed = Typed { data: self.data.clone(), ..Typed::default() };
        let typed = cli::sources(typed, self.config.as_ref(), self.preset.as_deref())?;
        let directory = || StorePlace::Directory(typed.data.unwrap_or_else(|| DEFAULT_DATA.into()));
        match typed.database_url {
            Some(url) => url.check().map(|()| StorePlace::Database(url)),
            None => Ok(directory()),
        }
    }
}
