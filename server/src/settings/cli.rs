//! The command line.

use std::{env, fs, os::unix::ffi::OsStrExt, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use super::{
    Audit, Auth, DatabaseUrl, Demo, Migrate, RedisUrl, Secret, Secrets, Settings, SettingsError, TokenWish, Typed,
    WebhookSecrets, auth::Keys, presets::preset, webhook, webhook_url::WebhookUrl,
};

const EXAMPLES: &str = "\
Examples:
  stillhere demo
      Try everything out on http://127.0.0.1:4747/, one system for each preset

  stillhere serve --preset session-duration --data /var/lib/stillhere
      Measure how long visitors stay

  STILLHERE_JWT_SECRET=… stillhere serve --auth jwt --listen 0.0.0.0:4747 --config stillhere.toml
      For other machines: users are known by their tokens; `stillhere token --help` makes some to try out

  stillhere print-config --preset demo --interval-ms 2000 > my.toml
      Begin a settings file of your own from a preset

  stillhere check-config --config my.toml
      Before a restart: can the server follow these settings?

Every option can also be set by the environment, as STILLHERE_LISTEN for --listen, and nearly all in a TOML file, as
`listen = \"…\"`. What counts: flag, then environment, then --config, then --preset, then the default.

Facts go to SQLite in --data, or to PostgreSQL when there is STILLHERE_DATABASE_URL=postgres://user:password@host/name,
or `database_url` in a file. There is no flag for it, as others can read a command line. Several servers behind any load
balancer share who is here by STILLHERE_REDIS_URL=redis://:password@host, and one PostgreSQL database.";

/// Who is here now, since when, and how long did they stay?
///
/// A server that records when each person was last seen, tells watchers who comes and goes, and keeps how long
/// everybody stayed. The pages' side is the client that it serves under /client/.
#[derive(Debug, Parser)]
#[command(name = "stillhere", version, after_help = EXAMPLES, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the server until it is told to stop (SIGTERM or ctrl-c), which loses nothing
    Serve(Box<Serve>),
    /// Runs all presets at once, on this machine only, to try them out
    Demo(Demo),
    /// Says whether a server could follow these settings, and what to change if not
    CheckConfig(Box<Serve>),
    /// Prints all settings as they are in the end, as a TOML file without secrets
    PrintConfig(Box<Serve>),
    /// Prints what every setting means, as Markdown
    Settings,
    /// Makes a token for trying out, with the secret that the server has
    Token(Box<TokenWish>),
    /// Looks at what a server has recorded
    Audit(Audit),
    /// Carries everything from SQLite to PostgreSQL or back, and compares it row by row
    Migrate(Box<Migrate>),
}

/// Where settings come from.
#[derive(Args, Debug, Default)]
#[command(after_help = EXAMPLES)]
pub struct Serve {
    /// Begin from built-in settings: demo, session-duration, punch-clock, who-is-online, module-users, availability
    #[arg(long, env = "STILLHERE_PRESET", value_name = "NAME")]
    pub preset: Option<String>,

    /// A TOML file of settings
    #[arg(long, env = "STILLHERE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What was set by flag or environment.
    #[command(flatten)]
    pub typed: Typed,
}

impl Serve {
    /// All sources together, checked.
    ///
    /// # Errors
    /// A file cannot be read, or the settings cannot be followed.
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        Settings::parse(self.sources()?, secrets()?)
    }

    /// All sources together: flag, environment, file, preset.
    pub(super) fn sources(&self) -> Result<Typed, SettingsError> {
        sources(self.typed.clone(), self.config.as_ref(), self.preset.as_deref())
    }

    /// The settings as a TOML file. A secret that no file holds is named, and not shown.
    ///
    /// # Errors
    /// They could not be written down, which is our fault.
    pub fn print(settings: &Settings) -> Result<String, toml::ser::Error> {
        let text = toml::to_string(&settings.to_typed())?;
        let is_secret = match settings.auth() {
            Auth::Jwt(rules) | Auth::Email(rules) => matches!(rules.keys, Keys::Secret(_)),
            Auth::None => false,
        };
        let is_unwritten = is_secret && settings.to_typed().jwt_secret_file.is_none();
        let names = is_unwritten.then_some("STILLHERE_JWT_SECRET").into_iter().chain(settings.operation().unwritten());
        let names = names.map(str::to_owned).chain(settings.webhooks().unwritten().map(str::to_owned));
        let notes = names.map(|name| format!("# {name} = *** (from the environment, where it has to be again)\n"));
        let note: String = notes.collect();
        Ok(format!("{note}{text}"))
    }
}

/// What flags and environment say, over the file, over the preset.
pub(super) fn sources(typed: Typed, file: Option<&PathBuf>, name: Option<&str>) -> Result<Typed, SettingsError> {
    let preset = name.map(preset).transpose()?.unwrap_or_default();
    let file = file.map(read).transpose()?.unwrap_or_default();
    // Not a flag: other users of the machine can read a command line.
    Ok(typed.over(addresses()).over(file).over(preset))
}

/// The secrets in the environment. There are no flags for them: other users of the machine can read a command line.
fn secrets() -> Result<Secrets, SettingsError> {
    let [metrics, cron] = [named("STILLHERE_METRICS_TOKEN")?, named("STILLHERE_CRON_SECRET")?];
    Ok(Secrets { jwt: secret()?, metrics, cron, webhooks: webhooks()? })
}

/// The ones of webhooks, whose names nobody knows yet.
fn webhooks() -> Result<WebhookSecrets, SettingsError> {
    let mut found = WebhookSecrets::default();
    for (variable, value) in env::vars_os() {
        let Some(variable) = variable.to_str() else { continue };
        if let Some(name) = variable.strip_prefix(webhook::SECRET_VARIABLE) {
            let wrong = |why| SettingsError::new(format!("{variable}: {why}"));
            found.signing.insert(name.to_owned(), Secret::of_webhook(value.as_bytes()).map_err(wrong)?);
        } else if let Some(name) = variable.strip_prefix(webhook::URL_VARIABLE) {
            found.urls.insert(name.to_owned(), WebhookUrl::new(&value.to_string_lossy()));
        }
    }
    Ok(found)
}

/// The one for tokens.
pub(super) fn secret() -> Result<Option<Secret>, SettingsError> {
    named("STILLHERE_JWT_SECRET")
}

fn named(name: &str) -> Result<Option<Secret>, SettingsError> {
    let wrong = |why| SettingsError::new(format!("{name}: {why}"));
    env::var_os(name).map(|text| Secret::parse(text.as_bytes()).map_err(wrong)).transpose()
}

fn read(path: &PathBuf) -> Result<Typed, SettingsError> {
    let text = fs::read_to_string(path)
        .map_err(|why| SettingsError::new(format!("--config {}: it cannot be read: {why}", path.display())))?;
    Typed::from_toml(&text).map_err(|why| SettingsError::new(format!("--config {}: {}", path.display(), shown(&why))))
}

/// What the environment says of the database and of Redis.
fn addresses() -> Typed {
    let said = |name| env::var_os(name).map(|url| url.to_string_lossy().into_owned());
    Typed {
        database_url: said("STILLHERE_DATABASE_URL").map(|url| DatabaseUrl::new(&url)),
        redis_url: said("STILLHERE_REDIS_URL").map(|url| RedisUrl::new(&url)),
        ..Typed::default()
    }
}

/// An error of a settings file shows the line, unless there is an address in it, which may hold a password.
fn shown(why: &toml::de::Error) -> String {
    let (with_line, without) = (why.to_string(), why.message().to_owned());
    let mut sentences = [with_line, without].into_iter();
    sentences.find(|sentence| !sentence.contains("://")).unwrap_or_else(|| {
        "an address is where none belongs, or not in quotation marks (it is not shown, as it may hold a password)"
            .into()
    })
}
