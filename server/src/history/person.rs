//! How long one person was here: the union over their tabs and devices, so that no time is counted twice.

use std::collections::BTreeMap;

use stillhere_engine::{
    spans::Union,
    time::{Millis, Timestamp},
};

use crate::{
    limits, moment,
    store::{Range, Trace},
};

/// Whether the days are told too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// The whole range only.
    None,
    /// Each day of UTC as well.
    Days,
}

/// The lengths of one person in a range, while they are being counted. It holds the days and nothing for each session.
#[derive(Debug)]
pub(crate) struct Person {
    range: Range,
    split: Split,
    here: Union,
    visible: Union,
    whole: Tally,
    days: BTreeMap<Timestamp, Tally>,
}

/// What a person did in a time. Active is never more than visible, and visible never more than here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Sessions that were there at a moment of it.
    pub(crate) sessions: u64,
    /// The time with at least one session.
    pub(crate) here: Millis,
    /// The time with at least one visible tab.
    pub(crate) visible: Millis,
    /// The person was active for no more than this: a session tells only how long in all, and not when.
    pub(crate) active: Millis,
    /// The first and the last moment with a session.
    pub(crate) seen: Option<(Timestamp, Timestamp)>,
}

impl Person {
    /// Begins to count.
    ///
    /// # Errors
    /// A sentence for whoever asked for too many days.
    pub(crate) fn new(range: Range, split: Split) -> Result<Self, String> {
        let most = limits::HISTORY_DAYS;
        if split == Split::Days && range.length() > moment::DAY.times(most) {
            return Err(format!("With `by=day` there may be {most} days at most from `from` to `to`; name both."));
        }
        let (here, visible) = (Union::default(), Union::default());
        Ok(Self { range, split, here, visible, whole: Tally::default(), days: BTreeMap::new() })
    }

    /// Counts what comes next.
    pub(crate) fn take(&mut self, trace: &Trace) {
        match *trace {
            Trace::Session { started_at, until, active } => self.take_session(started_at, until, active),
            Trace::Span { start_at, end_at } => {
                let (start, end) = self.range.clip(start_at, end_at);
                if let Some((start, end)) = self.visible.add(start, end) {
                    self.tell(start, end, |tally, start, end| tally.visible = tally.visible.plus(end.since(start)));
                }
            }
        }
    }

    /// The whole, and the days of which there is something to tell.
    pub(crate) fn finish(self) -> (Tally, impl Iterator<Item = (Timestamp, Tally)>) {
        (self.whole.capped(), self.days.into_iter().map(|(day, tally)| (day, tally.capped())))
    }

    fn take_session(&mut self, started_at: Timestamp, until: Timestamp, active: Millis) {
        if until < self.range.from() || started_at >= self.range.to() {
            return;
        }
        let (start, end) = self.range.clip(started_at, until);
        self.tell(start, end, |tally, start, end| tally.note_session(start, end, active));
        if let Some((start, end)) = self.here.add(start, end) {
            self.tell(start, end, |tally, start, end| tally.here = tally.here.plus(end.since(start)));
        }
    }

    /// Tells the whole of an interval, and each day of its part.
    fn tell(&mut self, start: Timestamp, end: Timestamp, mut note: impl FnMut(&mut Tally, Timestamp, Timestamp)) {
        note(&mut self.whole, start, end);
        let (mut day, mut from) = (moment::day_of(start), start);
        while self.split == Split::Days {
            let midnight = day.after(moment::DAY);
            note(self.days.entry(day).or_default(), from, end.min(midnight));
            // What reaches midnight and no further has nothing of the next day.
            if end <= midnight {
                break;
            }
            (day, from) = (midnight, midnight);
        }
    }
}

impl Tally {
    fn note_session(&mut self, start: Timestamp, end: Timestamp, active: Millis) {
        self.sessions += 1;
        self.active = self.active.plus(active.min(end.since(start)));
        let (first, last) = self.seen.unwrap_or((start, end));
        self.seen = Some((first.min(start), last.max(end)));
    }

    /// Spans are placed by the beats that told them, and may reach a little over their session.
    fn capped(self) -> Self {
        let visible = self.visible.min(self.here);
        Self { visible, active: self.active.min(visible), ..self }
    }
}
