//! Numbers from JavaScript. Facts come in lists of them: a list weighs less than an object whose every property has to
//! be asked for by its name.

use stillhere_engine::{
    pulse::{Options, Outcome, Saved, WhenHidden},
    time::Millis,
};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A list of numbers, or of texts that JavaScript reads as such.
    #[wasm_bindgen(typescript_type = "ArrayLike<number | string>")]
    pub type Numbers;

    /// Where the list has none, it is [`f64::NAN`].
    #[wasm_bindgen(method, indexing_getter)]
    pub(crate) fn at(this: &Numbers, at: u32) -> f64;
}

/// Which beat, and what became of it: 1 and the policy, 2 and how long to wait, 3, 4. `None` when there is nobody left
/// to care.
pub(crate) fn outcome(numbers: &Numbers) -> Option<(u32, Outcome)> {
    let length = |at| Millis(whole(numbers, at));
    let outcome = match whole(numbers, 1) {
        1 => Outcome::Accepted {
            interval: length(2),
            hidden_interval: Some(length(3)).filter(|length| *length > Millis::ZERO),
            saved_seq: whole(numbers, 4) as u32,
        },
        2 => Outcome::Retry { after: length(2) },
        3 => Outcome::Ended,
        4 => Outcome::Refused,
        _ => return None,
    };
    Some((whole(numbers, 0) as u32, outcome))
}

/// What a web developer has set; zero is nothing.
pub(crate) fn options(numbers: &Numbers) -> Options {
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

/// The session that the tab's last page has left, if it has left one: from `first` on.
pub(crate) fn saved(numbers: &Numbers, first: u32) -> Option<Saved> {
    let mut places = first..;
    Saved::hear(|| places.next().map_or(u64::MAX, |at| whole(numbers, at)))
}

/// What is no number, or beyond the list's end, becomes one that is larger than all of them.
fn whole(numbers: &Numbers, at: u32) -> u64 {
    let number = numbers.at(at);
    // The cast drops fractions, and saturates.
    if number >= 0.0 { number as u64 } else { u64::MAX }
}
