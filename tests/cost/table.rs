//! The table of costs, in Markdown.

use std::fmt::Write;

use serde_json::Value;
use stillhere_tests::machine;

/// A way to beat.
pub(crate) struct Way {
    /// Its name in the page's address.
    pub(crate) key: &'static str,
    title: &'static str,
}

/// The last is what the others are held against.
pub(crate) const WAYS: [Way; 3] = [
    Way { key: "index", title: "index.js" },
    Way { key: "slim", title: "slim.js and wasm" },
    Way { key: "twin", title: "plain JavaScript" },
];

/// Everything that was found out about one way.
#[derive(Default)]
pub(crate) struct Cost {
    first_beat_ms: Vec<f64>,
    longest_task_ms: Vec<f64>,
    beat_ms: Vec<f64>,
    events_ms: Vec<f64>,
    pages: Vec<f64>,
}

impl Cost {
    /// What one visit has found.
    pub(crate) fn note(&mut self, found: &Value) {
        for (field, figures) in [
            ("firstBeatMs", &mut self.first_beat_ms),
            ("longestTaskMs", &mut self.longest_task_ms),
            ("beatMs", &mut self.beat_ms),
            ("eventsMs", &mut self.events_ms),
            ("pages", &mut self.pages),
        ] {
            figures.extend(found[field].as_f64());
        }
    }
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The whole table, and below it what it was made with.
pub(crate) fn document(browser: &str, rounds: usize, costs: &[Cost; WAYS.len()]) -> String {
    let titles = WAYS.map(|way| way.title).join(" | ");
    let mut text = format!("| what it costs a page | {titles} | to reach |\n|---|--:|--:|--:|--:|\n");
    let mut row = |what: &str, figures: [String; WAYS.len()], reach: &str| {
        // Writing to a String does not fail.
        let _ok = writeln!(text, "| {what} | {} | {reach} |", figures.join(" | "));
    };
    let all = |look: fn(&Cost) -> f64| costs.each_ref().map(look);
    let first = all(|cost| median(&cost.first_beat_ms));
    row("from the module's start to the first beat on the wire", beside_the_last(first, "ms", 1.0), "25 ms");
    row("a beat", beside_the_last(all(|cost| median(&cost.beat_ms)), "µs", 1_000.0), "");
    let events = all(|cost| median(&cost.events_ms).max(0.0));
    row("1,000 inputs in a row", events.map(|ms| format!("{ms:.2} ms")), "below 2 ms");
    row(
        "longest task at the start",
        all(|cost| median(&cost.longest_task_ms)).map(|ms| format!("{ms:.1} ms")),
        "50 ms",
    );
    let pages = all(|cost| median(&cost.pages));
    row("pages of wasm memory at the start", pages.map(|pages| pages.to_string()), "2");
    let _ok = writeln!(
        text,
        "\n{browser} on {}: medians of {rounds} interleaved runs, nothing cached.",
        machine::processor()
    );
    text
}

/// The figures, and how many times the last one each is.
fn beside_the_last<const N: usize>(figures: [f64; N], unit: &str, factor: f64) -> [String; N] {
    let last = figures.last().copied().unwrap_or(f64::NAN);
    figures.map(|figure| format!("{:.1} {unit} ({:.1} ×)", figure * factor, figure / last))
}
