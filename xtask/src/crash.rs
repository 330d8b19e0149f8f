//! `cargo xtask crash`: real servers killed under load, many times.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::project::Project;
use crate::server::{self, Profile};
use crate::step;
use crate::system_packages;
use crate::test::DATABASE;

#[derive(clap::Args)]
pub(crate) struct CrashArguments {
    /// Passed on as they are; `cargo xtask crash --help` is answered by the runs themselves.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl CrashArguments {
    /// Whether a word was said that leaves out what the others need.
    fn has(&self, words: &[&str]) -> bool {
        self.arguments.iter().any(|argument| words.iter().any(|word| argument == word))
    }
}

/// Build the server and the runs, and kill the one by the other. What is killed in the middle of its work has nothing to
/// gain from release mode.
pub(crate) fn run(project: &Project, arguments: &CrashArguments) -> Result<()> {
    let mut cargo = project.cargo("build");
    // The same choice as the tests', so that cargo compiles the libraries once for both.
    cargo.args(server::WORKSPACE).args(["--bin", "crash"]);
    step::run(project, "building the crash runs", &mut cargo)?;
    let binary = project.target.join("debug").join(format!("crash{}", std::env::consts::EXE_SUFFIX));
    let mut crash = Command::new(binary);
    crash.current_dir(&project.root).args(&arguments.arguments);
    if !arguments.has(&["--help", "-h", "--version", "-V"]) {
        if !arguments.has(&["sqlite", "--store=sqlite"]) {
            system_packages::ensure(project, &DATABASE)?;
        }
        crash.env("STILLHERE_BIN", server::build(project, Profile::Dev)?);
    }
    step::run_shown(&mut crash)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::{Arguments, Command};

    #[test]
    fn whatever_follows_crash_is_for_the_runs() {
        for line in [&["--help"][..], &["--runs", "3", "--store", "sqlite"], &["--seed", "7", "--runs", "1"], &[]] {
            let words = ["xtask", "crash"].iter().chain(line);
            let Ok(Arguments { command: Command::Crash(crash), .. }) = Arguments::try_parse_from(words) else {
                panic!("{line:?} is not for the runs");
            };
            assert_eq!(crash.arguments, line);
        }
    }
}
