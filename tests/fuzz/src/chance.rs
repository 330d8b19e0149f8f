//! Numbers and names from arbitrary bytes, most of them near what matters: limits, and each other.

use arbitrary::{Arbitrary, Result, Unstructured};
use stillhere_engine::limits;

/// A story that is printed when it breaks a claim. Under libFuzzer the process is gone before that; a replay tells it.
pub(crate) struct Told<'a, T: std::fmt::Debug>(pub(crate) &'a T);

impl<T: std::fmt::Debug> Drop for Told<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:#?}", self.0);
        }
    }
}

/// A length or a count that the wire may carry: often plausible, often just beside a limit, sometimes anything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Length(pub(crate) u64);

const EDGES: [u64; 9] = [
    0,
    limits::INTERVAL_MIN.0,
    limits::HIDDEN_INTERVAL_MIN.0,
    limits::LEASE_MAX.0,
    limits::SESSION_AGE.0,
    u32::MAX as u64,
    1 << 53,
    i64::MAX as u64,
    u64::MAX,
];

impl<'a> Arbitrary<'a> for Length {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self(match bytes.int_in_range(0..=9)? {
            0..=4 => u64::from(u16::arbitrary(bytes)?),
            5..=7 => bytes.int_in_range(0..=limits::SESSION_AGE.0)?,
            8 => bytes.choose(&EDGES)?.wrapping_add(bytes.int_in_range(0..=2)?).wrapping_sub(1),
            _ => u64::arbitrary(bytes)?,
        }))
    }
}

/// Spans as a tab would tell them: in order and apart, as gaps and lengths.
#[derive(Clone, Debug, Arbitrary)]
pub(crate) struct Strides(Vec<(u16, u16)>);

impl Strides {
    /// The spans up to `end`, at most so many as a beat may carry.
    pub(crate) fn until(&self, end: u64) -> Vec<(u64, u64)> {
        let mut at = 0;
        let spans = self.0.iter().map(|&(gap, length)| {
            let start = at + u64::from(gap);
            at = start + u64::from(length);
            (start, at)
        });
        spans.take_while(|&(_, until)| until <= end).take(limits::SPANS).collect()
    }
}

/// Text that is now and then too long, empty, or full of what JSON has to escape.
#[derive(Clone, Debug)]
pub(crate) struct Text(pub(crate) String);

impl<'a> Arbitrary<'a> for Text {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let part = String::arbitrary(bytes)?;
        let times = [1, 1, 1, 8, 64][bytes.choose_index(5)?];
        Ok(Self(part.repeat(times)))
    }
}
