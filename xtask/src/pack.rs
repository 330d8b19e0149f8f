//! `cargo xtask pack`: the npm package as a file, and what somebody who publishes it wants to see first.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha384};

use crate::bundle::{SCRIPT, WASM};
use crate::checks::Checks;
use crate::client;
use crate::node_packages;
use crate::project::Project;
use crate::size;
use crate::step;

/// A packed package.
pub(crate) struct Tarball {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its files with their bytes, and the bytes of the whole, as npm says.
    report: Value,
}

/// Build, pack, check, and show what is in it.
pub(crate) fn run(project: &Project) -> Result<()> {
    client::build(project)?;
    let tarball = pack(project)?;
    show(&tarball);
    size::print(&size::measure(project)?);
    println!("\n{}\n", script_tag(&fs::read(project.dist().join(SCRIPT))?));
    check(project, &tarball)
}

/// Make the tarball of what is in `dist/`. There is never more than one.
pub(crate) fn pack(project: &Project) -> Result<Tarball> {
    let folder = project.target.join("package");
    if folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut npm = Command::new("npm");
    npm.current_dir(&project.root).args(["pack", "--json", "--ignore-scripts", "--pack-destination"]).arg(&folder);
    let said = step::timed(project, "packing the client (npm pack)", || {
        // What it says besides, it says for people.
        step::capture(npm.args(["--loglevel", "error"]))
    })?;
    let mut reports: Value = serde_json::from_str(&said).context("npm pack printed no JSON")?;
    let report = reports[0].take();
    let name = report["filename"].as_str().context("npm pack names no file")?;
    Ok(Tarball { path: folder.join(name), report })
}

/// What others find wrong with a package: where it leads nobody, and where its types and its modules disagree.
pub(crate) fn check(project: &Project, tarball: &Tarball) -> Result<()> {
    let mut checks = Checks::default();
    let mut publint = Command::new(node_packages::program(project, "publint"));
    publint.args(["run", "--strict"]).arg(&tarball.path);
    checks.note("publint", step::run(project, "checking the package (publint)", &mut publint));
    let mut attw = Command::new(node_packages::program(project, "attw"));
    attw.arg(&tarball.path)
        // There are only modules; Node requires those too since 20.19.
        .args(["--profile", "esm-only"])
        // A file to fetch, with nothing in it that has a type.
        .args(["--exclude-entrypoints", WASM]);
    checks.note("attw", step::run(project, "checking the package's types (attw)", &mut attw));
    checks.note("entries", check_entries(project, tarball));
    checks.finish()
}

/// Every bundle is an entry, and every entry is packed.
fn check_entries(project: &Project, tarball: &Tarball) -> Result<()> {
    let manifest: Value = serde_json::from_slice(&fs::read(project.root.join("package.json"))?)?;
    let wrong = mismatches(&manifest["exports"], &tarball.files());
    if !wrong.is_empty() {
        bail!("`exports` in package.json and what is packed disagree about {}", wrong.join(", "));
    }
    Ok(())
}

/// The modules and wasm files that only one of both knows.
fn mismatches(exports: &Value, files: &[(&str, u64)]) -> Vec<String> {
    let mut named = Vec::new();
    for entry in exports.as_object().into_iter().flat_map(|entries| entries.values()) {
        let targets = entry.as_object().map_or_else(|| vec![entry], |conditions| conditions.values().collect());
        named.extend(targets.into_iter().filter_map(Value::as_str).map(|path| path.trim_start_matches("./")));
    }
    let is_entry = |path: &str| path.ends_with(".js") || path.ends_with(".wasm");
    let packed = |path: &str| files.iter().any(|(file, _)| *file == path);
    let missing = named.iter().filter(|path| !packed(path));
    let unnamed = files.iter().map(|(path, _)| path).filter(|path| is_entry(path) && !named.contains(path));
    missing.chain(unnamed).map(ToString::to_string).collect()
}

fn show(tarball: &Tarball) {
    for (path, bytes) in tarball.files() {
        println!("  {path:<26}{bytes:>10}");
    }
    let packed = tarball.report["size"].as_u64().unwrap_or_default();
    println!("  {:<26}{packed:>10}", "packed");
    println!("  {}\n", tarball.path.display());
}

impl Tarball {
    fn files(&self) -> Vec<(&str, u64)> {
        let files = self.report["files"].as_array().into_iter().flatten();
        files.filter_map(|file| Some((file["path"].as_str()?, file["size"].as_u64()?))).collect()
    }
}

/// What a page says to load exactly this script and no other.
fn script_tag(script: &[u8]) -> String {
    format!(
        "<script async src=\"https://presence.example.com/client/{SCRIPT}\"\n  \
         integrity=\"{}\" crossorigin=\"anonymous\"\n  data-endpoint=\"https://presence.example.com/v1\"></script>",
        integrity(script)
    )
}

/// As Subresource Integrity writes it.
fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrity_is_that_of_the_specifications_own_example() {
        let script = b"alert('Hello, world.');";
        assert_eq!(integrity(script), "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO");
    }

    #[test]
    fn an_entry_that_is_not_packed_and_a_module_that_is_no_entry_are_found() {
        let exports = serde_json::json!({
            ".": { "types": "./dist/index.d.ts", "default": "./dist/index.js" },
            "./a.wasm": "./dist/a.wasm",
        });
        let packed = [("dist/index.d.ts", 1), ("dist/index.js", 1), ("dist/a.wasm", 1), ("dist/part.d.ts", 1)];
        assert_eq!(mismatches(&exports, &packed), [""; 0]);
        assert_eq!(mismatches(&exports, &packed[..2]), ["dist/a.wasm"]);
        let more = [&packed[..], &[("dist/watch.js", 1)]].concat();
        assert_eq!(mismatches(&exports, &more), ["dist/watch.js"]);
    }
}
