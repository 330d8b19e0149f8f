//! `stillhere demo`: all presets at once, to try out.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

use super::{AuthWord, PRESETS, Secret, Settings, SettingsError, Typed, preset};

const EXAMPLES: &str = "\
Examples:
  stillhere demo
      Try everything out: http://127.0.0.1:4747/

  stillhere demo --listen 127.0.0.1:9000 --data /tmp/demo
      Elsewhere

It listens to this machine only. Each preset is a system of its own with a database of its own: the preset `demo` below /v1,
the others below /punch-clock/v1 and so on, each with its own metrics: /metrics, /punch-clock/v1/metrics. GET /demo/systems
lists them. Pages get tokens from POST /demo/tokens for whoever they would like to be, so it
is for nothing but trying out; `stillhere serve` is for everything else.";

/// The directory of the databases when none is named.
const DEFAULT_DATA: &str = "stillhere-demo";

/// The preset of the site's first page, in which everybody is who they say they are.
pub(crate) const SITE: &str = "demo";

/// The one whose visitors come through the e-mail gate, and where that leads.
const GATED: (&str, &str) = ("session-duration", "/demos/session-duration/report.html");

/// What the demo can be told.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = EXAMPLES)]
pub struct Demo {
    /// Where to listen, on this machine; port 0 takes a free one [default: 127.0.0.1:4747]
    #[arg(long, env = "STILLHERE_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,

    /// The directory for the databases; made if it does not exist [default: stillhere-demo]
    #[arg(long, env = "STILLHERE_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// What to log, such as `info` or `stillhere_server=debug` [default: info]
    #[arg(long, env = "STILLHERE_LOG", value_name = "FILTER")]
    pub log: Option<String>,
}

/// The settings of the demo's systems.
#[derive(Debug)]
pub struct DemoSettings {
    /// The system of the site's first page.
    pub(crate) site: Settings,
    /// All others, by their presets' names.
    pub(crate) others: Vec<(&'static str, Settings)>,
}

impl DemoSettings {
    /// The system that says what is logged, and how.
    #[must_use]
    pub const fn site(&self) -> &Settings {
        &self.site
    }
}

impl Demo {
    /// The settings of every system.
    ///
    /// # Errors
    /// The address is not only this machine's.
    pub fn settings(&self) -> Result<DemoSettings, SettingsError> {
        if let Some(listen) = self.listen.filter(|listen| !listen.ip().is_loopback()) {
            return Err(SettingsError::new(format!(
                "{listen} is not only this machine, and in the demo anybody can be anybody: listen on 127.0.0.1, or run \
                 `stillhere serve` with --auth jwt"
            )));
        }
        // For this run only: pages ask for a new token when theirs is none any more.
        let secret = Secret::by_chance();
        let mut others = Vec::new();
        for (name, _) in PRESETS.into_iter().filter(|(name, _)| *name != SITE) {
            others.push((name, Settings::parse(self.of_system(name)?, Some(secret.clone()))?));
        }
        Ok(DemoSettings { site: Settings::parse(self.of_site()?, None)?, others })
    }

    fn of_site(&self) -> Result<Typed, SettingsError> {
        Ok(self.typed(SITE).over(preset(SITE)?))
    }

    fn of_system(&self, name: &str) -> Result<Typed, SettingsError> {
        let is_gated = name == GATED.0;
        let typed = Typed {
            base_path: Some(format!("/{name}/v1")),
            auth: Some(if is_gated { AuthWord::Email } else { AuthWord::Jwt }),
            content_url: is_gated.then(|| GATED.1.into()),
            // Whoever is somebody in one of them is nobody in the others.
            jwt_audience: Some(name.into()),
            // There is no TLS on the way from this machine to itself.
            insecure_cookies: is_gated.then_some(true),
            ..self.typed(name)
        };
        Ok(typed.over(preset(name)?))
    }

    fn typed(&self, name: &str) -> Typed {
        let data = self.data.clone().unwrap_or_else(|| DEFAULT_DATA.into());
        Typed { listen: self.listen, data: Some(data.join(name)), log: self.log.clone(), ..Typed::default() }
    }
}
