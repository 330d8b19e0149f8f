//! Whatever chance hands to the wire or to one of the two machines: this must hold.
//!
//! Each target is a module with one function, `check(bytes)`, that panics when a claim is broken. libFuzzer calls it
//! with bytes that reach more and more of the engine; `tests/corpus.rs` calls it with the saved ones, so that every
//! `cargo test` replays what was once found, without libFuzzer.
//!
//! | target | what the bytes are | what must hold |
//! |---|---|---|
//! | [`wire_raw`] | the body of a beat | what is read obeys the limits, and means the same when it is written and read again |
//! | [`wire_structured`] | the fields of a beat, and an answer | they survive the way, or are refused for a limit that they break |
//! | [`tracker_inputs`] | a server's story | one answer for each ticket, no leave without a join, no loop without end |
//! | [`pulse_inputs`] | a tab's story | the server would take every beat, and nobody is flooded |
//!
//! ```text
//! cargo xtask fuzz                            every target, 15 seconds each
//! cargo xtask fuzz --seconds 600 wire_raw     one target, for ten minutes
//! cargo xtask fuzz wire_raw --input <file>    once, with these bytes
//! cargo xtask fuzz --save                     as above, and keep in corpus/ the few inputs that reach the most
//! ```
//!
//! New findings land in the target folder; nothing here changes without `--save`.
#![allow(clippy::expect_used, reason = "a check that cannot go on says so by failing")]

pub mod pulse_inputs;
pub mod tracker_inputs;
pub mod wire_raw;
pub mod wire_structured;

mod chance;

/// A target: its name, which is also that of its corpus, and its claim.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 4] = [
    ("wire_raw", wire_raw::check),
    ("wire_structured", wire_structured::check),
    ("tracker_inputs", tracker_inputs::check),
    ("pulse_inputs", pulse_inputs::check),
];
