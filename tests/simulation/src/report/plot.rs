//! The report's plots: bars, written as SVG by hand. They follow the reader's choice of light or dark.

use std::fmt::Write as _;

use super::{Contrast, length, per_hour};
use crate::{
    agenda::{HOUR, MINUTE, SECOND},
    tally::Tally,
};

const WIDTH: f64 = 760.0;
/// Where bars begin and end; names are to the left, values to the right.
const LEFT: f64 = 150.0;
const RIGHT: f64 = WIDTH - 80.0;
const TOP: f64 = 64.0;
const BAR: f64 = 13.0;
const GAP: f64 = 16.0;

const STYLE: &str = "text{fill:#24292f}.faint{fill:#57606a}.before{fill:#bc4c00}.after{fill:#0969da}\
    .grid{stroke:#d0d7de;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.faint{fill:#9198a1}\
    .before{fill:#db6d28}.after{fill:#4493f8}.grid{stroke:#3d444d}}";

/// How a value becomes a length.
#[derive(Clone, Copy)]
enum Scale {
    /// Ten times as much is one step further; from here on.
    Log(f64),
    /// From nothing.
    Linear,
}

/// One plot. A value of `None` says that there is nothing to measure.
struct Plot {
    file: &'static str,
    title: &'static str,
    axis: &'static str,
    scale: Scale,
    /// The places of the axis that have a line, where they are not simply every so many.
    ticks: &'static [f64],
    value: fn(&Tally) -> Option<f64>,
    words: fn(f64) -> String,
}

const TIMES: [f64; 8] = [
    10.0,
    100.0,
    SECOND as f64,
    10.0 * SECOND as f64,
    MINUTE as f64,
    10.0 * MINUTE as f64,
    HOUR as f64,
    10.0 * HOUR as f64,
];

const PLOTS: [Plot; 5] = [
    Plot {
        file: "false-leaves.svg",
        title: "False leaves: people who were there and were said to have left",
        axis: "leaves, each line ten times as many",
        scale: Scale::Log(0.5),
        ticks: &[1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0],
        value: |tally| (tally.leaves > 0).then(|| tally.false_leaves.total() as f64),
        words: |value| format!("{value:.0}"),
    },
    Plot {
        file: "length-error.svg",
        title: "How wrong a stay's length is, 95th percentile",
        axis: "time, each line six to ten times as long",
        scale: Scale::Log(10.0),
        ticks: &TIMES,
        value: |tally| tally.length_error.quantile(950).map(|ms| ms as f64),
        words: |value| length(Some(value as u64)),
    },
    Plot {
        file: "detection.svg",
        title: "Time until an end is known, 95th percentile",
        axis: "time, each line six to ten times as long",
        scale: Scale::Log(10.0),
        ticks: &TIMES,
        value: |tally| tally.detection.quantile(950).map(|ms| ms as f64),
        words: |value| length(Some(value as u64)),
    },
    Plot {
        file: "beats.svg",
        title: "Requests of a page",
        axis: "beats in an hour",
        scale: Scale::Linear,
        ticks: &[],
        value: |tally| Some(per_hour(tally.beats, tally)),
        words: |value| format!("{value:.0}"),
    },
    Plot {
        file: "bytes.svg",
        title: "Bytes of a page's requests, without tokens and headers",
        axis: "kB in an hour",
        scale: Scale::Linear,
        ticks: &[],
        value: |tally| Some(per_hour(tally.bytes, tally) / 1_000.0),
        words: |value| format!("{value:.1}"),
    },
];

/// Each plot's file, title and SVG.
pub(super) fn all(contrasts: &[Contrast]) -> Vec<(&'static str, &'static str, String)> {
    PLOTS.iter().map(|plot| (plot.file, plot.title, plot.draw(contrasts))).collect()
}

impl Plot {
    fn draw(&self, contrasts: &[Contrast]) -> String {
        let values = contrasts.iter().flat_map(|contrast| [Some(&contrast.before), Some(&contrast.after)]).flatten();
        let most = values.filter_map(self.value).fold(1.0, f64::max);
        let bottom = TOP + contrasts.len() as f64 * (2.0 * BAR + GAP);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" font-family=\"system-ui, \
             sans-serif\" font-size=\"12\">\n<title>{}</title>\n<style>{STYLE}</style>\n<text y=\"18\" \
             font-size=\"15\" font-weight=\"600\">{}</text>\n",
            bottom + 44.0,
            self.title,
            self.title,
        );
        for (class, name, x) in [("before", "the old system", LEFT), ("after", "stillhere", LEFT + 120.0)] {
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{x}\" y=\"34\" width=\"11\" height=\"11\" rx=\"2\"/><text x=\"{}\" \
                 y=\"44\">{name}</text>",
                x + 16.0
            );
        }
        self.draw_axis(&mut svg, most, bottom);
        for (number, contrast) in contrasts.iter().enumerate() {
            let y = TOP + number as f64 * (2.0 * BAR + GAP);
            let middle = y + BAR + 4.0;
            let _ = writeln!(svg, "<text y=\"{middle}\">{}</text>", contrast.preset.name());
            self.draw_bar(&mut svg, "before", y, most, &contrast.before);
            self.draw_bar(&mut svg, "after", y + BAR, most, &contrast.after);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn draw_axis(&self, svg: &mut String, most: f64, bottom: f64) {
        let every = step(most);
        let evenly: Vec<f64> = (0..=8).map(|tick| f64::from(tick) * every).collect();
        let ticks = if self.ticks.is_empty() { &evenly } else { self.ticks };
        for &tick in ticks.iter().filter(|&&tick| tick <= most) {
            let x = self.place(tick, most);
            let shown = (self.words)(tick).replace(".0", "");
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{x:.1} {} V{bottom}\"/><text class=\"faint\" x=\"{x:.1}\" y=\"{}\" \
                 text-anchor=\"middle\">{shown}</text>",
                TOP - 6.0,
                bottom + 14.0,
            );
        }
        let _ = writeln!(
            svg,
            "<text class=\"faint\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            f64::midpoint(LEFT, RIGHT),
            bottom + 34.0,
            self.axis
        );
    }

    fn draw_bar(&self, svg: &mut String, class: &str, y: f64, most: f64, tally: &Tally) {
        let value = (self.value)(tally);
        let end = value.map_or(LEFT, |value| self.place(value, most));
        let words = value.map_or("never says so".into(), self.words);
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"{}\" rx=\"2\"/><text x=\"{:.1}\" \
             y=\"{}\">{words}</text>",
            end - LEFT,
            BAR - 1.0,
            end + 6.0,
            y + BAR - 3.0,
        );
    }

    fn place(&self, value: f64, most: f64) -> f64 {
        let part = match self.scale {
            Scale::Log(least) => (value.max(least) / least).log10() / (most.max(least * 10.0) / least).log10(),
            Scale::Linear => value / most,
        };
        LEFT + part * (RIGHT - LEFT)
    }
}

/// One, two or five times a power of ten, so that at most eight lines are drawn.
fn step(most: f64) -> f64 {
    let power = 10_f64.powf((most / 8.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| most / step <= 8.0).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_at_round_numbers_and_at_most_eight() {
        assert_eq!([7.0, 30.0, 75.0, 540.0, 90_000.0].map(step), [1.0, 5.0, 10.0, 100.0, 20_000.0]);
    }
}
