//! `cargo xtask bench`: real servers under load, ours and others', side by side.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, Result};

use crate::node_packages;
use crate::project::Project;
use crate::readme::{self, Block};
use crate::server::{self, Profile};
use crate::step;
use crate::system_packages::{self, Needed};
use crate::test::DATABASE;

/// The packages of the baselines have a folder and a lock of their own: nobody needs them to build or to run.
const BASELINES: &str = "tests/load/baselines";

/// What was found, written down.
const REPORT: &str = "tests/load/report/report.md";

/// What stands beside us.
const OTHERS: Needed<'_> = Needed {
    programs: &["nginx", "redis-server"],
    versions: None,
    packages: &["nginx-light", "redis-server"],
    purpose: "the measurements beside others (`cargo xtask bench`)",
};

#[derive(clap::Args)]
pub(crate) struct BenchArguments {
    /// Passed on as they are; `cargo xtask bench --help` is answered by the measurements themselves.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Nothing is measured.
const ASKS: [&str; 4] = ["--help", "-h", "--version", "-V"];

impl BenchArguments {
    /// As little of everything as shows that it works.
    pub(crate) fn quick() -> Self {
        Self { arguments: vec!["--quick".into()] }
    }

    fn has(&self, words: &[&str]) -> bool {
        self.arguments.iter().any(|argument| words.iter().any(|word| argument == word))
    }
}

/// Build what is measured and what measures, and let it. Figures are those of release mode; answers are the same in any.
pub(crate) fn run(project: &Project, arguments: &BenchArguments) -> Result<()> {
    let asks = arguments.has(&ASKS);
    // Nobody waits for an optimized build to be told how to ask for a measurement.
    let profile = if asks || arguments.has(&["--quick"]) { Profile::Dev } else { Profile::Release };
    let folder = build(project, profile)?;
    let mut bench = Command::new(folder.join(format!("bench{}", std::env::consts::EXE_SUFFIX)));
    bench.current_dir(&project.root).args(&arguments.arguments);
    if !asks {
        system_packages::ensure(project, &OTHERS)?;
        system_packages::ensure(project, &DATABASE)?;
        node_packages::ensure_in(project, BASELINES, "installing the baselines (npm)")?;
        bench.env("STILLHERE_BIN", server::build(project, profile)?);
    }
    step::run_shown(&mut bench)?;
    if arguments.has(&["--write"]) {
        let report = std::fs::read_to_string(project.root.join(REPORT)).with_context(|| format!("reading {REPORT}"))?;
        readme::put(project, Block::Load, &reached(&report))?;
    }
    Ok(())
}

/// Of all tables of the report the rows that have something to reach.
fn reached(report: &str) -> String {
    let head = "| measured | stillhere | beside | ratio | to reach | met |\n|---|--:|--:|--:|--:|---|\n";
    let rows = report.lines().filter(|line| line.ends_with("| yes |") || line.ends_with("| **no** |"));
    rows.fold(head.to_owned(), |table, row| table + row + "\n")
}

fn build(project: &Project, profile: Profile) -> Result<std::path::PathBuf> {
    let mut cargo = project.cargo("build");
    let folder = match profile {
        // The same choice as the tests', so that cargo compiles the libraries once for both.
        Profile::Dev => {
            cargo.args(server::WORKSPACE);
            "debug"
        }
        Profile::Release => {
            cargo.args(["--release", "--package", "stillhere-load"]);
            "release"
        }
    };
    cargo.args(["--bin", "bench", "--bin", "bare", "--bin", "holds"]);
    step::run(project, format!("building the measurements ({folder})"), &mut cargo)?;
    Ok(project.target.join(folder))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::{Arguments, Command};

    #[test]
    fn a_row_with_something_to_reach_is_in_the_readme_and_no_other() {
        let report =
            "# a\n| what | ours |\n|---|--:|\n| fast | 1 | yes |\n| by the way | 2 |  |\n| slow | 3 | **no** |\ntext\n";
        let table = super::reached(report);
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(rows, ["| fast | 1 | yes |", "| slow | 3 | **no** |"]);
    }

    #[test]
    fn whatever_follows_bench_is_for_the_measurements() {
        for line in [&["--help"][..], &["throughput", "--write"], &["--quick"], &[]] {
            let words = ["xtask", "bench"].iter().chain(line);
            let Ok(Arguments { command: Command::Bench(bench), .. }) = Arguments::try_parse_from(words) else {
                panic!("{line:?} is not for the measurements");
            };
            assert_eq!(bench.arguments, line);
        }
    }
}
