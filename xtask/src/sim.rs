//! `cargo xtask sim`: the simulation, quick enough to be worth running.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::project::Project;
use crate::step;

#[derive(clap::Args)]
pub(crate) struct SimArguments {
    /// Passed on as they are; `cargo xtask sim --help` is answered by the simulation itself.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Build the simulation in release mode and run it. Paths count from the repository.
pub(crate) fn run(project: &Project, arguments: &SimArguments) -> Result<()> {
    let mut cargo = project.cargo("build");
    cargo.args(["--release", "--package", "stillhere-simulation", "--bin", "sim"]);
    step::run(project, "building the simulation (release)", &mut cargo)?;
    let binary = project.target.join("release").join(format!("sim{}", std::env::consts::EXE_SUFFIX));
    step::run_shown(Command::new(binary).current_dir(&project.root).args(&arguments.arguments))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::{Arguments, Command};

    #[test]
    fn whatever_follows_sim_is_for_the_simulation() {
        for line in
            [&["--help"][..], &["--seeds", "10000", "--hostility", "hostile"], &["--report", "d", "--readme"], &[]]
        {
            let words = ["xtask", "sim"].iter().chain(line);
            let Ok(Arguments { command: Command::Sim(sim), .. }) = Arguments::try_parse_from(words) else {
                panic!("{line:?} is not for the simulation");
            };
            assert_eq!(sim.arguments, line);
        }
    }
}
