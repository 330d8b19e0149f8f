//! What JavaScript is told, and asked.

use js_sys::Promise;
use stillhere_engine::wire::SessionId;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The hand-written JavaScript around this crate. Nothing of it throws.
    #[derive(Clone)]
    pub type Face;

    /// There is something new to wait for. The reasons' names are in `js/heart.js`.
    #[wasm_bindgen(method)]
    pub(crate) fn wait(this: &Face, in_ms: f64, why: u32);

    /// One number more of what is said next.
    #[wasm_bindgen(method)]
    pub(crate) fn add(this: &Face, number: f64);

    /// The session of the numbers added is over, and another has begun.
    #[wasm_bindgen(method)]
    pub(crate) fn ended(this: &Face);

    /// Sends the beat of the numbers added: a promise, never rejected, of what became of it, as [`outcome`](crate::numbers::outcome) reads it.
    /// One that parts must be out when this returns, and nothing becomes known of it.
    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &Face, parts: bool) -> Promise;
}

impl Face {
    /// Says a session in its four parts.
    pub(crate) fn name(&self, session: SessionId) {
        session.parts().into_iter().for_each(|part| self.add(part.into()));
    }
}
