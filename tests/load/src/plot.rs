//! Bars, written as SVG by hand. They follow the reader's choice of light or dark.

use std::fmt::Write;

use crate::table::Table;

const WIDTH: f64 = 760.0;
/// Where bars begin and end; names are to the left, values to the right.
const LEFT: f64 = 210.0;
const RIGHT: f64 = WIDTH - 110.0;
const TOP: f64 = 34.0;
const BAR: f64 = 16.0;
const GAP: f64 = 8.0;

const STYLE: &str = "text{fill:#24292f}.faint{fill:#57606a}.other{fill:#bc4c00}.ours{fill:#0969da}\
    @media(prefers-color-scheme:dark){text{fill:#e6edf3}.faint{fill:#9198a1}.other{fill:#db6d28}.ours{fill:#4493f8}}";

/// The table's bars, from nothing to the longest.
pub(crate) fn draw(table: &Table) -> String {
    let most = table.bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let height = TOP + table.bars.len() as f64 * (BAR + GAP) + 22.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<title>{0}</title>\n<style>{STYLE}</style>\n\
         <text y=\"18\" font-size=\"15\" font-weight=\"600\">{0}</text>\n",
        escaped(table.title),
    );
    for (number, bar) in table.bars.iter().enumerate() {
        let y = TOP + number as f64 * (BAR + GAP);
        let length = bar.value / most * (RIGHT - LEFT);
        let class = if bar.is_ours { "ours" } else { "other" };
        // Writing to a String does not fail.
        let _ok = writeln!(
            svg,
            "<text y=\"{0}\">{1}</text><rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" \
             height=\"{BAR}\" rx=\"2\"/><text x=\"{2:.1}\" y=\"{0}\">{3}</text>",
            y + BAR - 4.0,
            escaped(&bar.name),
            LEFT + length + 6.0,
            escaped(&bar.words),
        );
    }
    let _ok = writeln!(
        svg,
        "<text class=\"faint\" x=\"{LEFT}\" y=\"{}\">{}</text>\n</svg>",
        height - 6.0,
        escaped(table.axis)
    );
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Bar;

    #[test]
    fn the_longest_bar_fills_the_place_and_the_others_are_as_long_as_they_should_be() {
        let bar = |value: f64| Bar { name: "a < b".into(), value, words: format!("{value}"), is_ours: true };
        let svg = draw(&Table { bars: vec![bar(4.0), bar(1.0)], ..Table::default() });
        assert!(svg.contains("width=\"440.0\"") && svg.contains("width=\"110.0\""), "{svg}");
        assert!(svg.contains("a &lt; b"));
    }
}
