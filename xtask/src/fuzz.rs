//! `cargo xtask fuzz`: chance against the claims of `tests/fuzz`.
//!
//! cargo-fuzz builds the targets, libFuzzer runs them. All of it works on stable Rust: what libFuzzer needs to see
//! where it has been is a flag of the compiler that is stable, and only its sanitizers ask for a nightly one. They
//! look for wrong use of memory, and the engine has no unsafe code; a panic, an overflow or a broken claim is found
//! without them.

mod run;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::checks::Checks;
use crate::project::{self, Project};
use crate::step;
use crate::system_packages::{self, Needed};
use run::Run;

/// The version that built what is saved. Another one may know other flags.
const CARGO_FUZZ: &str = "0.13.2";

/// libFuzzer is C++.
const COMPILER: Needed<'_> =
    Needed { programs: &["g++"], versions: None, packages: &["g++"], purpose: "fuzzing (`--fast` is without it)" };

/// How long each target runs in the test command: as long as all of it together costs less than compiling the server.
const SECONDS: u64 = 15;

#[derive(clap::Args)]
pub(crate) struct FuzzArguments {
    /// How long each target runs.
    #[arg(long, default_value_t = SECONDS)]
    seconds: u64,
    /// Run a target once, with the bytes of this file, and tell the story that they are.
    #[arg(long, value_name = "FILE", requires = "target")]
    input: Option<PathBuf>,
    /// Afterwards, keep in tests/fuzz/corpus the few inputs that reach the most.
    #[arg(long)]
    save: bool,
    /// Only this target; all without it.
    target: Option<String>,
}

impl Default for FuzzArguments {
    /// Every target, as long as the test command can bear.
    fn default() -> Self {
        Self { seconds: SECONDS, input: None, save: false, target: None }
    }
}

/// Run the targets, one after the other: each wants the whole of a processor.
pub(crate) fn run(project: &Project, arguments: &FuzzArguments) -> Result<()> {
    let targets = chosen(project, arguments.target.as_deref())?;
    if let (Some(target), Some(input)) = (&arguments.target, &arguments.input) {
        return replay(project, target, input);
    }
    let programs = build(project)?;
    let mut failed = Checks::default();
    for target in &targets {
        let run = Run::new(project, programs.join(target), target);
        let result = run.for_a_while(Duration::from_secs(arguments.seconds));
        let went_well = result.is_ok();
        failed.note("a claim of tests/fuzz", result);
        if arguments.save && went_well {
            run.save()?;
        }
    }
    failed.finish()
}

/// One input, without libFuzzer.
fn replay(project: &Project, target: &str, input: &Path) -> Result<()> {
    let mut cargo = project.cargo("run");
    cargo.args(["--quiet", "--package", "stillhere-fuzz", "--example", "replay", "--", target]);
    cargo.arg(std::path::absolute(input)?);
    step::run_shown(&mut cargo)
}

fn chosen(project: &Project, wanted: Option<&str>) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(folder(project).join("targets"))? {
        let path = entry?.path();
        targets.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    targets.sort();
    let Some(wanted) = wanted else { return Ok(targets) };
    if !targets.iter().any(|target| target == wanted) {
        bail!("no target `{wanted}`: there are {}", targets.join(", "));
    }
    Ok(vec![wanted.to_owned()])
}

fn folder(project: &Project) -> PathBuf {
    project.root.join("tests/fuzz")
}

/// Everything that fuzzing makes, besides what is saved.
fn target_folder(project: &Project) -> PathBuf {
    project.target.join("fuzz")
}

/// Builds every target; gives the folder of the programs.
fn build(project: &Project) -> Result<PathBuf> {
    system_packages::ensure(project, &COMPILER)?;
    let cargo_fuzz = cargo_fuzz(project)?;
    let mut command = Command::new(cargo_fuzz);
    command
        .current_dir(&project.root)
        .args(["fuzz", "build", "--fuzz-dir", "tests/fuzz", "--features", "libfuzzer", "--sanitizer", "none"])
        .arg("--target-dir")
        .arg(target_folder(project))
        // Linking as one would cost more than it gains in a few seconds.
        .env("CARGO_PROFILE_RELEASE_LTO", "off");
    step::run(project, "building the fuzz targets", &mut command)?;
    // cargo-fuzz names the platform to keep its flags away from build scripts.
    let rustc = step::capture(Command::new("rustc").arg("-vV"))?;
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).context("`rustc -vV` names no host")?;
    Ok(target_folder(project).join(host).join("release"))
}

/// The program, compiled once into the target folder: nobody's own cargo-fuzz is replaced.
fn cargo_fuzz(project: &Project) -> Result<PathBuf> {
    let root = project.target.join(format!("cargo-fuzz-{CARGO_FUZZ}"));
    let program = root.join("bin").join(format!("cargo-fuzz{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    let leftovers = root.join("build");
    let mut install = Command::new(project::cargo_program());
    install
        .current_dir(&project.target)
        // It starts compilers and waits for them: its own speed does not matter, and debug is built in half the time.
        .args(["install", "cargo-fuzz", "--version", CARGO_FUZZ, "--locked", "--debug", "--root"])
        .arg(&root)
        .arg("--target-dir")
        .arg(&leftovers);
    step::run(project, format!("installing cargo-fuzz {CARGO_FUZZ}"), &mut install)?;
    fs::remove_dir_all(leftovers)?;
    Ok(program)
}
