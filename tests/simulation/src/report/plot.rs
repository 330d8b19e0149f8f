//! The report's plots: bars, written as SVG by hand.

use std::fmt::Write as _;

use super::{Contrast, length, per_hour};
use crate::tally::Tally;

const WIDTH: f64 = 760.0;
const LABELS: f64 = 160.0;
const VALUES: f64 = 90.0;
const BAR: f64 = 14.0;
const GAP: f64 = 14.0;

/// What a plot shows of a run: its height, and how people read it.
type Shown = fn(&Tally) -> (f64, String);

pub(super) fn all(contrasts: &[Contrast]) -> [(&'static str, String); 5] {
    let plots: [(&str, &str, Shown); 5] = [
        ("false-leaves.svg", "False leaves", |tally| {
            (tally.false_leaves.total() as f64, tally.false_leaves.total().to_string())
        }),
        ("length-error.svg", "Error of a stay's length, 95th percentile", |tally| {
            let error = tally.length_error.quantile(950);
            (error.unwrap_or(0) as f64, length(error))
        }),
        ("detection.svg", "Time until an end is known, 99th percentile", |tally| {
            let after = tally.detection.quantile(990);
            (after.unwrap_or(0) as f64, length(after))
        }),
        ("beats.svg", "Beats for each hour of a page", |tally| {
            let beats = per_hour(tally.beats, tally);
            (beats, format!("{beats:.0}"))
        }),
        ("bytes.svg", "Bytes for each hour of a page", |tally| {
            let bytes = per_hour(tally.bytes, tally);
            (bytes, format!("{bytes:.0}"))
        }),
    ];
    plots.map(|(file, title, shown)| (file, bars(title, contrasts, shown)))
}

fn bars(title: &str, contrasts: &[Contrast], shown: Shown) -> String {
    let values = contrasts.iter().flat_map(|contrast| contrast.before.iter().chain([&contrast.after]));
    let most = values.map(|tally| shown(tally).0).fold(1.0, f64::max);
    let height = 56.0 + contrasts.len() as f64 * (2.0 * BAR + GAP);
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" font-family=\"system-ui, \
         sans-serif\" font-size=\"12\">\n<title>{title}</title>\n<style>text{{fill:#222}}.before{{fill:#c2560a}}\
         .after{{fill:#1b6ca8}}@media (prefers-color-scheme:dark){{text{{fill:#ddd}}}}</style>\n<text x=\"0\" y=\"16\" \
         font-size=\"15\">{title}</text>\n<rect class=\"before\" x=\"{LABELS}\" y=\"26\" width=\"10\" \
         height=\"10\"/><text x=\"{}\" y=\"35\">before</text>\n<rect class=\"after\" x=\"{}\" y=\"26\" width=\"10\" \
         height=\"10\"/><text x=\"{}\" y=\"35\">stillhere</text>\n",
        LABELS + 14.0,
        LABELS + 70.0,
        LABELS + 84.0,
    );
    for (number, contrast) in contrasts.iter().enumerate() {
        let y = 48.0 + number as f64 * (2.0 * BAR + GAP);
        let _ = writeln!(svg, "<text x=\"0\" y=\"{}\">{}</text>", y + BAR + 4.0, contrast.preset.name());
        if let Some(before) = &contrast.before {
            bar(&mut svg, "before", y, most, shown(before));
        }
        bar(&mut svg, "after", y + BAR, most, shown(&contrast.after));
    }
    svg.push_str("</svg>\n");
    svg
}

fn bar(svg: &mut String, class: &str, y: f64, most: f64, (value, words): (f64, String)) {
    let width = (value / most * (WIDTH - LABELS - VALUES)).max(1.0);
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{LABELS}\" y=\"{y}\" width=\"{width:.1}\" height=\"{}\"/><text x=\"{:.1}\" \
         y=\"{}\">{words}</text>",
        BAR - 2.0,
        LABELS + width + 6.0,
        y + BAR - 4.0,
    );
}
