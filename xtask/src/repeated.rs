//! A test target run many times, without a second try: what fails now and then is to be seen.

use std::process::Command;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::step;

/// Runs what `tests` makes so many times, and says of each run what failed in it. `what` is what it is a run of.
pub(crate) fn run(project: &Project, what: &str, times: u32, tests: impl Fn() -> Command) -> Result<()> {
    let mut failed = 0;
    for number in 1..=times {
        let title = format!("{what}, {number} of {times}");
        if let Err(error) = step::timed(project, title, || once(&mut tests())) {
            println!("{error}");
            failed += 1;
        }
    }
    println!("  {} of {times} runs passed", times - failed);
    if failed > 0 {
        bail!("{failed} of {times} runs failed; what failed in them is above");
    }
    Ok(())
}

/// One run; its error is what failed, with the words of each.
fn once(cargo: &mut Command) -> Result<()> {
    let output = cargo.output()?;
    if output.status.success() {
        return Ok(());
    }
    bail!("{}", failures(&String::from_utf8_lossy(&output.stdout)));
}

/// The part of a test program's output that says what failed and why; all of it when there is no such part.
fn failures(output: &str) -> &str {
    output.split_once("\nfailures:\n").map_or(output, |(_, rest)| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_run_only_what_failed_is_said() {
        let output = "running 2 tests\ntest a::firefox ... ok\n\nfailures:\n\n---- b::firefox stdout ----\nwhy\n";
        assert_eq!(failures(output), "---- b::firefox stdout ----\nwhy");
        assert_eq!(failures("it was killed"), "it was killed");
    }
}
