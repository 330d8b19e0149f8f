//! `cargo xtask page-cost`: what the client costs in a real Chromium, beside the same in plain JavaScript.

use std::fs;

use anyhow::{Context, Result};

use crate::browsers::{self, Engine};
use crate::client;
use crate::project::Project;
use crate::readme::{self, Block};
use crate::server::{self, Profile};
use crate::step;

#[derive(clap::Args)]
pub(crate) struct PageCostArguments {
    /// Write the table into README.md, between `<!-- page-cost:start -->` and `<!-- page-cost:end -->`.
    #[arg(long)]
    write: bool,
    /// How often each is measured.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
}

/// Measure and show. Some minutes of real time, and it fails for no figure: a machine that is busy with something else
/// misses any of them.
pub(crate) fn run(project: &Project, arguments: &PageCostArguments) -> Result<()> {
    browsers::ensure(project, &[Engine::Chromium])?;
    client::build(project)?;
    let binary = server::build(project, Profile::Dev)?;
    let table = project.target.join("page-cost.md");
    let mut cargo = project.cargo("run");
    cargo.env("STILLHERE_BIN", binary).args(["--quiet", "--package", "stillhere-tests", "--bin", "page-cost", "--"]);
    cargo.arg(arguments.rounds.to_string()).arg(&table);
    step::run_shown(&mut cargo)?;
    let table = fs::read_to_string(&table).context("the measurement has written no table")?;
    print!("{table}");
    if arguments.write {
        readme::put(project, Block::Cost, &table)?;
    }
    Ok(())
}
