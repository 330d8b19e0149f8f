//! What JavaScript is told, and asked.

use js_sys::Promise;
use stillhere_engine::pulse::Why;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The hand-written JavaScript around this crate. Nothing of it throws.
    #[derive(Clone)]
    pub type Face;

    /// There is something new to wait for.
    #[wasm_bindgen(method)]
    pub(crate) fn wait(this: &Face, in_ms: f64, why: &str);

    /// A session is over, and another has begun.
    #[wasm_bindgen(method)]
    pub(crate) fn ended(this: &Face, session: &str);

    /// Sends a beat: a promise, never rejected, of what became of it, as [`outcome`](crate::numbers::outcome) reads it.
    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &Face, beat: &str) -> Promise;

    /// Hands the browser a beat that must be out when this returns.
    #[wasm_bindgen(method)]
    pub(crate) fn part(this: &Face, beat: &str);
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
        Why::Asked => "asked",
        Why::Throttled => "throttled",
        Why::Paused => "paused",
        Why::Idle => "idle",
        Why::Refused => "refused",
        Why::Stopped => "stopped",
    }
}
