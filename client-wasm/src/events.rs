//! What JavaScript is told, and asked. The face hands events to the page's own functions later, each by itself, so
//! that one that throws or calls back breaks nothing here.

use js_sys::Promise;
use stillhere_engine::pulse::Why;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The hand-written JavaScript around this crate.
    pub type Face;

    /// A beat was answered, handed to the browser, or lost.
    #[wasm_bindgen(method)]
    pub(crate) fn beat(this: &Face, seq: u32, state: &str, next_ms: Option<f64>, ok: bool, took_ms: f64);

    /// There is something new to wait for.
    #[wasm_bindgen(method)]
    pub(crate) fn wait(this: &Face, in_ms: f64, why: &str);

    /// What the server holds the user for; perhaps the same as before.
    #[wasm_bindgen(method)]
    pub(crate) fn status(this: &Face, status: JsValue);

    /// A session is over, and another has begun.
    #[wasm_bindgen(method)]
    pub(crate) fn ended(this: &Face, session: &str);

    /// Something is in the way.
    #[wasm_bindgen(method)]
    pub(crate) fn error(this: &Face, code: &str, message: &JsValue, retry: bool);

    /// Calls the page's token function: a promise of a string, which never throws at once.
    #[wasm_bindgen(method)]
    pub(crate) fn token(this: &Face) -> Promise;
}

/// The reason's name in JavaScript.
pub(crate) const fn why_name(why: Why) -> &'static str {
    match why {
        Why::Interval => "interval",
        Why::Hidden => "hidden",
        Why::Retry => "retry",
        Why::Answer => "answer",
        Why::PageChanged => "page",
        Why::Returned => "returned",
        Why::Idle => "idle",
        Why::Asked => "asked",
        Why::Throttled => "throttled",
        Why::Paused => "paused",
        Why::Refused => "refused",
        Why::Stopped => "stopped",
    }
}
