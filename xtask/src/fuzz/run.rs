//! One target in libFuzzer: how it is started, what is read from what it says, and what is kept.

use std::fs;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{folder, target_folder};
use crate::project::Project;

/// No input is worth more time than this: it would be a loop without end.
const INPUT_SECONDS: u32 = 10;

/// More is a list without end.
const MEMORY_MB: u32 = 1024;

/// Longer stories reach nothing new.
const INPUT_BYTES: u32 = 4096;

/// Lines that are shown of what a target said before it failed.
const LAST_WORDS: usize = 12;

/// A target and its folders.
pub(super) struct Run<'a> {
    target: &'a str,
    program: PathBuf,
    root: PathBuf,
    /// Written by hand: what chance would not spell in a minute.
    seeds: PathBuf,
    saved: PathBuf,
    found: PathBuf,
    artifacts: PathBuf,
}

impl<'a> Run<'a> {
    pub(super) fn new(project: &Project, program: PathBuf, target: &'a str) -> Self {
        let made = target_folder(project);
        Self {
            target,
            program,
            root: project.root.clone(),
            seeds: folder(project).join("seeds").join(target),
            saved: folder(project).join("corpus").join(target),
            found: made.join("corpus").join(target),
            artifacts: made.join("artifacts").join(target),
        }
    }

    /// Lets chance look for inputs that break a claim.
    pub(super) fn for_a_while(&self, length: Duration) -> Result<()> {
        for folder in [&self.found, &self.artifacts, &self.saved] {
            fs::create_dir_all(folder)?;
        }
        let mut command = self.libfuzzer();
        command
            .arg(format!("-max_total_time={}", length.as_secs()))
            .arg(format!("-timeout={INPUT_SECONDS}"))
            .arg(format!("-rss_limit_mb={MEMORY_MB}"))
            .arg(format!("-max_len={INPUT_BYTES}"))
            .arg(format!("-artifact_prefix={}/", self.artifacts.display()));
        let words = self.root.join("tests/fuzz").join(format!("{}.dict", self.target));
        if words.is_file() {
            command.arg(format!("-dict={}", words.display()));
        }
        // What is new goes into the first folder.
        command.args([&self.found, &self.saved]);
        if self.seeds.is_dir() {
            command.arg(&self.seeds);
        }
        self.watch(&mut command, length)
    }

    /// Replaces what is saved by the smallest set of known inputs that reaches every place.
    pub(super) fn save(&self) -> Result<()> {
        let chosen = self.artifacts.with_extension("chosen");
        remove(&chosen)?;
        fs::create_dir_all(&chosen)?;
        // Places, not how often each is passed or how near a comparison came: that would be hundreds of files.
        let mut command = self.libfuzzer();
        command.args(["-set_cover_merge=1", "-use_counters=0", "-use_cmp=0"]);
        let output = command.args([&chosen, &self.saved, &self.found]).output()?;
        if !output.status.success() {
            bail!("the inputs of {} could not be chosen:\n{}", self.target, String::from_utf8_lossy(&output.stderr));
        }
        remove(&self.saved)?;
        fs::create_dir_all(&self.saved)?;
        let mut count = 0;
        for entry in fs::read_dir(&chosen)? {
            let entry = entry?;
            fs::copy(entry.path(), self.saved.join(entry.file_name()))?;
            count += 1;
        }
        remove(&chosen)?;
        println!("  {count} inputs are saved in {}", self.saved.display());
        Ok(())
    }

    fn libfuzzer(&self) -> Command {
        let mut command = Command::new(&self.program);
        // The replay tells where it failed, with names; here a backtrace is a page of addresses.
        command.current_dir(&self.root).env("RUST_BACKTRACE", "0").stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Shows how far it is, and what it said when it failed.
    fn watch(&self, command: &mut Command, length: Duration) -> Result<()> {
        let title = format!("▸ fuzzing {} for {} s… ", self.target, length.as_secs());
        print!("{title}");
        io::stdout().flush()?;
        let mut child = command.stderr(Stdio::piped()).spawn().context("the target does not start")?;
        let stderr = child.stderr.take().context("the target has no standard error")?;
        let (mut reached, mut said) = (String::new(), Vec::new());
        for line in BufReader::new(stderr).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            if let Some(now) = progress(&line) {
                reached = now;
                if io::stdout().is_terminal() {
                    print!("\r{title}{reached}");
                    io::stdout().flush()?;
                }
            } else {
                said.push(line);
            }
        }
        let status = child.wait()?;
        if io::stdout().is_terminal() {
            print!("\r{title}");
        }
        println!("{reached}");
        if status.success() {
            return Ok(());
        }
        bail!("{}", self.explain(&said))
    }

    /// What broke, and how to see it again.
    fn explain(&self, said: &[String]) -> String {
        let from = said.iter().position(|line| line.contains("panicked at") || line.contains("ERROR: libFuzzer"));
        let is_ours = |line: &&str| !line.starts_with("note: ") && !line.contains("deadly signal");
        let words = said.iter().skip(from.unwrap_or(0)).map(String::as_str);
        let lines: Vec<&str> = words.take_while(is_ours).take(LAST_WORDS).collect();
        let written = said.iter().find_map(|line| line.split_once("Test unit written to ").map(|(_, path)| path));
        let input = written.map(|path| Path::new(path).strip_prefix(&self.root).unwrap_or(Path::new(path)));
        let again = input.map_or_else(
            || "it left no input".to_owned(),
            |input| format!("see it again: cargo xtask fuzz {} --input {}", self.target, input.display()),
        );
        format!("{} breaks a claim\n{}\n{again}", self.target, lines.join("\n"))
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    if folder.exists() { fs::remove_dir_all(folder) } else { Ok(()) }
}

/// What a line of libFuzzer's log says in our words; `None` when it is no such line.
fn progress(line: &str) -> Option<String> {
    let runs = line.strip_prefix('#')?.split(['\t', ' ']).next()?;
    let mut words = line.split_ascii_whitespace();
    words.find(|word| *word == "cov:")?;
    let places = words.next()?;
    Some(format!("{runs} runs, {places} places reached"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_libfuzzer_is_read() {
        let line = "#2097152\tpulse  cov: 921 ft: 2597 corp: 763/52Kb lim: 3942 exec/s: 45666 rss: 29Mb";
        assert_eq!(progress(line).as_deref(), Some("2097152 runs, 921 places reached"));
        assert_eq!(progress("INFO: seed corpus: files: 12"), None);
        assert_eq!(progress("#0\tREAD units: 12"), None);
    }
}
