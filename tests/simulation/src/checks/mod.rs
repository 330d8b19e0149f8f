//! What must hold, always. Each check is a function with the name that it reports.

mod ends;
mod kept;
mod promises;
mod punches;
mod times;

use std::fmt;

pub use ends::{end_is_not_after_the_truth, end_is_not_before_the_truth, ends_once, sign_out_is_at_once};
pub use kept::{Fact, acknowledged_is_kept, beat_is_valid};
pub use promises::{lease_is_honoured, leave_is_not_false, nobody_there_has_left, promise_is_kept, silence_is_noticed};
pub use punches::{
    auto_out_covers_its_sessions, auto_out_is_proven, nobody_is_in_without_a_session, nobody_stays_without_a_session,
    presence_is_a_stay, punch_is_kept, stay_ends_once,
};
pub use times::{no_time_is_lost, start_is_true, visible_is_not_above_the_truth};

/// A check that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub check: &'static str,
    /// What was the case.
    pub what: String,
}

impl Broken {
    /// A check that did not hold.
    #[must_use]
    pub const fn new(check: &'static str, what: String) -> Self {
        Self { check, what }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.what)
    }
}

/// What a check says.
pub type Verdict = Result<(), Broken>;

fn holds(check: &'static str, is_so: bool, what: impl FnOnce() -> String) -> Verdict {
    if is_so { Ok(()) } else { Err(Broken::new(check, what())) }
}
