//! What must hold, always. Each check is a function with the name that it reports.

mod ends;
mod kept;
mod promises;
mod times;

use std::fmt;

pub use ends::{end_is_not_after_the_truth, end_is_not_before_the_truth, ends_once};
pub use kept::{Fact, acknowledged_is_kept, beat_is_valid};
pub use promises::{lease_is_honoured, leave_is_not_false, promise_is_kept, silence_is_noticed};
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
