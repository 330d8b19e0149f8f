//! `cargo xtask test`: everything that can be checked, the summary of cargo's tests last.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::Value;

use crate::bench::{self, BenchArguments};
use crate::browsers::{self, Engine};
use crate::checks::Checks;
use crate::client;
use crate::fuzz::{self, FuzzArguments};
use crate::lint;
use crate::pack;
use crate::project::Project;
use crate::readme;
use crate::server::{self, Profile};
use crate::size;
use crate::step;
use crate::system_packages::{self, Needed};
use crate::tidy;

/// What the tests of the second store start for themselves.
pub(crate) const DATABASE: Needed<'_> = Needed {
    programs: &["initdb", "postgres"],
    versions: Some("/usr/lib/postgresql"),
    packages: &["postgresql"],
    purpose: "the tests of the store in PostgreSQL (`--fast` is without them)",
};

/// What the tests of nodes that share their work start for themselves. The service that Debian starts is nothing to them.
pub(crate) const REDIS: Needed<'_> = Needed {
    programs: &["redis-server"],
    versions: None,
    packages: &["redis-server"],
    purpose: "the tests with Redis (`--fast` is without them)",
};

/// What the names of the tests that need a database have in common, and of those that need Redis.
const DATABASE_TESTS: [&str; 2] = ["postgres", "presence::redis"];

/// What the example of a proxy is tried out with.
pub(crate) const PROXY: Needed<'_> = Needed {
    programs: &["nginx"],
    versions: None,
    packages: &["nginx-light"],
    purpose: "the proxy's tests (`--fast` is without them)",
};

/// The test targets that need a browser, a proxy or other people's packages.
const TESTS_WITH_MORE: [&str; 4] = ["browser", "deploy", "nodes", "packaging"];

#[derive(clap::Args)]
pub(crate) struct TestArguments {
    /// Without browsers, databases and the proxy, the package in apps, the fuzzing, the measurements and the examples in the
    /// documentation.
    #[arg(long)]
    fast: bool,
    /// Only the tests whose name contains this, and none of the other checks.
    name: Option<String>,
    /// Options of the test programs: `cargo xtask test -- --nocapture`.
    #[arg(last = true)]
    options: Vec<String>,
}

/// Run every check, whatever the ones before it said: one run tells everything that is wrong.
pub(crate) fn run(project: &Project, arguments: &TestArguments) -> Result<()> {
    client::build(project)?;
    let mut checks = Checks::default();
    // Who names a test wants that test.
    if arguments.name.is_none() {
        checks.note("size", check_size(project));
        checks.note("format", lint::format(project));
        checks.note("tidy", tidy::run(project));
        checks.note("tests of the pages", test_pages(project));
    }
    if !arguments.fast {
        browsers::ensure(project, Engine::value_variants())?;
        system_packages::ensure(project, &DATABASE)?;
        system_packages::ensure(project, &REDIS)?;
        system_packages::ensure(project, &PROXY)?;
    }
    if !arguments.fast && arguments.name.is_none() {
        checks.note("fuzzing", fuzz::run(project, &FuzzArguments::default()));
    }
    if !arguments.fast && arguments.name.is_none() {
        checks.note("measurements", bench::run(project, &BenchArguments::quick()));
    }
    let binary = server::build(project, Profile::Dev)?;
    let mut cargo = project.cargo("test");
    cargo.env("STILLHERE_BIN", binary).args(server::WORKSPACE).arg("--no-fail-fast");
    if !arguments.fast {
        let tarball = pack::pack(project)?;
        cargo.env("STILLHERE_PACKAGE", &tarball.path);
        if arguments.name.is_none() {
            checks.note("package", pack::check(project, &tarball));
        }
    }
    if arguments.fast {
        cargo.args(fast_targets(project)?);
    }
    cargo.args(&arguments.name).arg("--");
    if arguments.fast {
        cargo.args(DATABASE_TESTS.iter().flat_map(|name| ["--skip", name]));
    }
    cargo.args(&arguments.options);
    checks.note("cargo test", step::run_shown(&mut cargo));
    checks.finish()
}

fn check_size(project: &Project) -> Result<()> {
    let sizes = size::measure(project)?;
    size::print(&sizes);
    readme::warn_when_stale(project, &sizes);
    size::check(&sizes)
}

/// The modules of the pages and of the client that need no browser, by Node's own test runner.
fn test_pages(project: &Project) -> Result<()> {
    let files = page_tests(project)?;
    if files.is_empty() {
        return Ok(());
    }
    let mut node = Command::new("node");
    node.current_dir(&project.root)
        .args(["--test", "--test-reporter=spec"])
        // Named one by one: what a folder means here differs between versions of Node.
        .args(files);
    step::run(project, "testing the modules of the pages (node)", &mut node)
}

fn page_tests(project: &Project) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["tests/www", "tests/client"] {
        for entry in fs::read_dir(project.root.join(folder)).into_iter().flatten() {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(".test.mjs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// All targets but those that need more than cargo: it can choose targets, not leave one out.
fn fast_targets(project: &Project) -> Result<Vec<String>> {
    let mut metadata = project.cargo("metadata");
    metadata.args(["--no-deps", "--format-version", "1"]);
    let metadata = serde_json::from_str(&step::capture(&mut metadata)?).context("cargo metadata is no JSON")?;
    let mut flags = vec!["--lib".to_owned(), "--bins".to_owned()];
    for name in test_names(&metadata) {
        if !TESTS_WITH_MORE.contains(&name) {
            flags.extend(["--test".to_owned(), name.to_owned()]);
        }
    }
    Ok(flags)
}

/// The names of the test programs of every crate.
fn test_names(metadata: &Value) -> Vec<&str> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let targets = packages.filter_map(|package| package["targets"].as_array()).flatten();
    let is_test =
        |target: &&Value| target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "test"));
    targets.filter(is_test).filter_map(|target| target["name"].as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_test_programs_are_those_of_every_crate() {
        let metadata = serde_json::json!({"packages": [
            {"targets": [{"kind": ["lib"], "name": "a"}, {"kind": ["test"], "name": "api"}]},
            {"targets": [{"kind": ["bin"], "name": "b"}]},
            {"targets": [{"kind": ["test"], "name": "browser"}]},
        ]});
        assert_eq!(test_names(&metadata), ["api", "browser"]);
    }
}
