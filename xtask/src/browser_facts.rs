//! `cargo xtask browser-facts`: what the simulation plays, measured in a real Chromium.

use anyhow::Result;

use crate::project::Project;
use crate::step;
use crate::system_packages;
use crate::test::BROWSER;

/// Measure, and write the table. Some minutes of real time, and nothing fails when they differ: a person has to say
/// which of the two is to change.
pub(crate) fn run(project: &Project) -> Result<()> {
    system_packages::ensure(project, &BROWSER)?;
    let mut cargo = project.cargo("run");
    cargo.args(["--quiet", "--package", "stillhere-tests", "--bin", "browser-facts"]);
    step::run_shown(&mut cargo)
}
