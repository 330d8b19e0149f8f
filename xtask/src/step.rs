//! One step of a command: a line that says what is done and how long it took.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::project::Project;

/// Do `work` under a line that says what is being done, and then how long it took.
pub(crate) fn timed<T>(project: &Project, title: impl Display, work: impl FnOnce() -> Result<T>) -> Result<T> {
    print!("▸ {title}… ");
    if project.verbose {
        // What the children print starts on a line of its own.
        println!();
    }
    io::stdout().flush()?;
    let started = now();
    let result = work();
    let took = duration(started.elapsed());
    match (&result, project.verbose) {
        (Ok(_), false) => println!("{took}"),
        (Ok(_), true) => println!("▸ {title}: {took}"),
        (Err(_), _) => println!("failed after {took}"),
    }
    result
}

/// Run one program as a step. Its output is shown only when it fails, or with `--verbose`.
pub(crate) fn run(project: &Project, title: impl Display, command: &mut Command) -> Result<()> {
    timed(project, title, || finish(project, command))
}

/// Run a program to its end inside a step.
pub(crate) fn finish(project: &Project, command: &mut Command) -> Result<()> {
    command.stdin(Stdio::null());
    if project.verbose {
        let status = command.status().with_context(|| cannot_start(command))?;
        if !status.success() {
            bail!("`{}` ended with {status}", line(command));
        }
        return Ok(());
    }
    let output = command.output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        show(&output)?;
        bail!("`{}` ended with {}; its output is above", line(command), output.status);
    }
    Ok(())
}

/// Run a program whose output is what the user came for.
pub(crate) fn run_shown(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// What a program prints, without the line end.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        bail!("`{}` ended with {}", line(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// How a program with a time limit ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Succeeded,
    Failed,
    TooSlow,
}

/// Run a program quietly, and kill it when it takes longer than `limit`.
pub(crate) fn run_within(limit: Duration, command: &mut Command) -> Result<Ending> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    let mut stdout = child.stdout.take().context("the child has no standard output")?;
    let (closed, waits_for_close) = mpsc::channel();
    // A program closes its standard output when it ends: that is an event to wait for with a limit.
    thread::spawn(move || {
        let _ignored = io::copy(&mut stdout, &mut io::sink());
        let _gone = closed.send(());
    });
    let in_time = waits_for_close.recv_timeout(limit).is_ok();
    if !in_time {
        child.kill()?;
    }
    let status = child.wait()?;
    Ok(match (in_time, status.success()) {
        (false, _) => Ending::TooSlow,
        (true, true) => Ending::Succeeded,
        (true, false) => Ending::Failed,
    })
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    // The name says enough: the folder of a toolchain is long.
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn cannot_start(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    format!("cannot start `{program}`; is it installed and on PATH?")
}

fn show(output: &Output) -> Result<()> {
    // The line of the step is still open.
    println!();
    let mut stderr = io::stderr().lock();
    stderr.write_all(&output.stdout)?;
    stderr.write_all(&output.stderr)?;
    Ok(())
}

fn duration(took: Duration) -> String {
    match took.as_secs() {
        0..10 => format!("{:.1} s", took.as_secs_f64()),
        seconds @ 10..120 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one clock of the commands: how long a step took")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_as_exact_as_it_is_short() {
        let shown = [300, 9_950, 34_400, 119_000, 125_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(shown, ["0.3 s", "9.9 s", "34 s", "119 s", "2 min 05 s"]);
    }

    #[test]
    fn a_program_over_its_limit_is_killed() {
        let ending = run_within(Duration::from_millis(50), Command::new("sleep").arg("60"));
        assert_eq!(ending.unwrap(), Ending::TooSlow);
    }

    #[test]
    fn a_program_within_its_limit_tells_how_it_ended() {
        let limit = Duration::from_secs(60);
        assert_eq!(run_within(limit, &mut Command::new("true")).unwrap(), Ending::Succeeded);
        assert_eq!(run_within(limit, &mut Command::new("false")).unwrap(), Ending::Failed);
    }
}
