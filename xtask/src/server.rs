//! The server's binary.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::step;

/// How the server is compiled.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    /// For tests: quick to build.
    Dev,
    /// For use.
    Release,
}

/// Build the binary `stillhere`.
pub(crate) fn build(project: &Project, profile: Profile) -> Result<PathBuf> {
    let (folder, flags): (_, &[&str]) = match profile {
        Profile::Dev => ("debug", &[]),
        Profile::Release => ("release", &["--release"]),
    };
    let mut cargo = project.cargo("build");
    cargo.args(["--package", "stillhere-server"]).args(flags);
    step::run(project, format!("building the server ({folder})"), &mut cargo)?;
    let name = format!("stillhere{}", std::env::consts::EXE_SUFFIX);
    let binary = project.target.join(folder).join(name);
    if !binary.is_file() {
        bail!("the server's crate made no {}; it needs a [[bin]] named stillhere", binary.display());
    }
    Ok(binary)
}
