//! A standard library for wasm32, built once from the source that belongs to Debian's compiler.
//!
//! Building it with every client (`-Zbuild-std`) would be one flag instead of this file. But that
//! compiles the client too with unstable features allowed, which crates notice and use, and it
//! builds std anew for every other set of flags (30 s). A sysroot keeps the client's own build
//! the stable one that everybody else has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::step;
use crate::wasm_toolchain::{DEBIAN_RUSTC, TARGET, debian_cargo};

const SOURCE: &str = "/usr/lib/rustlib/src/rust/library";

/// Whether the source of the standard library is installed.
pub(crate) fn has_source() -> bool {
    Path::new(SOURCE).join("std/Cargo.toml").is_file()
}

/// Whether a sysroot was ever made here.
pub(crate) fn any_exists(project: &Project) -> bool {
    fs::read_dir(home(project)).is_ok_and(|mut entries| entries.next().is_some())
}

/// The sysroot for the compiler that is installed now.
pub(crate) fn ensure(project: &Project) -> Result<PathBuf> {
    let version = step::capture(Command::new(DEBIAN_RUSTC).arg("-vV"))?;
    let sysroot = home(project).join(key(&version)?);
    if sysroot.is_dir() {
        return Ok(sysroot);
    }
    let work = project.wasm_target().join("sysroot-in-work");
    step::timed(project, format!("building a standard library for {TARGET}, once"), || {
        if work.exists() {
            fs::remove_dir_all(&work)?;
        }
        write_seed(&work.join("seed"))?;
        step::finish(project, &mut build_std(&work))?;
        collect(&work)?;
        fs::create_dir_all(home(project))?;
        // A rename last: a folder with this name is always complete.
        fs::rename(work.join("sysroot"), &sysroot)?;
        fs::remove_dir_all(&work)?;
        Ok(sysroot)
    })
}

/// A field of `rustc -vV`.
pub(crate) fn version_field<'a>(version: &'a str, field: &str) -> Option<&'a str> {
    version.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(": "))
}

/// Another compiler reads other libraries, so each gets its own.
fn key(version: &str) -> Result<String> {
    let field = |name| version_field(version, name).with_context(|| format!("`{DEBIAN_RUSTC} -vV` names no {name}"));
    let commit: String = field("commit-hash")?.chars().take(9).collect();
    Ok(format!("{}-{commit}", field("release")?))
}

fn home(project: &Project) -> PathBuf {
    project.wasm_target().join("sysroot")
}

/// `-Zbuild-std` wants a crate to build the standard library for.
fn write_seed(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    let manifest = "[package]\nname = \"seed\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), "#![no_std]\n")?;
    Ok(())
}

fn build_std(work: &Path) -> Command {
    // Unstable: the crates are the compiler's own. Bitcode: so that the client's LTO reaches into
    // std. The remapped path is shorter in panic messages, and the same on every machine.
    let flags = ["-Zforce-unstable-if-unmarked", "-Cembed-bitcode=yes", &format!("--remap-path-prefix={SOURCE}=/")];
    let mut command = Command::new(debian_cargo());
    command
        .current_dir(work.join("seed"))
        .args(["build", "--release", "-Zbuild-std=std,panic_abort", "--target", TARGET])
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", work.join("target"))
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    command
}

/// Copy the libraries to where a compiler looks for them.
fn collect(work: &Path) -> Result<()> {
    let built = work.join("target").join(TARGET).join("release/deps");
    let libraries = work.join("sysroot/lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&libraries)?;
    let mut has_std = false;
    for entry in fs::read_dir(&built)?.flatten() {
        let name = entry.file_name();
        let shown = name.to_string_lossy();
        if shown.ends_with(".rlib") && !shown.starts_with("libseed-") {
            has_std |= shown.starts_with("libstd-");
            fs::copy(entry.path(), libraries.join(&name))?;
        }
    }
    if !has_std {
        bail!("no libstd in {}; the packages of Debian's compiler do not fit together", built.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\n\
        binary: rustc\n\
        commit-hash: ac68faa20c58cbccd01ee7208bf3b6e93a7d7f96\n\
        host: x86_64-unknown-linux-gnu\n\
        release: 1.96.0";

    #[test]
    fn a_sysroot_is_named_for_release_and_commit() {
        assert_eq!(key(VERSION).unwrap(), "1.96.0-ac68faa20");
    }

    #[test]
    fn a_compiler_that_does_not_say_what_it_is_gets_no_sysroot() {
        assert!(key("rustc 1.96.0").is_err());
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        assert_eq!(version_field(VERSION, "host"), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(version_field(VERSION, "hos"), None);
    }
}
