//! t
use crate::project::Project;
pub(crate) fn run(_p: &Project) -> anyhow::Result<()> {
    Ok(())
}
