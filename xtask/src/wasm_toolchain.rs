//! A compiler with a standard library for wasm32, wherever this machine has or can get one.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::project::{Project, cargo_program, program_on_path};
use crate::step::{self, Ending};
use crate::system_packages;
use crate::wasm_sysroot;

/// The target that the client is compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler comes with the source of its standard library, and without binaries for wasm32.
pub(crate) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
pub(crate) const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// A download of 20 MB; a network that cannot do it in this time is as good as none.
const RUSTUP_LIMIT: Duration = Duration::from_secs(120);

/// Where the wasm32 toolchain comes from.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WasmFrom {
    /// The current toolchain if it has or can get the target, else Debian's.
    Auto,
    /// The current toolchain, or fail.
    Rustup,
    /// Debian's compiler with a standard library built from its source.
    Debian,
}

/// A way to compile for wasm32.
#[derive(Debug)]
pub(crate) enum WasmToolchain {
    /// The toolchain that compiles everything else has the target too.
    Current,
    /// Debian's compiler, a sysroot of our own and the linker of the current toolchain.
    Debian { sysroot: PathBuf, linker: PathBuf },
}

impl WasmToolchain {
    /// Find a toolchain, or get one.
    pub(crate) fn find(project: &Project) -> Result<Self> {
        match project.wasm_from {
            WasmFrom::Rustup => match with_rustup(project)? {
                true => Ok(Self::Current),
                false => bail!("the target cannot be installed; try `rustup target add {TARGET}`"),
            },
            WasmFrom::Debian => Self::debian(project),
            WasmFrom::Auto if with_rustup(project)? => Ok(Self::Current),
            WasmFrom::Auto => {
                println!("  rustup has no {TARGET} here; using Debian's compiler for the client");
                Self::debian(project)
            }
        }
    }

    /// `cargo <subcommand>` for the client: this compiler, the target, a target folder of its own.
    pub(crate) fn cargo(&self, project: &Project, subcommand: &str, flags: &[&str]) -> Result<Command> {
        let mut command = project.cargo(subcommand);
        // Its own target folder: the flags differ, and a build in here blocks nobody.
        command.env("CARGO_TARGET_DIR", project.wasm_target());
        command.args(["--package", "stillhere-client", "--target", TARGET]);
        let mut rustflags: Vec<OsString> = flags.iter().map(OsString::from).collect();
        rustflags.extend(short_paths(project)?);
        if let Self::Debian { sysroot, linker } = self {
            let mut flag = OsString::from("--sysroot=");
            flag.push(sysroot);
            rustflags.push(flag);
            command
                .env("RUSTC", DEBIAN_RUSTC)
                // rustup's cargo would find rustup's rustdoc and clippy for this rustc.
                .env("RUSTDOC", "/usr/bin/rustdoc")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        // Encoded, because a path may hold a space.
        command.env("CARGO_ENCODED_RUSTFLAGS", rustflags.join(&OsString::from("\u{1f}")));
        Ok(command)
    }

    fn debian(project: &Project) -> Result<Self> {
        let complete =
            || Path::new(DEBIAN_RUSTC).is_file() && Path::new(DEBIAN_CARGO).is_file() && wasm_sysroot::has_source();
        if !complete() && system_packages::can_install() {
            system_packages::install(project, &DEBIAN_PACKAGES)?;
        }
        if !complete() {
            bail!(
                "no compiler for {TARGET}: run `rustup target add {TARGET}`, \
                 or install the Debian packages `{}`",
                DEBIAN_PACKAGES.join(" "),
            );
        }
        let sysroot = wasm_sysroot::ensure(project)?;
        Ok(Self::Debian { sysroot, linker: linker()? })
    }
}

/// Whether the current toolchain can compile for wasm32, after asking rustup for it.
fn with_rustup(project: &Project) -> Result<bool> {
    if current_has_target()? {
        return Ok(true);
    }
    if project.wasm_from == WasmFrom::Auto && wasm_sysroot::any_exists(project) {
        // rustup failed here before, and asking again costs time at every build.
        return Ok(false);
    }
    if program_on_path("rustup").is_none() {
        return Ok(false);
    }
    step::timed(project, format!("asking rustup for {TARGET}"), || {
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", TARGET]);
        match step::run_within(RUSTUP_LIMIT, &mut rustup)? {
            Ending::Succeeded => current_has_target(),
            Ending::Failed | Ending::TooSlow => Ok(false),
        }
    })
}

fn current_has_target() -> Result<bool> {
    let libraries = current_rustlib()?.join(TARGET).join("lib");
    // A folder without the library is what a broken download leaves.
    let Ok(entries) = fs::read_dir(libraries) else { return Ok(false) };
    Ok(entries.flatten().any(|entry| is_std(&entry.file_name().to_string_lossy())))
}

fn is_std(file: &str) -> bool {
    file.starts_with("libstd-") && file.ends_with(".rlib")
}

/// `lib/rustlib` of the toolchain that compiles everything else.
fn current_rustlib() -> Result<PathBuf> {
    let sysroot = step::capture(Command::new("rustc").args(["--print", "sysroot"]))
        .context("cannot ask rustc for its folder; install Rust by rustup")?;
    Ok(PathBuf::from(sysroot).join("lib/rustlib"))
}

/// Debian's compiler brings no linker for wasm; rustup's does, and lld's package too.
fn linker() -> Result<PathBuf> {
    let host = step::capture(Command::new("rustc").arg("-vV"))
        .ok()
        .and_then(|version| wasm_sysroot::version_field(&version, "host").map(str::to_owned))
        .context("`rustc -vV` names no host; is this rustc?")?;
    let beside_rustc = current_rustlib()?.join(host).join("bin/rust-lld");
    [Some(beside_rustc), program_on_path("rust-lld"), program_on_path("wasm-ld")]
        .into_iter()
        .flatten()
        .find(|candidate| candidate.is_file())
        .context("no linker for wasm: install Rust by rustup (it brings rust-lld), or the Debian package `lld`")
}

/// Paths of sources end up in panic messages: short ones are fewer bytes for every page, and the
/// same on every machine.
fn short_paths(project: &Project) -> Result<Vec<OsString>> {
    let mut prefixes = vec![project.root.clone()];
    if let Some(registry) = registry_sources() {
        // One folder for each registry that this machine has used.
        let entries = fs::read_dir(registry).into_iter().flatten();
        prefixes.extend(entries.flatten().map(|entry| entry.path()));
    }
    prefixes.sort();
    let remap = |prefix: PathBuf| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(prefix);
        // An absolute root: an empty name makes rustc put the working folder in front.
        flag.push("=/");
        flag
    };
    Ok(prefixes.into_iter().map(remap).collect())
}

fn registry_sources() -> Option<PathBuf> {
    let home =
        env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")))?;
    Some(home.join("registry/src"))
}

/// The cargo of the current toolchain cannot build a standard library for another compiler.
pub(crate) fn debian_cargo() -> PathBuf {
    let debian = PathBuf::from(DEBIAN_CARGO);
    if debian.is_file() { debian } else { cargo_program() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_compiled_std_counts_as_one() {
        assert!(is_std("libstd-5da02a3622377945.rlib"));
        assert!(!is_std("libstd_detect-1c45b8305c7d3152.rlib"));
        assert!(!is_std("libstd-5da02a3622377945.rmeta"));
    }
}
