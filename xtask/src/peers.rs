//! What others weigh who do a part of the same work: their newest versions, bundled as a page would.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::client;
use crate::node_packages;
use crate::peer_list::{OURS_HAS, PEERS, Peer};
use crate::project::Project;
use crate::readme::{self, Block, grouped};
use crate::size::{self, Bytes, Way, weigh};
use crate::step;

/// The packages have a folder and a lock of their own: nobody needs them to build or to test.
const FOLDER: &str = "tests/weight";

#[derive(clap::Args)]
pub(crate) struct PeersArguments {
    /// Write the table into README.md, between `<!-- peers:start -->` and `<!-- peers:end -->`.
    #[arg(long)]
    write: bool,
    /// Move every peer to its newest version first.
    #[arg(long)]
    update: bool,
}

/// One line of the table.
struct Row {
    name: String,
    bytes: Bytes,
    has: &'static str,
}

/// Bundle and weigh everybody in one run, lightest first.
pub(crate) fn run(project: &Project, arguments: &PeersArguments) -> Result<()> {
    client::build(project)?;
    if arguments.update {
        update(project)?;
    }
    install(project)?;
    let lock = fs::read_to_string(project.root.join(FOLDER).join("package-lock.json"))?;
    let lock: Value = serde_json::from_str(&lock).context("tests/weight/package-lock.json is no JSON")?;
    let mut rows = Vec::new();
    for peer in PEERS {
        rows.push(Row { name: peer.name(&lock)?, bytes: weigh(&bundle(project, peer)?)?, has: peer.has });
    }
    for Way { name, bytes } in size::measure(project)? {
        rows.push(Row { name: ours(name), bytes, has: OURS_HAS });
    }
    rows.sort_by_key(|row| row.bytes.gzip);
    let table = table(&rows);
    print!("{table}");
    if arguments.write {
        readme::put(project, Block::Peers, &table)?;
    }
    Ok(())
}

/// The newest version of each, exactly.
fn update(project: &Project) -> Result<()> {
    let newest = PEERS.iter().flat_map(|peer| peer.packages).map(|package| format!("{package}@latest"));
    let mut npm = npm(project, "install");
    npm.args(["--package-lock-only", "--save-exact"]).args(newest);
    step::run(project, "looking for the peers' newest versions (npm)", &mut npm)
}

fn install(project: &Project) -> Result<()> {
    if node_packages::is_current(&project.root.join(FOLDER)) {
        return Ok(());
    }
    step::run(project, "installing the peers (npm)", &mut npm(project, "ci"))
}

fn npm(project: &Project, command: &str) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(project.root.join(FOLDER))
        // Frameworks that a peer stands on are the page's own, and not weighed.
        .args([command, "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]);
    npm
}

/// One module of a page's few lines and what they import, as small as esbuild makes it.
fn bundle(project: &Project, peer: &Peer) -> Result<PathBuf> {
    let out = project.target.join("weight").join(peer.page);
    let mut esbuild = Command::new(node_packages::program(project, "esbuild"));
    esbuild
        .current_dir(project.root.join(FOLDER))
        .arg(peer.page)
        .arg(format!("--outfile={}", out.to_str().context("esbuild wants a path in UTF-8")?))
        .args(["--bundle", "--format=esm", "--platform=browser", "--target=es2022"])
        .args(["--minify", "--charset=utf8", "--legal-comments=none", "--log-level=warning"])
        .args(["--define:process.env.NODE_ENV=\"production\"", "--external:react", "--external:react-dom"]);
    step::run(project, format!("bundling {}", peer.page), &mut esbuild)?;
    Ok(out)
}

fn ours(way: &str) -> String {
    format!("**stillhere**, {way}")
}

fn table(rows: &[Row]) -> String {
    let head = "| a page loads | gzip -9 | brotli -q 11 | and has |\n|---|--:|--:|---|\n".to_owned();
    rows.iter().fold(head, |table, Row { name, bytes, has }| {
        format!("{table}| {name} | {} | {} | {has} |\n", grouped(bytes.gzip), grouped(bytes.brotli))
    })
}

impl Peer {
    /// Its packages with the versions that the lock names.
    fn name(&self, lock: &Value) -> Result<String> {
        let mut names = Vec::new();
        for package in self.packages {
            let version = lock["packages"][format!("node_modules/{package}")]["version"].as_str();
            let Some(version) = version else { bail!("{package} is not in {FOLDER}/package-lock.json") };
            names.push(format!("{package} {version}"));
        }
        Ok(if names.is_empty() { self.page.to_owned() } else { names.join(" and ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> String {
        fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
    }

    #[test]
    fn the_readme_s_table_is_of_the_versions_in_the_lock() {
        let lock = serde_json::from_str(&read("tests/weight/package-lock.json")).unwrap();
        let readme = read("README.md");
        let table = Block::Peers.within(&readme).expect("the README has the two marks");
        let mut names: Vec<String> = PEERS.iter().map(|peer| peer.name(&lock).unwrap()).collect();
        names.extend(size::WAYS.map(|(way, _)| ours(way)));
        for name in &names {
            assert!(table.contains(&format!("\n| {name} | ")), "{name}: `cargo xtask peers --write` is due");
        }
        assert_eq!(table.trim().lines().count(), names.len() + 2, "the table has somebody who is not on the list");
    }

    #[test]
    fn the_lock_has_exactly_what_is_asked_for() {
        let asked: Value = serde_json::from_str(&read("tests/weight/package.json")).unwrap();
        let lock: Value = serde_json::from_str(&read("tests/weight/package-lock.json")).unwrap();
        let asked = asked["dependencies"].as_object().unwrap();
        assert_eq!(asked.len(), PEERS.iter().map(|peer| peer.packages.len()).sum::<usize>());
        for (package, version) in asked {
            assert_eq!(lock["packages"][format!("node_modules/{package}")]["version"], *version, "{package}");
        }
    }

    #[test]
    fn a_row_has_both_weights_and_what_one_gets() {
        let bytes = Bytes { raw: 1, gzip: 12_345, brotli: 999 };
        let rows = [Row { name: "a 1.2.3".to_owned(), bytes, has: "a list" }];
        assert!(table(&rows).ends_with("|---|--:|--:|---|\n| a 1.2.3 | 12,345 | 999 | a list |\n"));
    }
}
