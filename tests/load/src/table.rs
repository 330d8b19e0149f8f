//! What a measurement has found: rows beside what is to be reached, in Markdown.

use std::fmt::Write;

/// All that one measurement has found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Its noun, which is the name of its files too.
    pub(crate) noun: &'static str,
    pub(crate) title: &'static str,
    /// How it was measured.
    pub(crate) method: String,
    pub(crate) rows: Vec<Row>,
    /// Further figures; the first line is the head.
    pub(crate) details: Vec<Vec<String>>,
    /// More that a reader wants to see, as it is.
    pub(crate) appendix: String,
    /// What the plot shows, and what of.
    pub(crate) axis: &'static str,
    pub(crate) bars: Vec<Bar>,
}

/// One bar of the plot.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) words: String,
    /// Whether it is ours.
    pub(crate) is_ours: bool,
}

/// One claim.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) ours: String,
    /// What it stands beside, with its figure.
    pub(crate) baseline: String,
    pub(crate) ratio: Option<f64>,
    pub(crate) target: Option<Target>,
}

/// What is to be reached.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    words: String,
    is_met: bool,
}

impl Target {
    /// So much or more.
    pub(crate) fn at_least(value: f64, least: f64, words: &str) -> Self {
        Self { words: format!("≥ {words}"), is_met: value >= least }
    }

    /// So much or less.
    pub(crate) fn at_most(value: f64, most: f64, words: &str) -> Self {
        Self { words: format!("≤ {words}"), is_met: value <= most }
    }
}

impl Row {
    /// A figure of ours with nothing beside it.
    pub(crate) fn alone(what: impl Into<String>, ours: impl Into<String>, target: Option<Target>) -> Self {
        Self { what: what.into(), ours: ours.into(), baseline: String::new(), ratio: None, target }
    }

    const fn met(&self) -> &'static str {
        match &self.target {
            Some(Target { is_met: true, .. }) => "yes",
            Some(Target { is_met: false, .. }) => "**no**",
            None => "",
        }
    }
}

impl Table {
    /// The claims and the details.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from("| | stillhere | beside | ratio | to reach | met |\n|---|--:|--:|--:|--:|---|\n");
        for row in &self.rows {
            let ratio = row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2} ×"));
            let target = row.target.as_ref().map_or("", |target| &target.words);
            let Row { what, ours, baseline, .. } = row;
            // Writing to a String does not fail.
            let _ok = writeln!(text, "| {what} | {ours} | {baseline} | {ratio} | {target} | {} |", row.met());
        }
        for (number, line) in self.details.iter().enumerate() {
            let start = if number == 0 { "\n" } else { "" };
            let _ok = writeln!(text, "{start}| {} |", line.join(" | "));
            if number == 0 {
                let _ok = writeln!(text, "|---|{}", "--:|".repeat(line.len() - 1));
            }
        }
        if !self.appendix.is_empty() {
            let _ok = write!(text, "\n{}", self.appendix);
        }
        text
    }

    /// What was to be reached and was not.
    pub(crate) fn unmet(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.target.as_ref().is_some_and(|target| !target.is_met))
    }
}

/// The middle one of an odd number, the upper middle one of an even number; 0 of none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// 12345.6 as "12,346".
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_whether_it_is_what_was_to_be_reached() {
        let row = |value| Row {
            ratio: Some(value),
            baseline: "bare 10".to_owned(),
            ..Row::alone("beats", "9", Some(Target::at_least(value, 0.95, "0.95 ×")))
        };
        let table = Table { rows: vec![row(0.9), row(0.951)], ..Table::default() };
        let text = table.markdown();
        assert!(text.contains("| beats | 9 | bare 10 | 0.90 × | ≥ 0.95 × | **no** |"), "{text}");
        assert!(text.contains("| beats | 9 | bare 10 | 0.95 × | ≥ 0.95 × | yes |"), "{text}");
        assert_eq!(table.unmet().count(), 1);
    }

    #[test]
    fn details_have_a_head() {
        let lines = [["who", "p99"], ["we", "1"]].map(|line| line.map(str::to_owned).to_vec());
        let table = Table { details: lines.to_vec(), ..Table::default() };
        assert!(table.markdown().ends_with("\n\n| who | p99 |\n|---|--:|\n| we | 1 |\n"));
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!([median([3.0, 1.0, 2.0]), median([2.0]), median([])], [2.0, 2.0, 0.0]);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([1.0, 999.4, 1_000.0, 1_234_567.0].map(grouped), ["1", "999", "1,000", "1,234,567"]);
    }
}
