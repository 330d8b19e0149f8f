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

/// What the tests run: all, the client too, as far as it can be judged without a page.
pub(crate) const WORKSPACE: [&str; 1] = ["--workspace"];

/// Build the binary `stillhere`.
pub(crate) fn build(project: &Project, profile: Profile) -> Result<PathBuf> {
    let mut cargo = project.cargo("build");
    cargo.args(["--bin", "stillhere"]);
    let folder = match profile {
        // The same choice as the tests', so that cargo compiles the libraries once for both.
        Profile::Dev => {
            cargo.args(WORKSPACE);
            "debug"
        }
        Profile::Release => {
            cargo.args(["--package", "stillhere-server", "--release"]);
            "release"
        }
    };
    step::run(project, format!("building the server ({folder})"), &mut cargo)?;
    let name = format!("stillhere{}", std::env::consts::EXE_SUFFIX);
    let binary = project.target.join(folder).join(name);
    if !binary.is_file() {
        bail!("the server's crate made no {}; it needs a [[bin]] named stillhere", binary.display());
    }
    Ok(binary)
}
