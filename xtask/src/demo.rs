//! `cargo xtask demo`: everything built, and the server in the foreground.

use std::process::Command;

use anyhow::{Context, Result};

use crate::client;
use crate::project::Project;
use crate::server::{self, Profile};

#[derive(clap::Args)]
pub(crate) struct DemoArguments {
    /// More options for `stillhere demo`: `cargo xtask demo -- --listen 127.0.0.1:9000`.
    #[arg(last = true)]
    server: Vec<String>,
}

/// Build and run. The server says where it listens.
pub(crate) fn run(project: &Project, arguments: &DemoArguments) -> Result<()> {
    client::build(project)?;
    let binary = server::build(project, Profile::Release)?;
    let mut command = Command::new(&binary);
    command
        .current_dir(&project.root)
        .args(["demo", "--data"])
        .arg(project.target.join("demo"))
        .args(&arguments.server);
    replace_by(&mut command).with_context(|| format!("cannot run {}", binary.display()))
}

/// Become the server: a signal to this process is a signal to the server, and its end is ours.
#[cfg(unix)]
fn replace_by(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;

    Err(command.exec().into())
}

/// The console sends ctrl-c to both; whoever ends last is the server.
#[cfg(not(unix))]
fn replace_by(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    anyhow::ensure!(status.success(), "the server ended with {status}");
    Ok(())
}
