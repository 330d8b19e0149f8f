//! What is written down: a file of Markdown and a plot for each measurement, and one page of all of them.

use std::{fs, io, path::Path};

use crate::{plot, table::Table};

const HEAD: &str = "# The figures, side by side\n\n\
    Made by `cargo xtask bench --write`; each part says on what it was measured. What the client weighs and costs a page is in the \
    [README](../../../README.md#what-it-weighs), by `cargo xtask peers` and `cargo xtask page-cost`.\n";

/// One measurement, with what it was made on.
pub(crate) fn part(table: &Table, processor: &str, load: Option<f64>) -> String {
    let load = load.map_or_else(String::new, |load| format!(", with a load average of {load:.1} as it began"));
    let Table { noun, title, method, .. } = table;
    format!(
        "## {title}\n\n{}\n![{title}]({noun}.svg)\n\n{method}\n\n*`cargo xtask bench {noun}` on {processor}{load}.*\n",
        table.markdown(),
    )
}

/// Writes one measurement into the folder, and all that are there into one page, in this order.
///
/// # Errors
/// The folder cannot be written.
pub(crate) fn write(folder: &Path, table: &Table, part: &str, nouns: &[&str]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(format!("{}.md", table.noun)), part)?;
    fs::write(folder.join(format!("{}.svg", table.noun)), plot::draw(table))?;
    let parts = nouns.iter().filter_map(|noun| fs::read_to_string(folder.join(format!("{noun}.md"))).ok());
    let page = parts.fold(HEAD.to_owned(), |page, part| page + "\n" + &part);
    fs::write(folder.join("report.md"), page)
}
