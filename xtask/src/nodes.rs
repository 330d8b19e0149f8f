//! `cargo xtask nodes`: the tests of servers that share their work, alone, once or many times.

use anyhow::Result;

use crate::project::Project;
use crate::repeated;
use crate::server::{self, Profile};
use crate::step;
use crate::system_packages;
use crate::test::{DATABASE, PROXY, REDIS};

#[derive(clap::Args)]
pub(crate) struct NodesArguments {
    /// How many times, each without a second try.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// Only the tests whose name contains this.
    name: Option<String>,
}

/// Run them, and say of each run what failed in it.
pub(crate) fn run(project: &Project, arguments: &NodesArguments) -> Result<()> {
    for needed in [&DATABASE, &REDIS, &PROXY] {
        system_packages::ensure(project, needed)?;
    }
    let binary = server::build(project, Profile::Dev)?;
    let tests = || {
        let mut cargo = project.cargo("test");
        cargo.env("STILLHERE_BIN", &binary).args(["--package", "stillhere-tests", "--test", "nodes"]);
        cargo
    };
    step::run(project, "building the tests of nodes", tests().arg("--no-run"))?;
    repeated::run(project, "tests of nodes", arguments.times, || {
        let mut cargo = tests();
        cargo.args(&arguments.name);
        cargo
    })
}
