//! Spans: the closed intervals in which a tab was visible, on the tab's own clock; and how they unite on the server's.

use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    limits,
    time::{Millis, Timestamp},
};

/// A closed interval, in time since the session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first moment.
    pub start: Millis,
    /// Its last moment; never before `start`.
    pub end: Millis,
}

/// On the wire a span is its two ends.
impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (self.start, self.end).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (start, end) = Deserialize::deserialize(from)?;
        Ok(Self { start, end })
    }
}

/// Each span's start and end.
pub(crate) fn say_spans(spans: &[Span], mut say: impl FnMut(u64)) {
    for span in spans {
        say(span.start.0);
        say(span.end.0);
    }
}

impl Span {
    /// How long it is.
    #[must_use]
    pub const fn length(self) -> Millis {
        self.end.minus(self.start)
    }
}

/// A tab's own record of its visible spans that the server may not have kept yet.
#[derive(Clone, Debug, Default)]
pub struct SpanLog {
    closed: Vec<Pending>,
    open_since: Option<Millis>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    span: Span,
    /// The beat that first told it whole.
    told_in: u32,
}

/// Later than any beat.
const UNTOLD: u32 = u32::MAX;

impl SpanLog {
    /// A log that goes on from another page load's closed spans.
    #[must_use]
    pub fn resume(spans: Vec<Span>) -> Self {
        let mut closed = Vec::new();
        for span in spans {
            closed.push(Pending { span, told_in: UNTOLD });
        }
        Self { closed, open_since: None }
    }

    /// Whether the tab was not visible at all, as far as this log goes back.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.closed.is_empty() && self.open_since.is_none()
    }

    /// The tab became visible at `t`. Nothing changes if it was already.
    pub fn open(&mut self, t: Millis) {
        self.open_since.get_or_insert(t);
    }

    /// The tab was last visible at `t`. Nothing changes if it was not.
    pub fn close(&mut self, t: Millis) {
        let Some(start) = self.open_since.take() else { return };
        self.closed.push(Pending { span: Span { start, end: t.max(start) }, told_in: UNTOLD });
        // One place is for the open span.
        if self.closed.len() >= limits::SPANS {
            self.join_nearest();
        }
    }

    /// Every span that beat `seq`, sent at `t`, has to tell, the open one included.
    pub fn tell(&mut self, seq: u32, t: Millis) -> Vec<Span> {
        let mut told = Vec::new();
        for pending in &mut self.closed {
            pending.told_in = pending.told_in.min(seq);
            told.push(pending.span);
        }
        if let Some(start) = self.open_since {
            told.push(Span { start, end: t.max(start) });
        }
        told
    }

    /// The server keeps what beat `seq` and the ones before it have told.
    pub fn forget_until(&mut self, seq: u32) {
        self.closed.retain(|pending| pending.told_in > seq);
    }

    /// The closed spans, for the next page load.
    pub fn closed(&self) -> impl Iterator<Item = Span> {
        self.closed.iter().map(|pending| pending.span)
    }

    /// Makes room by joining the two spans with the shortest gap between them: it overstates by that gap, where
    /// dropping one would understate by the whole of it.
    fn join_nearest(&mut self) {
        let gap = |later: usize| self.closed[later].span.start.minus(self.closed[later - 1].span.end);
        let mut nearest = 1;
        for later in 2..self.closed.len() {
            if gap(later) < gap(nearest) {
                nearest = later;
            }
        }
        let end = self.closed.remove(nearest).span.end;
        self.closed[nearest - 1] = Pending { span: Span { end, ..self.closed[nearest - 1].span }, told_in: UNTOLD };
    }
}

/// The time that intervals on the server's clock cover together. A user's time is the union of the spans of all their
/// tabs and devices, so that nothing is counted twice.
///
/// It goes through them once and keeps only where they have reached, so a year of spans needs no memory. In exchange
/// they must come in the order in which they start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Union {
    length: Millis,
    until: Option<Timestamp>,
}

impl Union {
    /// Adds the interval; gives back the part of it that no earlier one has covered, if there is one.
    pub fn add(&mut self, start: Timestamp, end: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let start = self.until.map_or(start, |until| start.max(until));
        if end <= start {
            return None;
        }
        self.length = self.length.plus(end.since(start));
        self.until = Some(end);
        Some((start, end))
    }

    /// How much they cover so far.
    #[must_use]
    pub const fn length(&self) -> Millis {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn span(start: u64, end: u64) -> Span {
        Span { start: Millis(start), end: Millis(end) }
    }

    #[test]
    fn a_span_is_told_until_the_server_keeps_it() {
        let mut log = SpanLog::default();
        log.open(Millis(0));
        assert_eq!(log.tell(1, Millis(5)), [span(0, 5)]);
        log.close(Millis(9));
        log.forget_until(1);
        assert_eq!(log.tell(2, Millis(12)), [span(0, 9)], "beat 1 told only its beginning");
        log.open(Millis(20));
        assert_eq!(log.tell(3, Millis(25)), [span(0, 9), span(20, 25)]);
        log.forget_until(2);
        assert_eq!(log.tell(4, Millis(30)), [span(20, 30)]);
    }

    #[test]
    fn a_tab_that_is_offline_for_long_keeps_a_bounded_log_and_loses_no_time() {
        let mut log = SpanLog::default();
        for i in 0..1_000 {
            log.open(Millis(i * 10));
            log.close(Millis(i * 10 + 6));
        }
        let told = log.tell(1, Millis(10_000));
        assert!(told.len() < limits::SPANS);
        assert!(told.windows(2).all(|pair| pair[0].end <= pair[1].start));
        assert!(told.iter().map(|span| span.length().0).sum::<u64>() >= 6_000);
    }

    #[test]
    fn closing_twice_or_before_opening_makes_no_span() {
        let mut log = SpanLog::default();
        log.close(Millis(5));
        log.open(Millis(7));
        log.close(Millis(9));
        log.close(Millis(12));
        assert_eq!(log.tell(1, Millis(12)), [span(7, 9)]);
    }

    #[test]
    fn two_tabs_at_once_are_one_time() {
        let mut union = Union::default();
        let mut add = |start, end| union.add(Timestamp(start), Timestamp(end)).map(|(start, end)| (start.0, end.0));
        assert_eq!(add(10, 20), Some((10, 20)));
        assert_eq!(add(12, 18), None, "within the first");
        assert_eq!(add(15, 25), Some((20, 25)), "half of it is new");
        assert_eq!(add(40, 50), Some((40, 50)), "a pause is no time");
        assert_eq!(add(40, 50), None, "told twice");
        assert_eq!(union.length(), Millis(25));
    }
}
