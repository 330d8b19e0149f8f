//! What one page of a tab leaves for the next, as one line of text.

use alloc::{string::String, vec::Vec};

use crate::{
    limits,
    spans::Span,
    time::{Millis, Timestamp},
    wire::{SessionId, push_number},
};

/// A session between two pages of the same tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Which session.
    pub session: SessionId,
    /// Its newest beat.
    pub seq: u32,
    /// Time since it began, when this was saved.
    pub t: Millis,
    /// The wall clock then: no monotonic clock lives on from one page to the next.
    pub wall: Timestamp,
    /// Active time in all.
    pub active: Millis,
    /// Spans that the server may not have kept.
    pub spans: Vec<Span>,
}

/// Told apart from what another version may write.
const VERSION: u64 = 2;

const SPACE: &str = " ";

impl Saved {
    /// One line of numbers: version, session in four parts, seq, t, wall, active, then each span's start and end. All of
    /// them are whole numbers that JavaScript can hold.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        push_number(&mut text, VERSION);
        let mut push = |number| {
            text.push_str(SPACE);
            push_number(&mut text, number);
        };
        for part in self.session.parts() {
            push(part.into());
        }
        for number in [u64::from(self.seq), self.t.0, self.wall.0, self.active.0] {
            push(number);
        }
        for span in &self.spans {
            push(span.start.0);
            push(span.end.0);
        }
        text
    }

    /// Reads what [`to_text`](Self::to_text) wrote; `None` for anything else, as pages can write there too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_numbers(text.split(' ').map(|word| word.parse().unwrap_or(u64::MAX)))
    }

    /// The same, once the text has been split into its numbers; what is none is [`u64::MAX`].
    #[must_use]
    pub fn from_numbers(mut numbers: impl Iterator<Item = u64>) -> Option<Self> {
        // So is what is missing: nothing that is said in whole numbers is as large.
        let mut next = || numbers.next().unwrap_or(u64::MAX);
        if next() != VERSION {
            return None;
        }
        let mut parts = [0; 4];
        for part in &mut parts {
            *part = u32::try_from(next()).ok()?;
        }
        let (seq, t, wall, active) = (u32::try_from(next()).ok()?, next(), next(), next());
        if t > limits::SESSION_AGE.0 || active > t {
            return None;
        }
        let mut spans = Vec::new();
        let mut floor = 0;
        while let Some(start) = numbers.next() {
            let end = numbers.next()?;
            if start < floor || end < start || end > t || spans.len() >= limits::SPANS {
                return None;
            }
            floor = end;
            spans.push(Span { start: Millis(start), end: Millis(end) });
        }
        Some(Self {
            session: SessionId::from_parts(parts),
            seq,
            t: Millis(t),
            wall: Timestamp(wall),
            active: Millis(active),
            spans,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn saved() -> Saved {
        Saved {
            session: SessionId([3; 16]),
            seq: 12,
            t: Millis(90_000),
            wall: Timestamp(1_790_000_000_000),
            active: Millis(0),
            spans: vec![Span { start: Millis(0), end: Millis(10) }, Span { start: Millis(50), end: Millis(90_000) }],
        }
    }

    #[test]
    fn a_session_survives_a_page_change() {
        assert_eq!(Saved::parse(&saved().to_text()), Some(saved()));
    }

    #[test]
    fn nonsense_in_the_storage_is_no_session() {
        let good = saved().to_text();
        for text in [
            "",
            "2",
            "1 x",
            "null",
            "2 1 2 3 4 1",
            &good.replacen('2', "3", 1),
            &good.replacen("50529027", "4294967296", 1),
            &good.replace(" 12 ", " -1 "),
            &good[..good.len() - 6],
            &good.replace(" 12 ", "  "),
            &good.replace(" 12 ", " 1x "),
            &good.replace(" 12 ", " 99999999999999999999 "),
        ] {
            assert_eq!(Saved::parse(text), None, "{text}");
        }
        assert_eq!(Saved::parse(&good.replace("90000 1790", "100 1790")), None, "a span after the end");
    }
}
