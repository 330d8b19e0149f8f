//! `cargo xtask screenshots`: every page of the site, as it looks.

use anyhow::Result;

use crate::browsers::{self, Engine};
use crate::client;
use crate::project::Project;
use crate::server::{self, Profile};
use crate::step;

/// Make the pictures, and say where they are.
pub(crate) fn run(project: &Project) -> Result<()> {
    browsers::ensure(project, &[Engine::Chromium])?;
    client::build(project)?;
    let binary = server::build(project, Profile::Dev)?;
    let folder = project.target.join("screenshots");
    let mut cargo = project.cargo("run");
    cargo.env("STILLHERE_BIN", binary).args(["--quiet", "--package", "stillhere-tests", "--bin", "screenshots", "--"]);
    cargo.arg(&folder);
    step::run_shown(&mut cargo)?;
    println!("  {}", folder.display());
    Ok(())
}
