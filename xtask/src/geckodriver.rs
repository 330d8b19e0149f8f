//! Firefox's driver: Debian has none, and Mozilla publishes it as a crate.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::project::{Project, program_on_path};
use crate::step;

/// The newest that was seen to drive Debian's Firefox.
const VERSION: &str = "0.37.1";

/// Make sure that it is there: on PATH, or installed below the target folder, where the tests look for it too.
pub(crate) fn ensure(project: &Project) -> Result<()> {
    let root = project.target.join("tools");
    if program_on_path("geckodriver").is_some() || program(&root).is_file() {
        return Ok(());
    }
    println!("▸ installing geckodriver {VERSION} (cargo install), once; it takes some minutes");
    let mut cargo = project.cargo("install");
    cargo.args(["geckodriver", "--version", &format!("={VERSION}"), "--locked", "--root"]).arg(&root);
    step::run_shown(&mut cargo).with_context(|| {
        format!(
            "the tests in Firefox need geckodriver: put it on PATH, or go online for `cargo install geckodriver --version ={VERSION}`"
        )
    })
}

fn program(root: &std::path::Path) -> PathBuf {
    root.join("bin/geckodriver")
}
