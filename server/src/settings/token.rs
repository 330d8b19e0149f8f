//! `stillhere token`: a token for trying out.

use std::path::PathBuf;

use clap::{Args, Parser};
use serde_json::Value;
use stillhere_engine::{
    time::{Millis, Timestamp},
    wire::UserId,
};

use super::{AuthWord, Serve, Settings, SettingsError, Typed, cli};
use crate::{
    driver::Clock,
    identity::{self, ClaimPath, Wish},
    limits,
};

const EXAMPLES: &str = "\
Examples:
  export STILLHERE_JWT_SECRET=$(openssl rand -base64 48)
  stillhere serve --auth jwt &
  curl -H \"Authorization: Bearer $(stillhere token --user boss --role admin)\" \\
      http://127.0.0.1:4747/v1/admin/sessions
      See everything that the server keeps

  stillhere token --user ann --hours 1 --claim name='Ann Lee' --claim 'specialties=[\"sleep\",\"grief\"]'
      A short one, with what lists of people show

The server and this command must know the same secret and settings, from the environment or a file. A token cannot be taken
back: it is good until its time is over, or until the secret is another.";

/// What the token shall say.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = EXAMPLES)]
pub struct TokenWish {
    /// Whom it names
    #[arg(long, value_name = "ID")]
    pub user: String,

    /// The user's role; the `admin_role` of the settings, admin unless they say otherwise, may see everything
    #[arg(long, value_name = "TEXT")]
    pub role: Option<String>,

    /// For how many hours it is good
    #[arg(long, value_name = "HOURS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::TOKEN_HOURS)))]
    pub hours: u32,

    /// What else it says: a text or JSON; a dot in the name leads into an object. As often as you like
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    pub claims: Vec<String>,

    /// The settings' TOML file, for the secret's file and the claims' names
    #[arg(long, env = "STILLHERE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// A file with the secret of the tokens; or put the secret itself into STILLHERE_JWT_SECRET
    #[arg(long, env = "STILLHERE_JWT_SECRET_FILE", value_name = "FILE")]
    pub jwt_secret_file: Option<PathBuf>,
}

/// What the environment says, as the server in it would hear it.
#[derive(Parser)]
struct Surroundings {
    #[command(flatten)]
    serve: Serve,
}

impl TokenWish {
    /// The token.
    ///
    /// # Errors
    /// The settings cannot be followed or know no secret, or a claim is none.
    pub fn token(&self) -> Result<String, SettingsError> {
        let Surroundings { mut serve } = Surroundings::try_parse_from(["stillhere"])
            .map_err(|why| SettingsError::new(format!("what the environment says is no setting: {why}")))?;
        serve.config.clone_from(&self.config);
        serve.typed.jwt_secret_file.clone_from(&self.jwt_secret_file);
        // Whoever wants a token has them looked at. Who else is told of what, and by which secrets, is not asked here.
        let typed = serve.sources()?.over(Typed { auth: Some(AuthWord::Jwt), ..Typed::default() });
        let typed = Typed { webhook: None, ..typed };
        let settings = Settings::parse(typed, cli::secret()?)?;
        let clock = Clock::start(Timestamp(0));
        identity::issue(&settings, &self.parse()?, clock.now())
    }

    fn parse(&self) -> Result<Wish, SettingsError> {
        let user = UserId::parse(&self.user).map_err(|rule| SettingsError::new(format!("--user: {rule}")))?;
        let claims = self.claims.iter().map(|claim| parse_claim(claim)).collect::<Result<_, _>>()?;
        Ok(Wish { user, role: self.role.clone(), life: Millis::minutes(60 * u64::from(self.hours)), claims })
    }
}

fn parse_claim(text: &str) -> Result<(ClaimPath, Value), SettingsError> {
    let claim = text.split_once('=').and_then(|(name, value)| Some((ClaimPath::parse(name)?, value)));
    let (path, value) = claim.ok_or_else(|| {
        SettingsError::new(format!("--claim: {text:?} is none; write it as department=sales, or list=[\"a\",\"b\"]"))
    })?;
    // What is no JSON is a text as it stands: nobody wants to quote a name for the shell twice.
    Ok((path, serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}
