//! `cargo xtask browsers`: the browser tests alone, in one engine or all, once or many times.

use anyhow::Result;
use clap::ValueEnum;

use crate::client;
use crate::geckodriver;
use crate::project::Project;
use crate::repeated;
use crate::server::{self, Profile};
use crate::step;
use crate::system_packages::{self, Needed};

/// What a browser is made of.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Chromium,
    Firefox,
    Webkit,
}

impl Engine {
    /// What has to be installed for it.
    const fn needed(self) -> Needed<'static> {
        let (programs, packages): (&[&str], &[&str]) = match self {
            Self::Chromium => (&["chromium", "chromedriver"], &["chromium", "chromium-driver"]),
            Self::Firefox => (&["firefox-esr"], &["firefox-esr"]),
            Self::Webkit => (&["WebKitWebDriver", "Xvfb"], &["webkit2gtk-driver", "xvfb"]),
        };
        Needed { programs, versions: None, packages, purpose: "the browser tests (`--fast` is without them)" }
    }

    /// How the names of its tests end.
    const fn tests(self) -> &'static str {
        match self {
            Self::Chromium => "::chromium",
            Self::Firefox => "::firefox",
            Self::Webkit => "::webkit",
        }
    }
}

/// Get what these engines need, as far as it is missing.
pub(crate) fn ensure(project: &Project, engines: &[Engine]) -> Result<()> {
    for engine in engines {
        system_packages::ensure(project, &engine.needed())?;
        if *engine == Engine::Firefox {
            geckodriver::ensure(project)?;
        }
    }
    Ok(())
}

#[derive(clap::Args)]
pub(crate) struct BrowsersArguments {
    /// Only in this engine.
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// How many times, each without a second try.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// Put what is tested where into the README.
    #[arg(long)]
    write: bool,
    /// Without the tests whose name contains this; may be given several times.
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// Only the tests whose name contains this.
    name: Option<String>,
}

/// Run them, and say of each run what failed in it.
pub(crate) fn run(project: &Project, arguments: &BrowsersArguments) -> Result<()> {
    client::build(project)?;
    let engines = arguments.engine.map_or_else(|| Engine::value_variants().to_vec(), |engine| vec![engine]);
    ensure(project, &engines)?;
    let binary = server::build(project, Profile::Dev)?;
    let tests = || {
        let mut cargo = project.cargo("test");
        cargo.env("STILLHERE_BIN", &binary).args(["--package", "stillhere-tests", "--test", "browser"]);
        cargo
    };
    step::run(project, "building the browser tests", tests().arg("--no-run"))?;
    repeated::run(project, "browser tests", arguments.times, || {
        let mut cargo = tests();
        if arguments.write {
            cargo.env("STILLHERE_WRITE", "1");
        }
        cargo.args(&arguments.name).arg("--");
        for other in Engine::value_variants().iter().filter(|engine| !engines.contains(engine)) {
            cargo.args(["--skip", other.tests()]);
        }
        for name in &arguments.without {
            cargo.args(["--skip", name]);
        }
        cargo
    })
}
