//! `cargo xtask dashboard-frames`: how smoothly the dashboard follows a crowd, in a real Chromium.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};

use crate::browsers::{self, Engine};
use crate::client;
use crate::project::Project;
use crate::readme::{self, Block};
use crate::server::{self, Profile};
use crate::step;

#[derive(clap::Args)]
pub(crate) struct DashboardFramesArguments {
    /// Write the table into README.md, between `<!-- dashboard-frames:start -->` and `<!-- dashboard-frames:end -->`.
    #[arg(long)]
    write: bool,
    /// How long each half is looked at: without changes, and with them.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=20))]
    seconds: u64,
    /// The path of a recording of where the page's time goes, for Chromium's developer tools.
    #[arg(long)]
    profile: Option<PathBuf>,
}

/// Measure and show. It fails below the figures to reach, and nothing is written then.
pub(crate) fn run(project: &Project, arguments: &DashboardFramesArguments) -> Result<()> {
    browsers::ensure(project, &[Engine::Chromium])?;
    client::build(project)?;
    let binary = server::build(project, Profile::Dev)?;
    let path = project.target.join("dashboard-frames.md");
    let mut cargo = project.cargo("run");
    cargo.env("STILLHERE_BIN", binary);
    cargo.args(["--quiet", "--package", "stillhere-tests", "--bin", "dashboard-frames", "--"]);
    cargo.arg(arguments.seconds.to_string()).arg(&path);
    cargo.args(&arguments.profile);
    step::run_shown(&mut cargo)?;
    if arguments.write {
        let table = fs::read_to_string(&path).context("the measurement has written no table")?;
        readme::put(project, Block::Frames, &table)?;
    }
    Ok(())
}
