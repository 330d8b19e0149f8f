//! The heart of a tab: the engine's [`Pulse`](stillhere_engine::pulse::Pulse), wired to a page and its network.
//!
//! One page has at most one heart, so what JavaScript sees here is functions, not objects; the handle that a web
//! developer holds is made in `js/heart.js`. Nothing here throws into the page.

mod answers;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod blocks;
mod events;
mod numbers;
mod page;
mod runner;

use js_sys::Float64Array;
use stillhere_engine::{
    page::PageState,
    pulse::{Input, Pulse},
};
use wasm_bindgen::prelude::*;
use web_sys::Document;

use events::Face;

// The usual allocator would weigh as much as the engine.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: blocks::Blocks = blocks::Blocks::new();

/// The heart begins to beat, and tells `face` about it: with options that `js/options.js` has checked, chance for ids and
/// jitter, and what the tab's last page has left.
#[wasm_bindgen]
pub fn begin(face: Face, document: Document, options: &Float64Array, chance: &Float64Array, saved: &Float64Array) {
    let mut seed = [0; 16];
    for (at, bytes) in (0..).zip(seed.as_chunks_mut().0) {
        *bytes = (chance.get_index(at) as u32).to_le_bytes();
    }
    let pulse = Pulse::begin(numbers::options(options), seed, numbers::saved(saved), runner::now());
    runner::begin(pulse, face, document);
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

/// The browser may be doing something else with the page.
#[wasm_bindgen]
pub fn look(has_focus: bool) {
    runner::look(has_focus);
}

/// The page goes, perhaps to be kept for a return. What the tab's next page needs to go on.
#[wasm_bindgen]
#[must_use]
pub fn leave(is_kept: bool) -> JsValue {
    runner::tell(Input::Page(if is_kept { PageState::Frozen } else { PageState::Closed }));
    runner::with(|runner| runner.pulse.save().to_text()).unwrap_or_default().into()
}

/// The page is back from where the browser had kept it. Another page of the tab may have left this meanwhile.
#[wasm_bindgen(js_name = comeBack)]
pub fn come_back(saved: &Float64Array) {
    runner::tell(Input::Restore(numbers::saved(saved)));
}

/// The network is back.
#[wasm_bindgen]
pub fn online() {
    runner::tell(Input::Online);
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

/// The session that beats now.
#[wasm_bindgen]
#[must_use]
pub fn session() -> JsValue {
    runner::with(|runner| runner.pulse.session().to_text()).unwrap_or_default().into()
}
