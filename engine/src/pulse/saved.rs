//! What one page of a tab leaves for the next, as one line of text.

use alloc::{string::String, vec::Vec};

use crate::{
    limits,
    spans::Span,
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

/// Told apart from what a later version may write.
const VERSION: &str = "1";

impl Saved {
    /// One line: version, session, seq, t, wall, active, then each span's start and end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::from(VERSION);
        text.push(' ');
        text.push_str(&self.session.to_text());
        let mut number = |number: u64| {
            text.push(' ');
            push_number(&mut text, number);
        };
        for value in [u64::from(self.seq), self.t.0, self.wall.0, self.active.0] {
            number(value);
        }
        for span in &self.spans {
            number(span.start.0);
            number(span.end.0);
        }
        text
    }

    /// Reads what [`to_text`](Self::to_text) wrote; `None` for anything else, as pages can write there too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // By bytes: the searching and parsing of strings would weigh more than all of this.
        let mut words = text.as_bytes().split(|&byte| byte == b' ');
        if words.next() != Some(VERSION.as_bytes()) {
            return None;
        }
        let session = SessionId::parse(core::str::from_utf8(words.next()?).ok()?).ok()?;
        let mut number = || words.next().map(parse_number);
        let (seq, t, wall, active) = (number()??, number()??, number()??, number()??);
        if t > limits::SESSION_AGE.0 || active > t {
            return None;
        }
        let mut spans = Vec::new();
        let mut floor = 0;
        while let Some(start) = number() {
            let span = Span { start: Millis(start?), end: Millis(number()??) };
            if span.start.0 < floor || span.end < span.start || span.end.0 > t || spans.len() >= limits::SPANS {
                return None;
            }
            floor = span.end.0;
            spans.push(span);
        }
        Some(Self {
            session,
            seq: u32::try_from(seq).ok()?,
            t: Millis(t),
            wall: Timestamp(wall),
            active: Millis(active),
            spans,
        })
    }
}

fn parse_number(word: &[u8]) -> Option<u64> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let append = |number: u64, byte| number.checked_mul(10)?.checked_add(digit(byte)?);
    if word.is_empty() { None } else { word.iter().try_fold(0, append) }
}

fn push_number(text: &mut String, number: u64) {
    if number >= 10 {
        push_number(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
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
            "1",
            "2 x",
            "null",
            "1 MDEyMzQ1Njc4OWFiY2RlZg 1",
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
