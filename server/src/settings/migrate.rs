//! `stillhere migrate`: everything from one store into another.

use std::path::PathBuf;

use clap::Args;

use super::{DEFAULT_DATA, DatabaseUrl, SettingsError, Typed, cli};
use crate::store::StorePlace;

const EXAMPLES: &str = "\
Everything is carried over: sessions with their spans and pages, who was in which channel, the punch
clock's log with its seals, what watchers were told, letters to webhooks. Then each row is read from
both sides and compared. Only when all are the same is any of it kept: a migration that fails or is
killed leaves the target empty, and can be begun again.

Stop the server first: no server may use either side meanwhile. The target must be an empty database
or a new directory. The source stays as it is.

WHERE is one of
  sqlite          the directory in --data, or ./stillhere-data
  sqlite:DIR      this directory
  postgres        the address in STILLHERE_DATABASE_URL, or `database_url` in the file of --config
  postgres://…    this address, without a password: others can read a command line

Exit status: 0 all is there, 1 nothing was carried over, 2 these settings cannot be followed.

Examples:
  export STILLHERE_DATABASE_URL=postgres://stillhere:password@db.example.com/stillhere
  stillhere migrate --from sqlite:/var/lib/stillhere --to postgres --dry-run
      How much is there, and would the database take it? Also while the server runs

  stillhere migrate --from sqlite:/var/lib/stillhere --to postgres
      From now on in PostgreSQL: start the server with the same STILLHERE_DATABASE_URL

  stillhere migrate --from postgres --to sqlite:/var/lib/stillhere
      And back";

/// What is to be carried where.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Migrate {
    /// Where everything is now
    #[arg(long, value_name = "WHERE")]
    pub from: String,

    /// Where it shall be
    #[arg(long, value_name = "WHERE")]
    pub to: String,

    /// Only say how much there is, and whether the target would take it
    #[arg(long)]
    pub dry_run: bool,

    /// The directory that `sqlite` means [default: stillhere-data]
    #[arg(long, env = "STILLHERE_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// The TOML file of settings that the server has
    #[arg(long, env = "STILLHERE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl Migrate {
    /// From where, and to where.
    ///
    /// # Errors
    /// One of them is no place, or they are of the same kind, or a file cannot be read.
    pub fn places(&self) -> Result<(StorePlace, StorePlace), SettingsError> {
        let typed = Typed { data: self.data.clone(), ..Typed::default() };
        let typed = cli::sources(typed, self.config.as_ref(), None)?;
        let places = (place("--from", &self.from, &typed)?, place("--to", &self.to, &typed)?);
        let (sqlite, postgres) = ("a backup of the file is enough", "pg_dump and pg_restore do that");
        match &places {
            (StorePlace::Directory(_), StorePlace::Directory(_)) => Err(same("SQLite", sqlite)),
            (StorePlace::Database(_), StorePlace::Database(_)) => Err(same("PostgreSQL", postgres)),
            _ => Ok(places),
        }
    }
}

fn same(kind: &str, instead: &str) -> SettingsError {
    SettingsError::new(format!("--from and --to are both {kind}: {instead}"))
}

/// What a word means.
fn place(flag: &str, word: &str, typed: &Typed) -> Result<StorePlace, SettingsError> {
    let wrong = |why: &str| SettingsError::new(format!("{flag}: {why}"));
    let url = match word.split_once(':') {
        None if word == "sqlite" => {
            return Ok(StorePlace::Directory(typed.data.clone().unwrap_or_else(|| DEFAULT_DATA.into())));
        }
        Some(("sqlite", directory)) if !directory.is_empty() => return Ok(StorePlace::Directory(directory.into())),
        None if word == "postgres" => typed.database_url.clone().ok_or_else(|| {
            wrong("which database? Put its address, postgres://user:password@host/name, into STILLHERE_DATABASE_URL")
        })?,
        Some(("postgres" | "postgresql", _)) => DatabaseUrl::new(word),
        // It is not repeated, as it may be an address with a password and a mistake in it.
        _ => return Err(wrong("write sqlite, sqlite:DIR, postgres or postgres://user@host/name")),
    };
    url.check()?;
    if word != "postgres" && url.has_password() {
        return Err(wrong(
            "others can read a command line, and the password in it: put the address into STILLHERE_DATABASE_URL, and \
             write postgres here",
        ));
    }
    Ok(StorePlace::Database(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Typed {
        Typed { database_url: Some(DatabaseUrl::new("postgres://ann:hunter2@db/facts")), ..Typed::default() }
    }

    fn means(word: &str) -> String {
        place("--to", word, &typed()).map_or_else(|why| why.to_string(), |place| place.to_string())
    }

    #[test]
    fn a_place_is_named_by_its_kind_or_by_its_address() {
        assert_eq!(means("sqlite"), "SQLite in stillhere-data");
        assert_eq!(means("sqlite:/var/lib/still:here"), "SQLite in /var/lib/still:here");
        assert_eq!(means("postgres"), "PostgreSQL at postgres://ann@db/facts");
        assert_eq!(means("postgres://bob@db2/facts"), "PostgreSQL at postgres://bob@db2/facts");
    }

    #[test]
    fn what_is_no_place_is_refused_and_no_password_on_a_command_line_is_taken_or_shown() {
        for word in
            ["", "mysql", "sqlite:", "/var/lib/stillhere", "postgres:facts", "hunter3@db", "postgres://b:hunter3@db/f"]
        {
            let why = place("--to", word, &typed()).unwrap_err().to_string();
            assert!(!why.contains("hunter3"), "{why}");
        }
        assert!(means("postgres://b:hunter3@db/f").contains("STILLHERE_DATABASE_URL"));
        let why = place("--from", "postgres", &Typed::default()).unwrap_err().to_string();
        assert!(why.starts_with("--from: which database?"), "{why}");
    }
}
