//! What a web developer has set, as `js/options.js` has read and checked it.

use stillhere_engine::pulse::{self, WhenHidden};
use wasm_bindgen::JsValue;

use crate::token::Token;

/// The options of `start`.
pub(crate) struct Options {
    /// Where beats go.
    pub(crate) url: String,
    pub(crate) token: Token,
    pub(crate) channel: Option<String>,
    pub(crate) page: Option<String>,
    /// Whether `fetch` sends cookies to another origin too.
    pub(crate) credentials: Option<JsValue>,
    pub(crate) pulse: pulse::Options,
}

/// What to do while hidden, by its number in JavaScript; `None` is what the server's policy says.
pub(crate) const fn when_hidden(number: u32) -> Option<WhenHidden> {
    match number {
        1 => Some(WhenHidden::Pause),
        2 => Some(WhenHidden::Beat),
        3 => Some(WhenHidden::Leave),
        _ => None,
    }
}
