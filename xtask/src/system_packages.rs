//! Debian packages: looked for by the program that they bring, installed only when it is missing.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use crate::project::{Project, program_on_path};
use crate::step;

/// Programs that a command needs, and the packages that bring them.
pub(crate) struct Needed<'a> {
    /// Each must be on PATH, or below `versions`.
    pub(crate) programs: &'a [&'a str],
    /// Where Debian keeps programs of which there may be several versions: a folder with one for each, and a `bin` in that.
    pub(crate) versions: Option<&'a str>,
    /// What to install when one is missing.
    pub(crate) packages: &'a [&'a str],
    /// For the sentence when it cannot be installed: "the browser tests".
    pub(crate) purpose: &'a str,
}

/// Make sure that every program is there, installing the packages when one is not.
pub(crate) fn ensure(project: &Project, needed: &Needed<'_>) -> Result<()> {
    let missing = missing(needed);
    if missing.is_empty() {
        return Ok(());
    }
    let packages = needed.packages.join(" ");
    if !can_install() {
        bail!(
            "for {} install the Debian packages `{packages}`, or whatever brings {} on your system",
            needed.purpose,
            missing.join(" and "),
        );
    }
    install(project, needed.packages)
}

/// Whether this process may install packages.
pub(crate) fn can_install() -> bool {
    program_on_path("apt-get").is_some() && is_root()
}

/// Install packages by apt-get.
pub(crate) fn install(project: &Project, packages: &[&str]) -> Result<()> {
    let title = format!("installing {} (apt-get)", packages.join(" "));
    step::timed(project, title, || {
        // The lists on this machine are often good enough, and always missing in a fresh container.
        if apt(&["install"], packages).output().is_ok_and(|output| output.status.success()) {
            return Ok(());
        }
        step::finish(project, &mut apt(&["update"], &[]))?;
        step::finish(project, &mut apt(&["install"], packages))
    })
}

fn apt(subcommand: &[&str], packages: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Somebody else may be installing just now: wait instead of failing.
        .args(["-q", "-y", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends"])
        .args(subcommand)
        .args(packages)
        .stdin(std::process::Stdio::null());
    command
}

fn missing<'a>(needed: &Needed<'a>) -> Vec<&'a str> {
    let absent = |program: &&&str| program_on_path(program).is_none() && !has_version(needed.versions, program);
    needed.programs.iter().filter(absent).copied().collect()
}

fn has_version(versions: Option<&str>, program: &str) -> bool {
    let mut versions = versions.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    versions.any(|version| version.path().join("bin").join(program).is_file())
}

fn is_root() -> bool {
    step::capture(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_in_the_folder_of_any_of_its_versions() {
        let folder = std::env::temp_dir().join(format!("stillhere-versions-{}", std::process::id()));
        fs::create_dir_all(folder.join("17/bin")).unwrap();
        fs::write(folder.join("17/bin/no-such-program"), "").unwrap();
        let versions = folder.to_str();
        assert!(has_version(versions, "no-such-program") && !has_version(versions, "another"));
        assert!(!has_version(None, "no-such-program"));
        fs::remove_dir_all(folder).unwrap();
    }
}
