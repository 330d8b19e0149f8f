//! The table: what the simulation plays beside what a real browser does.

use std::fmt::Write;

/// One line of it.
pub(crate) struct Fact {
    pub(crate) what: &'static str,
    pub(crate) model: String,
    pub(crate) browser: String,
    pub(crate) verdict: Verdict,
}

/// Whether both agree.
pub(crate) enum Verdict {
    Agree(&'static str),
    /// The model is worse than the browser, so what holds there holds here.
    Harsher,
    Differ(&'static str),
}

impl Fact {
    /// A length in milliseconds that may be off by `within`.
    pub(crate) fn length(what: &'static str, model: f64, browser: f64, within: f64, words: &'static str) -> Self {
        let agrees = (model - browser).abs() <= within;
        Self { what, model: in_words(model), browser: in_words(browser), verdict: Verdict::of(agrees, words) }
    }

    /// A list of events, in order.
    pub(crate) fn events(what: &'static str, model: &[&str], browser: &[String]) -> Self {
        let list = |words: Vec<&str>| if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
        let told: Vec<&str> = browser.iter().map(String::as_str).collect();
        let verdict = Verdict::of(told == model, "the same events");
        Self { what, model: list(model.to_vec()), browser: list(told), verdict }
    }
}

impl Verdict {
    pub(crate) const fn of(agrees: bool, within: &'static str) -> Self {
        if agrees { Self::Agree(within) } else { Self::Differ(within) }
    }
}

pub(crate) fn in_words(ms: f64) -> String {
    if ms.abs() >= 1_000.0 { format!("{:.1} s", ms / 1_000.0) } else { format!("{ms:.0} ms") }
}

pub(crate) fn list(lengths: &[f64]) -> String {
    lengths.iter().map(|&length| in_words(length)).collect::<Vec<_>>().join(", ")
}

/// The whole file.
pub(crate) fn document(browser: &str, date: &str, facts: &[Fact]) -> String {
    let mut text = format!(
        "# What browsers do, in the model and in truth\n\n\
         Written by `cargo xtask browser-facts` with {browser} on {date}; do not edit. The model's column is read from\n\
         `src/habits.rs`. A page is hidden by minimising its window.\n\n\
         | what | model | Chromium | agrees |\n|---|---|---|---|\n"
    );
    for Fact { what, model, browser, verdict } in facts {
        let verdict = match verdict {
            Verdict::Agree(within) => format!("yes ({within})"),
            Verdict::Harsher => "the model is harsher".to_owned(),
            Verdict::Differ(within) => format!("**no** ({within})"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {what} | {model} | {browser} | {verdict} |");
    }
    text
}
