//! What one page of a tab leaves for the next, in numbers.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use crate::{
    limits,
    spans::{Span, say_spans},
    time::{Millis, Timestamp},
    wire::SessionId,
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

impl Saved {
    /// Says it in whole numbers that JavaScript can hold: version, session in four parts, seq, t, wall, active, then each
    /// span's start and end.
    pub fn say(&self, mut say: impl FnMut(u64)) {
        say(VERSION);
        self.session.parts().into_iter().for_each(|part| say(part.into()));
        say(self.seq.into());
        say(self.t.0);
        say(self.wall.0);
        say(self.active.0);
        say_spans(&self.spans, say);
    }

    /// What is said, as one line of text: as JavaScript keeps it for the next page.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut words = Vec::new();
        self.say(|number| words.push(number.to_string()));
        words.join(" ")
    }

    /// Reads what [`to_text`](Self::to_text) wrote, as [`hear`](Self::hear) does.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(|word| word.parse().unwrap_or(u64::MAX));
        Self::hear(|| numbers.next().unwrap_or(u64::MAX))
    }

    /// Reads what [`say`](Self::say) said, one number after the other; `None` for anything else, as pages can write there
    /// too. What is no number, or beyond the last one, is [`u64::MAX`].
    #[must_use]
    pub fn hear(mut next: impl FnMut() -> u64) -> Option<Self> {
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
        loop {
            let start = next();
            if start == u64::MAX {
                break;
            }
            let end = next();
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
        for text in ["", "2", "1 x", "null", "2 1 2 3 4 1", &good[..good.len() - 6], &good.replace(" 12 ", "  ")] {
            assert_eq!(Saved::parse(text), None, "{text}");
        }
        let spoilt = [
            (0, "3", "another version"),
            (1, "4294967296", "an id of more than sixteen bytes"),
            (5, "4294967296", "more beats than there can be"),
            (5, "-1", "less than none"),
            (5, "1x", "no number"),
            (5, "99999999999999999999", "a number that is too large"),
            (6, "2592000001", "older than a session gets"),
            (8, "90001", "more active time than time"),
            (11, "9", "a span that begins before the last one ends"),
            (12, "49", "a span that ends before it begins"),
            (12, "90001", "a span after the end"),
        ];
        for (at, word, why) in spoilt {
            let mut words: Vec<&str> = good.split(' ').collect();
            words[at] = word;
            assert_eq!(Saved::parse(&words.join(" ")), None, "{why}");
        }
        assert_eq!(Saved::parse(&(good + &" 90000 90000".repeat(limits::SPANS))), None, "more spans than a tab keeps");
    }
}
