//! The tables in README.md that commands write, each between two marks.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};

use crate::marks;
use crate::project::Project;
use crate::size::{BROTLI_BUDGET, GZIP_BUDGET, Way};

const FILE: &str = "README.md";

/// A place in the README that a command fills.
#[derive(Clone, Copy)]
pub(crate) enum Block {
    /// What a page downloads.
    Size,
    /// The same of others.
    Peers,
    /// What it costs in a page.
    Cost,
    /// How smoothly the dashboard follows a crowd.
    Frames,
    /// What a server carries.
    Load,
}

impl Block {
    const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Peers => "peers",
            Self::Cost => "page-cost",
            Self::Frames => "dashboard-frames",
            Self::Load => "load",
        }
    }

    /// What is between its marks; `None` without the marks.
    #[cfg(test)]
    pub(crate) fn within(self, text: &str) -> Option<&str> {
        marks::within(text, self.name())
    }

    /// The text with another block between the marks; `None` without the marks.
    fn replaced(self, text: &str, block: &str) -> Option<String> {
        marks::replaced(text, self.name(), block)
    }
}

/// Put the table of sizes between its marks.
pub(crate) fn write(project: &Project, ways: &[Way]) -> Result<()> {
    put(project, Block::Size, &table(ways))
}

/// Put a table between its marks.
pub(crate) fn put(project: &Project, block: Block, table: &str) -> Result<()> {
    let path = project.root.join(FILE);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {FILE}"))?;
    let updated = block.replaced(&text, table).with_context(|| {
        let [start, end] = marks::marks(block.name());
        format!("{FILE} has no `{start}` with `{end}` after it; add both, each on its own line")
    })?;
    if updated == text {
        println!("  {FILE} is up to date");
    } else {
        fs::write(path, updated)?;
        println!("  {FILE} updated");
    }
    Ok(())
}

/// Say so when the README shows other sizes than `dist/` has.
pub(crate) fn warn_when_stale(project: &Project, ways: &[Way]) {
    let Ok(text) = fs::read_to_string(project.root.join(FILE)) else { return };
    let is_stale = Block::Size.replaced(&text, &table(ways)).is_some_and(|updated| updated != text);
    if is_stale {
        println!("  warning: the sizes in {FILE} are old; `cargo xtask size --write` updates them");
    }
}

fn table(ways: &[Way]) -> String {
    let mut table = String::from("| a page loads | raw | gzip -9 | brotli -q 11 |\n|---|---:|---:|---:|\n");
    for Way { name, bytes } in ways {
        let [raw, gzip, brotli] = [bytes.raw, bytes.gzip, bytes.brotli].map(grouped);
        // Writing to a String does not fail.
        let _ok = writeln!(table, "| {name} | {raw} | {gzip} | {brotli} |");
    }
    let _ok = writeln!(table, "| budget | | {} | {} |", grouped(GZIP_BUDGET), grouped(BROTLI_BUDGET));
    table
}

/// 12288 as "12,288".
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let head = (digits.len() + 2) % 3 + 1;
    let mut shown = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position >= head && (position - head).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::Bytes;

    #[test]
    fn the_table_shows_each_way_and_the_budget() {
        let ways = [
            Way { name: "a.js", bytes: Bytes { raw: 12_345, gzip: 999, brotli: 1_000 } },
            Way { name: "b.js + c", bytes: Bytes { raw: 1_234_567, gzip: 7, brotli: 0 } },
        ];
        let expected = "| a page loads | raw | gzip -9 | brotli -q 11 |\n\
            |---|---:|---:|---:|\n\
            | a.js | 12,345 | 999 | 1,000 |\n\
            | b.js + c | 1,234,567 | 7 | 0 |\n\
            | budget | | 12,288 | 11,264 |\n";
        assert_eq!(table(&ways), expected);
    }
}
