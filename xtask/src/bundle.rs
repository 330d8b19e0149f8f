//! Bundling: from hand-written modules, the generated one and its wasm to the files that pages load.
//!
//! The first bundle has the wasm beside it and settles the short names between the two; after that the wasm is finished
//! and can be put into the others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::client;
use crate::node_packages;
use crate::project::Project;
use crate::short_names::{self, LONG_NAMES};
use crate::step;

/// Everything that beats, in one module.
pub(crate) const INDEX: &str = "index.js";
/// The same without the wasm.
pub(crate) const SLIM: &str = "slim.js";
/// What a `<script>` loads.
pub(crate) const SCRIPT: &str = "stillhere.js";
/// The wasm by itself.
pub(crate) const WASM: &str = "stillhere.wasm";

/// The names by which hand-written modules import what is made: by wasm-bindgen, and here.
pub(crate) const GLUE: &str = "stillhere-glue";
pub(crate) const INLINED: &str = "stillhere-inlined";

/// Modules that import others of the package and leave them where they are: a page has each of them once.
const COMPANIONS: [&str; 4] = ["watch.js", "react.js", "vue.js", "element.js"];

/// What companions do not carry along: their neighbours, and the frameworks of the page.
const NOT_CARRIED: [&str; 5] = ["./index.js", "./slim.js", "./watch.js", "react", "vue"];

/// What the dashboard draws with, as its makers have packed it: it lies beside the client, and is no part of the package.
const CHARTS: [(&str, &str); 2] = [("uplot/dist/uPlot.esm.js", "uplot.js"), ("uplot/dist/uPlot.min.css", "uplot.css")];

/// How a bundle is loaded.
#[derive(Clone, Copy)]
enum Form {
    Module,
    /// By a script tag, with a source map that it names: nobody's bundler stands between it and the debugger.
    Script,
}

/// Make everything that `dist/` holds, and nothing else.
pub(crate) fn run(project: &Project) -> Result<()> {
    let folder = folder(project);
    match fs::remove_dir_all(&folder) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => return Err(why.into()),
        _ => fs::create_dir_all(&folder)?,
    }
    let names = project.wasm_target().join("names.json");
    // The names of another build would keep those of this one from being the shortest.
    fs::write(&names, "{}")?;
    core(project, "slim.js", SLIM, Form::Module)?;
    fs::copy(project.wasm_target().join(WASM), folder.join(WASM))?;
    short_names::apply(&folder.join(WASM), &names)?;
    fs::write(inlined(project), as_json(&fs::read(folder.join(WASM))?))?;
    core(project, "index.js", INDEX, Form::Module)?;
    core(project, "script.js", SCRIPT, Form::Script)?;
    for name in COMPANIONS.into_iter().filter(|name| sources(project).join(name).is_file()) {
        companion(project, name)?;
    }
    copy_types(project)?;
    for (made, name) in CHARTS {
        let path = node_packages::file(project, made);
        fs::copy(&path, folder.join(name)).with_context(|| format!("cannot copy {}", path.display()))?;
    }
    publish(project)
}

/// A bundle that holds the glue.
fn core(project: &Project, entry: &str, output: &str, form: Form) -> Result<()> {
    let mut esbuild = esbuild(project, entry, output)?;
    esbuild
        .arg(format!("--alias:{GLUE}={}", utf8(&client::glue_module(project))?))
        .arg(format!("--alias:{INLINED}={}", utf8(&inlined(project))?))
        .arg(format!("--mangle-props={LONG_NAMES}"))
        .arg("--mangle-quoted")
        .arg(format!("--mangle-cache={}", utf8(&project.wasm_target().join("names.json"))?));
    match form {
        Form::Module => esbuild.arg("--format=esm"),
        // The wasm would be in the map once more.
        Form::Script => esbuild.args(["--format=iife", "--sourcemap=linked", "--sources-content=false"]),
    };
    step::finish(project, &mut esbuild)
}

fn companion(project: &Project, name: &str) -> Result<()> {
    let mut esbuild = esbuild(project, name, name)?;
    esbuild.arg("--format=esm").args(NOT_CARRIED.map(|module| format!("--external:{module}")));
    step::finish(project, &mut esbuild)
}

fn esbuild(project: &Project, entry: &str, output: &str) -> Result<Command> {
    let entry = sources(project).join(entry);
    if !entry.is_file() {
        bail!("{} is missing; it is what pages import", entry.display());
    }
    let mut esbuild = Command::new(node_packages::program(project, "esbuild"));
    esbuild
        .arg(&entry)
        .arg(format!("--outfile={}", utf8(&folder(project).join(output))?))
        .args(["--bundle", "--platform=browser", "--target=es2022"])
        // What package.json says of side effects, it says of the bundles and not of what they are made of.
        .args(["--minify", "--charset=utf8", "--legal-comments=none", "--ignore-annotations", "--log-level=warning"]);
    Ok(esbuild)
}

/// The wasm as a module that JavaScript and TypeScript both know how to import: a string in JSON.
fn as_json(wasm: &[u8]) -> String {
    format!("\"{}\"", BASE64_STANDARD.encode(deflate(wasm)))
}

/// Deflated as tightly as can be: it is done once here and downloaded often.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut deflated = Vec::new();
    // Writing to memory does not fail.
    let _ok = zopfli::compress(zopfli::Options::default(), zopfli::Format::Deflate, bytes, &mut deflated);
    deflated
}

/// Each module's types, beside it; modules that are only part of others may have types too, which those name.
fn copy_types(project: &Project) -> Result<()> {
    for file in fs::read_dir(sources(project))? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".d.ts") {
            // A module's types are named as the module is.
            let name = if name == "script.d.ts" { "stillhere.d.ts" } else { &name };
            fs::copy(file.path(), folder(project).join(name))?;
        }
    }
    Ok(())
}

/// Copy what is finished to `dist/`, and remove from there what is no longer made.
fn publish(project: &Project) -> Result<()> {
    let dist = project.dist();
    fs::create_dir_all(&dist)?;
    for file in fs::read_dir(&dist)? {
        let file = file?;
        if !folder(project).join(file.file_name()).is_file() {
            fs::remove_file(file.path()).with_context(|| format!("cannot remove {}", file.path().display()))?;
        }
    }
    for file in fs::read_dir(folder(project))? {
        let file = file?;
        fs::copy(file.path(), dist.join(file.file_name()))?;
    }
    Ok(())
}

/// The hand-written modules.
pub(crate) fn sources(project: &Project) -> PathBuf {
    project.root.join("client-wasm/js")
}

/// The wasm as text, for the modules that hold it.
pub(crate) fn inlined(project: &Project) -> PathBuf {
    project.wasm_target().join("inlined.json")
}

/// Where the files are made.
fn folder(project: &Project) -> PathBuf {
    project.wasm_target().join("bundles")
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| anyhow!("esbuild wants a path in UTF-8, and {} is none", path.display()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_put_into_a_module_is_the_wasm_again_when_it_is_inflated() {
        let wasm = b"\0asm, and so on, and so on, and so on".repeat(9);
        let json = as_json(&wasm);
        let deflated = BASE64_STANDARD.decode(json.trim_matches('"')).unwrap();
        let mut inflated = Vec::new();
        flate2::read::DeflateDecoder::new(&deflated[..]).read_to_end(&mut inflated).unwrap();
        assert_eq!(inflated, wasm);
        assert!(deflated.len() < wasm.len() / 4);
    }
}
