//! Where the project's folders are, and how a command was asked to run.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::wasm_toolchain::WasmFrom;

/// The project on this disk, as one invocation sees it.
pub(crate) struct Project {
    /// The repository.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// Show what child processes print.
    pub(crate) verbose: bool,
    /// The source of the wasm32 toolchain that was asked for.
    pub(crate) wasm_from: WasmFrom,
}

impl Project {
    /// The project that this binary was started for.
    pub(crate) fn find(verbose: bool, wasm_from: WasmFrom) -> Result<Self> {
        // Set by `cargo run`; the folder of the build is right when the binary is started by hand.
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask has no parent folder; run it as `cargo xtask`")?.to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let target = std::path::absolute(target)?;
        Ok(Self { root, target, verbose, wasm_from })
    }

    /// What the npm package and the server carry.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// Everything that is made on the way to the client.
    pub(crate) fn wasm_target(&self) -> PathBuf {
        self.target.join("wasm")
    }

    /// A cargo command in the repository, by the cargo that started us.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = Command::new(cargo_program());
        command.arg(subcommand).current_dir(&self.root);
        command.env("CARGO_TARGET_DIR", &self.target);
        command
    }
}

/// The cargo that started us, so that one toolchain does everything.
pub(crate) fn cargo_program() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// The first folder on PATH that holds `name`, joined with it.
pub(crate) fn program_on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| is_program(candidate))
}

fn is_program(candidate: &Path) -> bool {
    candidate.is_file()
}
