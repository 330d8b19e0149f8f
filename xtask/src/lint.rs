//! `cargo xtask lint`: what reads the code and does not run it.

use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::bundle;
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

/// The hand-written modules against their own declarations and those of the generated one.
fn types(project: &Project) -> Result<()> {
    let settings = project.wasm_target().join("tsconfig.json");
    fs::write(&settings, tsconfig(project)?)?;
    let mut tsc = Command::new(node_packages::program(project, "tsc"));
    tsc.arg("--project").arg(settings);
    step::run(project, "checking types (tsc)", &mut tsc)
}

/// Written here and not kept in the repository, as cargo's target folder can be anywhere.
fn tsconfig(project: &Project) -> Result<String> {
    // Named one by one: of a module and its declarations in one folder, tsc takes the declarations alone.
    let mut files = Vec::new();
    for file in fs::read_dir(bundle::sources(project))? {
        files.push(file?.path());
    }
    files.sort();
    let settings = serde_json::json!({
        "compilerOptions": {
            "allowJs": true, "checkJs": true, "noEmit": true, "skipLibCheck": true, "strict": true,
            "target": "es2022", "module": "esnext", "moduleResolution": "bundler", "types": [],
            "lib": ["es2024", "dom", "dom.iterable"],
            "resolveJsonModule": true,
            "paths": {
                bundle::GLUE: [client::glue_module(project).with_extension("d.ts")],
                bundle::INLINED: [bundle::inlined(project)],
            },
        },
        "files": files,
    });
    Ok(settings.to_string())
}
