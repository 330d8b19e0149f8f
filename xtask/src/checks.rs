//! Several checks in one command: each is made, whatever the ones before it said.

use anyhow::{Result, bail};

/// What went wrong so far.
#[derive(Default)]
pub(crate) struct Checks {
    failed: Vec<&'static str>,
}

impl Checks {
    /// Keep that a check failed, and say why at once.
    pub(crate) fn note(&mut self, name: &'static str, result: Result<()>) {
        if let Err(error) = result {
            eprintln!("error: {error:#}");
            self.failed.push(name);
        }
    }

    /// Fail if one did, with their names.
    pub(crate) fn finish(self) -> Result<()> {
        if !self.failed.is_empty() {
            bail!("failed: {}", self.failed.join(", "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_failed_is_named_at_the_end() {
        let mut checks = Checks::default();
        checks.note("tidy", Ok(()));
        assert!(checks.failed.is_empty());
        checks.note("size", Err(anyhow::anyhow!("too much")));
        assert_eq!(checks.finish().unwrap_err().to_string(), "failed: size");
    }
}
