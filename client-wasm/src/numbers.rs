//! Numbers from JavaScript. Facts come in lists of them: a list weighs less than an object whose every property has to
//! be asked for by its name.

use js_sys::Float64Array;
use stillhere_engine::{
    pulse::{Options, Outcome, Saved, WhenHidden},
    time::Millis,
};

/// What became of a beat: 1 and the policy, 2 and how long to wait, 3, 4. `None` when there is nobody left to care.
pub(crate) fn outcome(numbers: &Float64Array) -> Option<Outcome> {
    let length = |at| Millis(whole(numbers, at));
    match whole(numbers, 0) {
        1 => Some(Outcome::Accepted {
            interval: length(1),
            hidden_interval: Some(length(2)).filter(|length| *length > Millis::ZERO),
            saved_seq: whole(numbers, 3) as u32,
        }),
        2 => Some(Outcome::Retry { after: length(1) }),
        3 => Some(Outcome::Ended),
        4 => Some(Outcome::Refused),
        _ => None,
    }
}

/// What a web developer has set; zero is nothing.
pub(crate) fn options(numbers: &Float64Array) -> Options {
    let length = |at| Some(Millis(whole(numbers, at))).filter(|length| *length > Millis::ZERO);
    Options {
        interval: length(0),
        when_hidden: match whole(numbers, 1) {
            1 => Some(WhenHidden::Pause),
            2 => Some(WhenHidden::Beat),
            3 => Some(WhenHidden::Leave),
            _ => None,
        },
        idle_after: length(2),
    }
}

/// The session that the tab's last page has left, if it has left one.
pub(crate) fn saved(numbers: &Float64Array) -> Option<Saved> {
    Saved::from_numbers((0..numbers.length()).map(|at| whole(numbers, at)))
}

/// What a word becomes that is no number is larger than all of them.
fn whole(numbers: &Float64Array, at: u32) -> u64 {
    let number = numbers.get_index(at);
    // The cast drops fractions, and saturates.
    if number >= 0.0 { number as u64 } else { u64::MAX }
}
