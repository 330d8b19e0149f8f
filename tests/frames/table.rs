//! The table of frames, in Markdown, and whether it is what was promised.

use std::fmt::Write;

use serde_json::Value;
use stillhere_tests::machine;

use crate::crowd::{CHANGES_PER_S, PEOPLE};

/// Frames in a second that are a smooth page.
const FRAMES: f64 = 50.0;

/// Of the changes that there were, so many have to have reached the page: one of twenty may be on its way.
const SHARE: f64 = 0.95;

/// What the page has found while it was looked at.
pub(crate) struct Smoothness {
    frames: f64,
    most_ms: f64,
    longest_ms: f64,
    tasks: f64,
    tasks_ms: f64,
    changes: f64,
    draws: f64,
    snapshots: f64,
}

impl From<Value> for Smoothness {
    fn from(found: Value) -> Self {
        let of = |name: &str| found[name].as_f64().expect("a figure");
        Self {
            frames: of("framesASecond"),
            most_ms: of("mostMs"),
            longest_ms: of("longestMs"),
            tasks: of("tasks"),
            tasks_ms: of("tasksMs"),
            changes: of("changesASecond"),
            draws: of("drawsASecond"),
            snapshots: of("snapshots"),
        }
    }
}

impl Smoothness {
    /// Why it is not good enough, beside the same page at rest.
    pub(crate) fn complaint(&self, still: &Self) -> Option<String> {
        let wanted = SHARE * f64::from(CHANGES_PER_S);
        if self.frames <= FRAMES {
            let busy = if still.frames <= FRAMES {
                "; nor were they while nothing changed, so the machine is busy"
            } else {
                ""
            };
            return Some(format!("{:.1} frames a second are not above {FRAMES}{busy}", self.frames));
        }
        if self.changes < wanted {
            return Some(format!("{:.1} changes a second have come to the page, of {CHANGES_PER_S}", self.changes));
        }
        (self.snapshots > 0.0).then(|| "the page was too slow for the feed, and had to begin anew".to_owned())
    }

    fn row(&self, what: &str, ratio: &str) -> String {
        format!(
            "| {what} | {:.1}{ratio} | {:.0} ms | {:.0} ms | {:.0} ({:.0} ms in all) | {:.0} | {:.0} |\n",
            self.frames, self.most_ms, self.longest_ms, self.tasks, self.tasks_ms, self.draws, self.changes
        )
    }
}

/// The whole table, and below it what it was made with.
pub(crate) fn document(
    browser: &str,
    seconds: u64,
    still: &Smoothness,
    busy: &Smoothness,
    load: Option<f64>,
) -> String {
    let mut text = format!(
        "| the dashboard with {} people | frames a second | 95 % of them within | the longest | tasks above 50 ms | lists drawn a second | changes taken a second |\n\
         |---|--:|--:|--:|--:|--:|--:|\n",
        thousands(PEOPLE)
    );
    text += &still.row("nothing changes", "");
    text += &busy.row(&format!("{CHANGES_PER_S} changes a second"), &format!(" ({:.2} ×)", busy.frames / still.frames));
    let wanted = SHARE * f64::from(CHANGES_PER_S);
    let load = load.map_or_else(String::new, |load| format!(", with a load average of {load:.1} as it began"));
    // Writing to a String does not fail.
    let _ok = writeln!(
        text,
        "| to reach | above {FRAMES} | | | | | {wanted} |\n\n{browser} on {}{load}: {seconds} seconds of each, in half of which \
         somebody scrolls. Without a screen it draws 60 frames a second at most.",
        machine::processor()
    );
    text
}

/// 10000 as "10,000".
fn thousands(number: usize) -> String {
    format!("{},{:03}", number / 1_000, number % 1_000)
}
