//! The report's table, in Markdown.

use std::fmt::Write as _;

use super::{Contrast, length, per_hour};
use crate::{agenda::HOUR, scenario::Scenario, tally::Tally};

const PLOTS: [(&str, &str); 5] = [
    ("False leaves", "false-leaves.svg"),
    ("Error of a stay's length (95th percentile)", "length-error.svg"),
    ("Time until an end is known (99th percentile)", "detection.svg"),
    ("Beats", "beats.svg"),
    ("Bytes", "bytes.svg"),
];

pub(super) fn markdown(scenario: &Scenario, contrasts: &[Contrast]) -> String {
    let mut text = String::from("# Each system beside the preset that replaces it\n\n");
    let hours = scenario.length / HOUR;
    let _ = writeln!(
        text,
        "{} people, {hours} h of virtual time, a usual day's hostility (sleep, crashes of pages, browsers and the server, \
         lost networks, throttled and frozen tabs), the same people for every row. Made by `cargo run --release -p \
         stillhere-simulation --bin sim -- --report DIR --seed {} --persons {} --hours {hours}`.\n",
        scenario.persons, scenario.seed, scenario.persons
    );
    text.push_str(
        "| system | design | leaves told | false leaves | length error, median | p95 | end known after, median | p99 | \
         beats/h | bytes/h |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for contrast in contrasts {
        if let Some(before) = &contrast.before {
            row(&mut text, contrast.preset.name(), "before", before);
        }
        row(&mut text, contrast.preset.name(), "stillhere", &contrast.after);
    }
    text.push_str(
        "\nA leave is false when a page of that person, in that channel where there are channels, is open on a machine \
         that has been awake and connected for three minutes; a page that is frozen, or hidden for longer than the \
         preset's hold, does not count, and for `who-is-online` neither does a hidden one. A stay's true length is the \
         time its page was there, hidden or not, on a machine that was awake, with breaks of up to two minutes. Beats and bytes are \
         for each hour of that; a body without its token.\n\n`—`: the system never says that somebody has left.\n",
    );
    for (title, file) in PLOTS {
        let _ = write!(text, "\n## {title}\n\n![{title}]({file})\n");
    }
    text
}

fn row(text: &mut String, preset: &str, design: &str, tally: &Tally) {
    let _ = writeln!(
        text,
        "| {preset} | {design} | {} | {} | {} | {} | {} | {} | {:.1} | {:.0} |",
        tally.leaves,
        tally.false_leaves.total(),
        length(tally.length_error.quantile(500)),
        length(tally.length_error.quantile(950)),
        length(tally.detection.quantile(500)),
        length(tally.detection.quantile(990)),
        per_hour(tally.beats, tally),
        per_hour(tally.bytes, tally),
    );
}
