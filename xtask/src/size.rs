//! What a page downloads to beat, and the limit on it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::client::{MODULE, WASM};
use crate::project::Project;
use crate::readme;
use crate::step;

/// What we aim for, and promise in the README.
pub(crate) const GZIP_BUDGET: usize = 12_288;
pub(crate) const BROTLI_BUDGET: usize = 11_264;

/// Above this the check fails. A ratchet: it follows what is saved downwards, to 13,000 once the budget is met, and
/// never goes up.
pub(crate) const GZIP_LIMIT: usize = 21_000;

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

/// The files that a page loads, in the order in which it does, and their sum.
pub(crate) struct Sizes {
    pub(crate) files: Vec<(&'static str, Bytes)>,
    pub(crate) sum: Bytes,
}

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
pub(crate) fn measure(project: &Project) -> Result<Sizes> {
    let mut files = Vec::new();
    for name in [MODULE, WASM] {
        let path = project.dist().join(name);
        let bytes = weigh(&path)
            .with_context(|| format!("cannot weigh dist/{name}; run `cargo xtask build --client` first"))?;
        files.push((name, bytes));
    }
    let sum = files.iter().fold(Bytes::default(), |sum, (_, file)| Bytes {
        raw: sum.raw + file.raw,
        gzip: sum.gzip + file.gzip,
        brotli: sum.brotli + file.brotli,
    });
    Ok(Sizes { files, sum })
}

/// Print a table with the budget below.
pub(crate) fn print(sizes: &Sizes) {
    println!("  {:<16}{:>10}{:>10}{:>10}", "a page loads", "raw", "gzip -9", "brotli 11");
    let sum = ("together", sizes.sum);
    for (name, bytes) in sizes.files.iter().copied().chain([sum]) {
        println!("  {name:<16}{:>10}{:>10}{:>10}", bytes.raw, bytes.gzip, bytes.brotli);
    }
    println!("  {:<16}{:>10}{GZIP_BUDGET:>10}{BROTLI_BUDGET:>10}", "budget", "");
    if sizes.sum.gzip > GZIP_BUDGET || sizes.sum.brotli > BROTLI_BUDGET {
        println!("  over the budget; the check fails above {GZIP_LIMIT} bytes of gzip");
    }
}

/// Fail above the hard limit.
pub(crate) fn check(sizes: &Sizes) -> Result<()> {
    if sizes.sum.gzip > GZIP_LIMIT {
        bail!(
            "the client weighs {} bytes (gzip) and the limit is {GZIP_LIMIT}: take something out, \
             or put it into a module that only some pages load",
            sizes.sum.gzip,
        );
    }
    Ok(())
}

fn weigh(path: &Path) -> Result<Bytes> {
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

    fn sizes_of(gzip: usize) -> Sizes {
        Sizes { files: Vec::new(), sum: Bytes { raw: 0, gzip, brotli: 0 } }
    }

    #[test]
    fn only_what_is_above_the_hard_limit_fails() {
        assert!(check(&sizes_of(GZIP_LIMIT)).is_ok());
        assert!(check(&sizes_of(GZIP_LIMIT + 1)).is_err());
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
