//! The heart of a tab: the engine's [`Pulse`](stillhere_engine::pulse::Pulse), wired to a page and its network.
//!
//! One page has at most one heart, so what JavaScript sees here is functions, not objects; the handle that a web
//! developer holds is made in `js/heart.js`. Nothing here throws into the page.

mod answer;
mod events;
mod keyed;
mod listeners;
mod options;
mod page;
mod runner;
mod storage;
mod token;
mod transport;

use stillhere_engine::{
    pulse::{self, Input},
    time::Millis,
};
use wasm_bindgen::prelude::*;

use events::Face;
use options::Options;
use token::Token;

// A heart allocates a few hundred bytes a beat; the usual allocator would weigh as much as the engine.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
#[global_allocator]
static ALLOCATOR: lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> =
    // SAFETY: without the `atomics` feature, which nothing here is built with, wasm has one thread.
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) };

/// The heart begins to beat, and tells `face` about it. The options are those that `js/options.js` has checked.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "as an object each would be asked for by its name, which weighs more")]
pub fn begin(
    face: Face,
    url: String,
    token: Option<String>,
    channel: Option<String>,
    page: Option<String>,
    credentials: Option<JsValue>,
    // Where nothing is set JavaScript hands over 0.
    interval_ms: u32,
    when_hidden: u32,
    idle_after_ms: u32,
) {
    let length = |ms: u32| (ms > 0).then_some(Millis(ms.into()));
    let pulse = pulse::Options {
        interval: length(interval_ms),
        when_hidden: options::when_hidden(when_hidden),
        idle_after: length(idle_after_ms),
    };
    runner::begin(Options { url, token: Token::new(token), channel, page, credentials, pulse }, face);
}

/// Sends the last word and lets go of everything.
#[wasm_bindgen]
pub fn stop() {
    runner::finish(Input::Stop);
}

/// Sends the last word of somebody who signs out, and lets go of everything.
#[wasm_bindgen(js_name = signOut)]
pub fn sign_out() {
    runner::finish(Input::SignOut);
}

/// A worker has woken the page.
#[wasm_bindgen]
pub fn woken() {
    runner::tell(Input::SteadyTimer);
}

/// Beats now.
#[wasm_bindgen(js_name = beatNow)]
pub fn beat_now() {
    runner::tell(Input::BeatNow);
}

/// Counts as an input, for what no listener sees (a film, a game pad).
#[wasm_bindgen(js_name = markActive)]
pub fn mark_active() {
    runner::tell(Input::Activity);
}

/// Goes to another channel and tells the server at once.
#[wasm_bindgen(js_name = setChannel)]
pub fn set_channel(name: String) {
    runner::change(|options| options.channel = Some(name));
}

/// Looks at another page and tells the server at once.
#[wasm_bindgen(js_name = setPage)]
pub fn set_page(path: String) {
    runner::change(|options| options.page = Some(path));
}

/// The session that beats now.
#[wasm_bindgen]
#[must_use]
pub fn session() -> Option<String> {
    runner::session()
}

/// Milliseconds until the next beat is due; infinite when only something else can bring one.
#[wasm_bindgen(js_name = inMs)]
#[must_use]
pub fn in_ms() -> f64 {
    runner::in_ms()
}
