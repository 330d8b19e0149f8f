//! A person's time: what their tabs' spans add up to by the records, and in truth.

use std::collections::BTreeMap;

use stillhere_engine::{
    spans::Union,
    time::{Millis, Timestamp},
    tracker::SpanRow,
};

use crate::{agenda::Ms, checks::Broken};

/// The spans of one session as the store merges them: named by their start on the tab's clock.
pub type Spans = BTreeMap<u64, SpanRow>;

/// Writes a span: its start is placed once, its end moves on.
pub fn merge(spans: &mut Spans, row: &SpanRow) {
    let old = spans.entry(row.span.start.0).or_insert(*row);
    if row.span.end > old.span.end {
        old.span.end = row.span.end;
        old.end_at = old.end_at.max(row.end_at);
    }
}

/// One person's visible time from all of their sessions that are over.
#[derive(Clone, Debug, Default)]
pub struct Time {
    recorded: Vec<(Timestamp, Timestamp)>,
    truth: Vec<(Timestamp, Timestamp)>,
    /// By how much the records may be above the truth: what delays, and sleeps that go unnoticed, add.
    slack: Ms,
    /// Something happened of which nobody can know.
    is_blurred: bool,
}

impl Time {
    /// A session is over.
    pub fn add(&mut self, spans: &Spans, seen: &[(Ms, Ms)], slack: Ms, is_blurred: bool) {
        self.recorded.extend(spans.values().map(|row| (row.start_at, row.end_at)));
        self.truth.extend(seen.iter().map(|&(from, until)| (Timestamp(from), Timestamp(until))));
        self.slack += slack;
        self.is_blurred |= is_blurred;
    }

    /// Check: a person's recorded time is not above what the union of all their looking was in truth.
    ///
    /// # Errors
    /// By how much it is.
    pub fn compare(&self, person: u32) -> Result<(), Broken> {
        let (recorded, truth) = (length(self.recorded.clone()), length(self.truth.clone()));
        if self.is_blurred || recorded.0 <= truth.0 + self.slack {
            return Ok(());
        }
        let what = format!(
            "p{person} looked for {} ms by the union of the records and for {} ms in truth; {} ms are forgiven",
            recorded.0, truth.0, self.slack
        );
        Err(Broken::new("time_is_never_counted_twice", what))
    }
}

fn length(mut intervals: Vec<(Timestamp, Timestamp)>) -> Millis {
    intervals.sort_unstable();
    let mut union = Union::default();
    for (start, end) in intervals {
        union.add(start, end);
    }
    union.length()
}
