//! The client: from Rust and hand-written modules to the files that a page loads.
//!
//! compile → bind → optimise → bundle. Each step reads what the one before has written below
//! `target/wasm`; only the last one writes to `dist/`.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

use crate::bundle::{self, WASM};
use crate::dead_slots;
use crate::dead_texts;
use crate::loader;
use crate::node_packages;
use crate::project::Project;
use crate::step;
use crate::trap_panics;
use crate::wasm_toolchain::{TARGET, WasmToolchain};

/// The name of cargo's output, and of the generated files.
const STEM: &str = "stillhere_client";

const RUSTFLAGS: [&str; 5] = [
    // Two pages of memory at start instead of eighteen: the default stack is a megabyte.
    "-Clink-arg=-zstack-size=32768",
    // Without them the glue keeps JavaScript values in an array of its own, and that is smaller.
    "-Ctarget-feature=-reference-types,-multivalue",
    // The linker would list both all the same, for a compiled std names them and uses neither; and
    // wasm-bindgen goes by that list. Were one in use, wasm-opt would refuse the module.
    "-Clink-arg=--features=bulk-memory,bulk-memory-opt,mutable-globals,nontrapping-fptoint,sign-ext",
    "-Clink-arg=--no-check-features",
    // Each constant can then be taken out by itself, when nothing needs it any more.
    "-Clink-arg=--no-merge-data-segments",
];

/// What compiled code may use; every browser of the last five years knows all of them.
/// Said out loud because wasm-opt trusts a section that a careless `strip` takes away.
const WASM_FEATURES: [&str; 5] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
];

/// Build everything that `dist/` holds.
pub(crate) fn build(project: &Project) -> Result<()> {
    node_packages::ensure(project)?;
    let toolchain = WasmToolchain::find(project)?;
    // Two builds at once would mix their files.
    let _lock = lock(project)?;
    let compiled = compile(project, &toolchain)?;
    let before = fingerprint(project, &compiled)?;
    let stamp = project.wasm_target().join("built");
    if fs::read_to_string(&stamp).is_ok_and(|last| last == before) {
        return Ok(());
    }
    step::timed(project, "binding the client (wasm-bindgen)", || bind(project, &compiled))?;
    step::timed(project, "optimising the client (wasm-opt)", || optimise(project))?;
    step::timed(project, "bundling the client (esbuild)", || bundle::run(project))?;
    fs::write(stamp, fingerprint(project, &compiled)?)?;
    Ok(())
}

fn compile(project: &Project, toolchain: &WasmToolchain) -> Result<PathBuf> {
    let mut cargo = toolchain.cargo(project, "build", &RUSTFLAGS)?;
    cargo.args(["--lib", "--profile", "wasm"]);
    step::run(project, "compiling the client (wasm32)", &mut cargo)?;
    let wasm = project.wasm_target().join(TARGET).join("wasm").join(format!("{STEM}.wasm"));
    if !wasm.is_file() {
        bail!("the client's crate made no {STEM}.wasm; its Cargo.toml needs `[lib] crate-type = [\"cdylib\"]`");
    }
    Ok(wasm)
}

/// Write the generated module and the wasm that belongs to it.
fn bind(project: &Project, compiled: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_module(STEM, trap_panics::read(compiled)?)
        .bundler(true)?
        // For the type check of the hand-written modules.
        .typescript(true)
        // Every browser that runs the client has it.
        .encode_into(EncodeInto::Always)
        // The next step goes by the names of functions; wasm-opt strips them.
        .demangle(true)
        .remove_name_section(false)
        .remove_producers_section(true);
    let mut bound = bindgen
        .generate_output()
        .context("wasm-bindgen could not read the client; is its wasm-bindgen the version that xtask names?")?;
    bound.emit(glue_folder(project))?;
    let glue = fs::read_to_string(glue_folder(project).join(format!("{STEM}_bg.js")))?;
    loader::drop_unasked(bound.wasm_mut(), &glue);
    dead_slots::clear(bound.wasm_mut());
    fs::write(glue_wasm(project), bound.wasm_mut().emit_wasm())?;
    let types = bound.ts().unwrap_or_default().to_owned() + loader::TYPE;
    fs::write(glue_module(project).with_extension("d.ts"), types)?;
    fs::write(glue_module(project), loader::module(bound.wasm(), &format!("./{STEM}_bg.js")))?;
    Ok(())
}

fn optimise(project: &Project) -> Result<()> {
    let mut wasm_opt = Command::new(node_packages::program(project, "wasm-opt"));
    wasm_opt
        .arg(glue_wasm(project))
        .args(WASM_FEATURES)
        // In between the control flow is built anew from basic blocks: 0.7 % fewer bytes of gzip.
        .args(["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz"])
        .args(["--strip-debug", "--strip-producers", "--strip-target-features"])
        .arg("--output")
        .arg(project.wasm_target().join(WASM));
    step::finish(project, &mut wasm_opt)?;
    dead_texts::apply(&glue_wasm(project), &project.wasm_target().join(WASM))
}

/// Everything that the steps after the compiler read, and what they have written.
///
/// A fingerprint of contents: times lie after a checkout, and a build that is skipped wrongly
/// costs more than the milliseconds of reading a few hundred kilobytes.
fn fingerprint(project: &Project, compiled: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    let mut files = vec![compiled.to_path_buf(), project.root.join("package-lock.json")];
    // The steps themselves are in here.
    files.push(std::env::current_exe()?);
    for folder in [bundle::sources(project), project.dist()] {
        let mut inside: Vec<PathBuf> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path()).collect();
        inside.sort();
        files.extend(inside.into_iter().filter(|path| path.is_file()));
    }
    for file in files {
        file.hash(&mut hasher);
        fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn lock(project: &Project) -> Result<File> {
    let folder = project.wasm_target();
    fs::create_dir_all(&folder)?;
    let file = File::create(folder.join("lock"))?;
    file.lock().context("cannot lock target/wasm")?;
    Ok(file)
}

/// The module that wasm-bindgen generates.
pub(crate) fn glue_module(project: &Project) -> PathBuf {
    glue_folder(project).join(format!("{STEM}.js"))
}

fn glue_wasm(project: &Project) -> PathBuf {
    glue_folder(project).join(format!("{STEM}_bg.wasm"))
}

fn glue_folder(project: &Project) -> PathBuf {
    project.wasm_target().join("glue")
}
