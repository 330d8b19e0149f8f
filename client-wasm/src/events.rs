//! What JavaScript is told, and asked.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The hand-written JavaScript around this crate. Nothing of it throws.
    #[derive(Clone)]
    pub type Face;

    /// There is something new to wait for. The reasons' names are in `js/heart.js`.
    #[wasm_bindgen(method)]
    pub(crate) fn wait(this: &Face, in_ms: f64, why: u32);

    /// A session is over, and another has begun.
    #[wasm_bindgen(method)]
    pub(crate) fn ended(this: &Face, session: &str);

    /// Sends a beat: a promise, never rejected, of what became of it, as [`outcome`](crate::numbers::outcome) reads it.
    /// One that parts must be out when this returns, and nothing becomes known of it.
    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &Face, beat: &str, parts: bool) -> Promise;
}
