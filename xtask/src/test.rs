//! t
use crate::project::Project;
#[derive(clap::Args)]
pub(crate) struct TestArguments {}
pub(crate) fn run(_p: &Project, _a: &TestArguments) -> anyhow::Result<()> {
    Ok(())
}
