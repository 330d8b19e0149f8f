//! What a page downloads to beat, and the limit on it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::bundle::{INDEX, SCRIPT, SLIM, WASM};
use crate::project::Project;
use crate::readme;
use crate::step;

/// What a page's modules may weigh: above it the check fails, and the README promises it.
pub(crate) const GZIP_BUDGET: usize = 12_288;
pub(crate) const BROTLI_BUDGET: usize = 11_264;

/// The script tag's bundle also reads its options from attributes. A ratchet: it goes down to the budget and never up.
const SCRIPT_GZIP: usize = 12_600;
const SCRIPT_BROTLI: usize = 11_600;

#[derive(clap::Args)]
pub(crate) struct SizeArguments {
    /// Write the table into README.md, between `<!-- size:start -->` and `<!-- size:end -->`.
    #[arg(long)]
    write: bool,
}

/// The bytes of one file, plain and compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes {
    pub(crate) raw: usize,
    pub(crate) gzip: usize,
    pub(crate) brotli: usize,
}

/// One of the ways to load the client.
pub(crate) struct Way {
    /// Its files, as one says it.
    pub(crate) name: &'static str,
    /// What they weigh together.
    pub(crate) bytes: Bytes,
}

/// The ways to load the client, each with the files that a page needs for it.
pub(crate) const WAYS: [(&str, &[&str]); 3] =
    [("index.js", &[INDEX]), ("stillhere.js", &[SCRIPT]), ("slim.js + stillhere.wasm", &[SLIM, WASM])];

/// Print the sizes, and fail above the hard limit.
pub(crate) fn run(project: &Project, arguments: &SizeArguments) -> Result<()> {
    let sizes = measure(project)?;
    print(&sizes);
    if arguments.write {
        readme::write(project, &sizes)?;
    }
    check(&sizes)
}

/// Compress what is in `dist/`.
pub(crate) fn measure(project: &Project) -> Result<Vec<Way>> {
    WAYS.iter().map(|(name, files)| Ok(Way { name, bytes: weigh_all(project, files)? })).collect()
}

/// Print a table with the budget below.
pub(crate) fn print(ways: &[Way]) {
    println!("  {:<26}{:>10}{:>10}{:>10}", "a page loads", "raw", "gzip -9", "brotli 11");
    for Way { name, bytes } in ways {
        println!("  {name:<26}{:>10}{:>10}{:>10}", bytes.raw, bytes.gzip, bytes.brotli);
    }
    println!("  {:<26}{:>10}{GZIP_BUDGET:>10}{BROTLI_BUDGET:>10}", "budget", "");
}

/// Fail where one is too heavy.
pub(crate) fn check(ways: &[Way]) -> Result<()> {
    for Way { name, bytes } in ways {
        let (gzip, brotli) = limits(name);
        if bytes.gzip > gzip || bytes.brotli > brotli {
            bail!(
                "{name} weighs {} bytes (gzip), {} (brotli), and the limits are {gzip} and {brotli}: take something \
                 out, or put it into a module that only some pages load",
                bytes.gzip,
                bytes.brotli,
            );
        }
    }
    Ok(())
}

fn limits(name: &str) -> (usize, usize) {
    if name == SCRIPT { (SCRIPT_GZIP, SCRIPT_BROTLI) } else { (GZIP_BUDGET, BROTLI_BUDGET) }
}

/// Each file by itself, as it is sent by itself.
fn weigh_all(project: &Project, files: &[&str]) -> Result<Bytes> {
    let mut sum = Bytes::default();
    for name in files {
        let bytes = weigh(&project.dist().join(name))
            .with_context(|| format!("cannot weigh dist/{name}; run `cargo xtask build --client` first"))?;
        sum.raw += bytes.raw;
        sum.gzip += bytes.gzip;
        sum.brotli += bytes.brotli;
    }
    Ok(sum)
}

/// The bytes of a file as a server would send it.
pub(crate) fn weigh(path: &Path) -> Result<Bytes> {
    let content = fs::read(path)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&content)?;
    Ok(Bytes { raw: content.len(), gzip: gzip.finish()?.len(), brotli: brotli(path)? })
}

/// Node is here anyway and brings brotli; the crate would double the time that xtask takes to build.
fn brotli(path: &Path) -> Result<usize> {
    const SCRIPT: &str = "const { brotliCompressSync } = require('node:zlib');
        console.log(brotliCompressSync(require('node:fs').readFileSync(process.argv[1])).length)";
    let mut node = Command::new("node");
    node.args(["--eval", SCRIPT]).arg(path);
    // Quality 11 is its default.
    let length = step::capture(&mut node)?;
    length.parse().with_context(|| format!("node printed `{length}` for a number of bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &'static str, gzip: usize, brotli: usize) -> Way {
        Way { name, bytes: Bytes { raw: 0, gzip, brotli } }
    }

    #[test]
    fn what_is_above_the_budget_fails() {
        let is_light = |gzip, brotli| check(&[of(SCRIPT, 0, 0), of(INDEX, gzip, brotli)]).is_ok();
        assert!(is_light(GZIP_BUDGET, BROTLI_BUDGET));
        assert!(!is_light(GZIP_BUDGET + 1, 0) && !is_light(0, BROTLI_BUDGET + 1));
    }

    #[test]
    fn only_the_bundle_that_reads_attributes_may_weigh_a_little_more() {
        assert!(WAYS.iter().filter(|(name, _)| limits(name) != (GZIP_BUDGET, BROTLI_BUDGET)).count() == 1);
        assert!(check(&[of(SCRIPT, SCRIPT_GZIP, SCRIPT_BROTLI)]).is_ok());
        assert!(check(&[of(SCRIPT, SCRIPT_GZIP + 1, 0)]).is_err());
    }

    #[test]
    fn bytes_are_counted_as_gzip_and_brotli_count_them() {
        // `printf 'still here, %.0s' $(seq 100) | gzip -9 | wc -c`, and the same with `brotli -q 11`.
        let path = std::env::temp_dir().join(format!("stillhere-size-{}", std::process::id()));
        fs::write(&path, "still here, ".repeat(100)).unwrap();
        let expected = Bytes { raw: 1200, gzip: 43, brotli: 24 };
        assert_eq!(weigh(&path).unwrap(), expected);
        fs::remove_file(path).unwrap();
    }
}
