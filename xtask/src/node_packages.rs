//! The npm packages that build the client (binaryen, esbuild, TypeScript), that its pages draw with, and that tests ask.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::project::{Project, program_on_path};
use crate::step;

/// Make `node_modules` what `package-lock.json` says.
pub(crate) fn ensure(project: &Project) -> Result<()> {
    if is_current(&project.root) {
        return Ok(());
    }
    if program_on_path("npm").is_none() {
        bail!("the client's build needs npm: install Node.js 20 or newer");
    }
    let mut npm = Command::new("npm");
    npm.current_dir(&project.root)
        // No package here needs its install script, and a build should not run what it can do without.
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    step::run(project, "installing npm packages", &mut npm)
}

/// The same for a folder below the project that has packages and a lock of its own.
pub(crate) fn ensure_in(project: &Project, folder: &str, title: &str) -> Result<()> {
    let folder = project.root.join(folder);
    if is_current(&folder) {
        return Ok(());
    }
    if program_on_path("npm").is_none() {
        bail!("{title} needs npm: install Node.js 20 or newer");
    }
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    step::run(project, title, &mut npm)
}

/// The path of a program that a package brings.
pub(crate) fn program(project: &Project, name: &str) -> PathBuf {
    project.root.join("node_modules/.bin").join(name)
}

/// The path of a file that a package brings.
pub(crate) fn file(project: &Project, path: &str) -> PathBuf {
    project.root.join("node_modules").join(path)
}

/// npm writes its own copy of the lock last: older than the lock means another lock, or half an installation.
pub(crate) fn is_current(root: &Path) -> bool {
    let written = |path: &str| fs::metadata(root.join(path)).and_then(|file| file.modified());
    match (written("node_modules/.package-lock.json"), written("package-lock.json")) {
        (Ok(installed), Ok(locked)) => installed >= locked,
        _ => false,
    }
}
