//! The report's tables, in Markdown.

use std::fmt::Write as _;

use super::{Contrast, length, per_hour};
use crate::{agenda::HOUR, cause::Cause, scenario::Scenario, tally::Tally};

const HEAD: &str = "| system | | false leaves | of them forbidden | length error, median | p95 | end known after, median | \
    p95 | beats/h | kB/h |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n";

const NOTES: &str = "A leave is false when a page of that person, in that channel where there are channels, is open on a \
    machine that has been awake and connected for three minutes, or is being loaded in place of the one before. A page \
    that is frozen, in the back/forward cache, or paused counts for as long as the preset holds it; for `who-is-online` a \
    hidden one does not. *Forbidden* are those that come from hidden, throttled, frozen or cached pages, from restarts, \
    or from nothing that anybody can name; the others need a network that loses beats, a next page that takes longer than \
    `leave_grace_ms` to load, or a return in that very second. An idle reader who is told to have left is *idle*: the old \
    `who-is-online` means it so.\n\nA stay's true length is the time its page was there, hidden or not, on a machine \
    that was awake, with breaks of up to two minutes. The old systems have one session for each page and stillhere one \
    for each tab, over its page changes; so theirs are more, and shorter. *Killed* pages count on both sides. `—`: the \
    system never says that somebody has left. Beats and bytes are for each hour that a page was open, without tokens \
    and headers: an old beat is a hundred bytes, ours tells its session, its promise and every span that is not known to \
    be kept.\n";

/// The table that the README shows too.
pub(super) fn comparison(contrasts: &[Contrast]) -> String {
    let mut text = String::from(HEAD);
    for contrast in contrasts {
        row(&mut text, contrast.preset.name(), "before", &contrast.before);
        row(&mut text, "", "stillhere", &contrast.after);
    }
    text
}

/// In which world, and with which command again.
pub(super) fn world(scenario: &Scenario) -> String {
    format!(
        "{} people, {} h of virtual time on a usual day: machines fall asleep; pages, browsers and the server crash; networks \
         fail, hidden tabs are throttled and frozen, one page in fifty takes nine seconds to load. Both rows of a system \
         have the same people, who do the same.",
        scenario.persons,
        scenario.length / HOUR
    )
}

pub(super) fn markdown(scenario: &Scenario, contrasts: &[Contrast], plots: &[(&str, &str)]) -> String {
    let mut text = String::from("# Each system beside the preset that replaces it\n\n");
    let _ = writeln!(
        text,
        "{}\n\nMade by `cargo xtask sim --report DIR --seed {} --persons {} --hours {}`.\n",
        world(scenario),
        scenario.seed,
        scenario.persons,
        scenario.length / HOUR
    );
    text.push_str(&comparison(contrasts));
    let _ = write!(text, "\n{NOTES}\n## False leaves by cause\n\n");
    text.push_str(&causes(contrasts));
    for (file, title) in plots {
        let _ = write!(text, "\n## {title}\n\n![{title}]({file})\n");
    }
    text
}

fn causes(contrasts: &[Contrast]) -> String {
    let mut text = String::from("| cause |");
    for contrast in contrasts {
        let _ = write!(text, " {}, before | stillhere |", contrast.preset.name());
    }
    let _ = write!(text, "\n|---|{}\n", "--:|".repeat(contrasts.len() * 2));
    for &cause in Cause::ALL.iter().rev() {
        let forbidden = if cause.is_forbidden() { " (forbidden)" } else { "" };
        let _ = write!(text, "| {}{forbidden} |", cause.name());
        for contrast in contrasts {
            let count = |tally: &Tally| tally.false_leaves.of(cause);
            let _ = write!(text, " {} | {} |", count(&contrast.before), count(&contrast.after));
        }
        text.push('\n');
    }
    let _ = write!(text, "| leaves told in all |");
    for contrast in contrasts {
        let _ = write!(text, " {} | {} |", contrast.before.leaves, contrast.after.leaves);
    }
    text.push('\n');
    text
}

fn row(text: &mut String, preset: &str, design: &str, tally: &Tally) {
    let says = |count: u64| if tally.leaves == 0 { "—".into() } else { count.to_string() };
    let _ = writeln!(
        text,
        "| {preset} | {design} | {} | {} | {} | {} | {} | {} | {:.0} | {:.1} |",
        says(tally.false_leaves.total()),
        says(tally.false_leaves.forbidden()),
        length(tally.length_error.quantile(500)),
        length(tally.length_error.quantile(950)),
        length(tally.detection.quantile(500)),
        length(tally.detection.quantile(950)),
        per_hour(tally.beats, tally),
        per_hour(tally.bytes, tally) / 1_000.0,
    );
}
