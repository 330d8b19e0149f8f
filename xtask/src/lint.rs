//! `cargo xtask lint`: what reads the code and does not run it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::checks::Checks;
use crate::client;
use crate::node_packages;
use crate::project::Project;
use crate::step;
use crate::tidy;
use crate::wasm_toolchain::WasmToolchain;

/// Format, clippy, the types of the hand-written module, and our own rules.
pub(crate) fn run(project: &Project) -> Result<()> {
    // The server embeds the client: without it, it does not compile.
    client::build(project)?;
    let mut checks = Checks::default();
    checks.note("format", format(project));
    checks.note("clippy", clippy(project));
    checks.note("client", client(project));
    checks.note("types", types(project));
    checks.note("tidy", tidy::run(project));
    checks.finish()
}

/// `cargo fmt --check`.
pub(crate) fn format(project: &Project) -> Result<()> {
    let mut fmt = project.cargo("fmt");
    fmt.args(["--all", "--check"]);
    step::run(project, "rustfmt", &mut fmt)
}

/// Clippy for what compiles for this machine.
fn clippy(project: &Project) -> Result<()> {
    let mut clippy = project.cargo("clippy");
    clippy.args(["--quiet", "--all-targets", "--", "--deny", "warnings"]);
    step::run(project, "clippy", &mut clippy)
}

/// The client compiles for wasm32 only, with the toolchain that was found for it.
fn client(project: &Project) -> Result<()> {
    match WasmToolchain::find(project)? {
        toolchain @ WasmToolchain::Current => {
            let mut clippy = toolchain.cargo(project, "clippy", &[])?;
            clippy.args(["--quiet", "--", "--deny", "warnings"]);
            step::run(project, "clippy for the client (wasm32)", &mut clippy)
        }
        toolchain @ WasmToolchain::Debian { .. } => {
            println!("  Debian's compiler for wasm32 has no clippy: the client gets the compiler's own lints");
            let mut check = toolchain.cargo(project, "check", &["--deny=warnings"])?;
            check.arg("--quiet");
            step::run(project, "checking the client (wasm32)", &mut check)
        }
    }
}

/// The hand-written module against its own declarations and those of the generated one.
fn types(project: &Project) -> Result<()> {
    if !project.root.join("client-wasm/js/heart.d.ts").is_file() {
        println!("  client-wasm/js/heart.d.ts is missing: types are not checked");
        return Ok(());
    }
    let settings = project.wasm_target().join("tsconfig.json");
    fs::write(&settings, tsconfig(&project.root, &client::glue_module(project).with_extension("d.ts")))?;
    let mut tsc = Command::new(node_packages::program(project, "tsc"));
    tsc.arg("--project").arg(settings);
    step::run(project, "checking types (tsc)", &mut tsc)
}

/// Written here and not kept in the repository, as cargo's target folder can be anywhere.
fn tsconfig(root: &Path, glue: &Path) -> String {
    let js = root.join("client-wasm/js");
    // Rust's way to quote a string is JSON's too, for all that a path holds.
    format!(
        r#"{{
  "compilerOptions": {{
    "allowJs": true, "checkJs": true, "noEmit": true, "skipLibCheck": true,
    "target": "es2022", "module": "esnext", "moduleResolution": "bundler", "types": [],
    "lib": ["es2024", "dom", "dom.iterable"],
    "paths": {{ "stillhere-glue": [{glue:?}] }}
  }},
  "include": [{js:?}]
}}
"#
    )
}
