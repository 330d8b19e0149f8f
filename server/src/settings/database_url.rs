//! The address of a database, which may hold a password.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use super::SettingsError;
use crate::store::Postgres;

/// What the driver understands behind the question mark. It would log what it does not know, value and all.
const PARAMETERS: [&str; 12] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "application_name",
    "options",
];

/// An address such as `postgres://user:password@host:5432/name`. Wherever it is printed, the password is left out.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(Box<str>);

impl DatabaseUrl {
    /// Takes the text as it was typed; [`check`](Self::check) looks at it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// Says what is wrong with it, without repeating any of it.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let Some(parts) = Parts::of(&self.0) else {
            return Err(not_an_address());
        };
        let keys = parts.query.split('&').filter(|pair| !pair.is_empty());
        let mut keys = keys.map(|pair| pair.split_once('=').map_or(pair, |(key, _)| key));
        match keys.find(|key| !PARAMETERS.contains(key)) {
            Some("password") => Err(SettingsError::new(
                "`database_url`: write the password before the host, postgres://user:password@host/name, where it is \
                 known to be one",
            )),
            Some(_) => Err(SettingsError::new(format!(
                "`database_url` has a parameter that nobody knows; there are: {}",
                PARAMETERS.join(", ")
            ))),
            None if !Postgres::follows(self) => Err(not_an_address()),
            None => Ok(()),
        }
    }

    /// Whether a password is in it.
    pub(super) fn has_password(&self) -> bool {
        let login = self.0.split_once("://").and_then(|(_, after)| after.rsplit_once('@'));
        login.is_some_and(|(login, _)| login.contains(':'))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

fn not_an_address() -> SettingsError {
    SettingsError::new(
        "`database_url` is no address of a PostgreSQL database: write it as postgres://user:password@host:5432/name, and \
         everything but letters and digits in the password as %XX",
    )
}

/// The address without the password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Parts::of(&self.0) {
            Some(Parts { scheme, user: Some(user), rest, .. }) => write!(f, "{scheme}://{user}@{rest}"),
            Some(Parts { scheme, user: None, rest, .. }) => write!(f, "{scheme}://{rest}"),
            None => f.write_str("(not an address)"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// What an address consists of, as far as it matters here.
struct Parts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    /// Host, path and query.
    rest: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, after) =
            url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "postgres" | "postgresql"))?;
        // The last one: whoever forgot to write an @ or a / in a password as %XX must not see its end printed.
        let (login, rest) = after.rsplit_once('@').map_or((None, after), |(login, rest)| (Some(login), rest));
        let user = login.map(|login| login.split_once(':').map_or(login, |(user, _)| user));
        let is_plain = |text: &str| text.bytes().all(|letter| letter.is_ascii_graphic() && !b"/?#@".contains(&letter));
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        (is_plain(login.unwrap_or("")) && !query.contains(['@', '#'])).then_some(Self { scheme, user, rest, query })
    }
}
