//! `cargo xtask browsers`: the browser tests alone, in one engine or all, once or many times.

use std::process::Command;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::client;
use crate::geckodriver;
use crate::project::Project;
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
    let mut failed = 0;
    for number in 1..=arguments.times {
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
        let title = format!("browser tests, {number} of {}", arguments.times);
        if let Err(error) = step::timed(project, title, || once(&mut cargo)) {
            println!("{error}");
            failed += 1;
        }
    }
    println!("  {} of {} runs passed", arguments.times - failed, arguments.times);
    if failed > 0 {
        bail!("{failed} of {} runs failed; what failed in them is above", arguments.times);
    }
    Ok(())
}

/// One run; its error is what failed, with the words of each.
fn once(cargo: &mut Command) -> Result<()> {
    let output = cargo.output()?;
    if output.status.success() {
        return Ok(());
    }
    bail!("{}", failures(&String::from_utf8_lossy(&output.stdout)));
}

/// The part of a test program's output that says what failed and why; all of it when there is no such part.
fn failures(output: &str) -> &str {
    output.split_once("\nfailures:\n").map_or(output, |(_, rest)| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_run_only_what_failed_is_said() {
        let output = "running 2 tests\ntest a::firefox ... ok\n\nfailures:\n\n---- b::firefox stdout ----\nwhy\n";
        assert_eq!(failures(output), "---- b::firefox stdout ----\nwhy");
        assert_eq!(failures("it was killed"), "it was killed");
    }
}
