//! `cargo xtask browser-facts`: what the simulation plays, measured in a real Chromium.

use anyhow::Result;

use crate::browsers::{self, Engine};
use crate::project::Project;
use crate::step;

/// Measure, and write the table. Some minutes of real time, and nothing fails when they differ: a person has to say
/// which of the two is to change.
pub(crate) fn run(project: &Project) -> Result<()> {
    browsers::ensure(project, &[Engine::Chromium])?;
    let mut cargo = project.cargo("run");
    cargo.args(["--quiet", "--package", "stillhere-tests", "--bin", "browser-facts"]);
    step::run_shown(&mut cargo)
}
