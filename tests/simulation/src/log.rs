//! The log of a run, in virtual time, and its digest: two runs are the same when their digests are.

use std::fmt;

use crate::agenda::{HOUR, MINUTE, Ms, SECOND};

/// Who keeps the lines.
#[derive(Debug, Default)]
pub struct Log {
    lines: Option<Vec<String>>,
    digest: u64,
}

impl Log {
    /// From now on every line is kept.
    pub fn keep(&mut self) {
        self.lines.get_or_insert_default();
    }

    /// Notes a line; it is only put into words when somebody keeps it.
    pub fn note(&mut self, now: Ms, line: fmt::Arguments<'_>) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{} {line}", Clock(now)));
        }
    }

    /// Mixes a fact into the digest.
    pub const fn mix(&mut self, fact: u64) {
        self.digest = (self.digest.rotate_left(5) ^ fact).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    /// A number that stands for all facts in their order.
    #[must_use]
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// The lines.
    #[must_use]
    pub fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}

/// A moment as people read it.
#[derive(Clone, Copy, Debug)]
pub struct Clock(pub Ms);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(now) = *self;
        let (hours, minutes) = (now / HOUR, now % HOUR / MINUTE);
        write!(f, "{hours:02}:{minutes:02}:{:02}.{:03}", now % MINUTE / SECOND, now % SECOND)
    }
}
