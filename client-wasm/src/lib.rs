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

use stillhere_engine::{
    page::PageState,
    pulse::{Input, Pulse},
};
use wasm_bindgen::prelude::*;
use web_sys::Document;

use events::Face;
use numbers::Numbers;

// The usual allocator would weigh as much as the engine.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: blocks::Blocks = blocks::Blocks::new();

/// The heart begins to beat, and tells `face` about it. In one list: three options that `js/options.js` has checked, chance
/// for ids and jitter in four parts, and what the tab's last page has left.
#[wasm_bindgen]
// Whatever JavaScript lends instead of giving it away, the generated module guards with a stack of its own.
#[allow(clippy::needless_pass_by_value)]
pub fn begin(face: Face, document: Document, numbers: Numbers) {
    let mut seed = [0; 16];
    for (at, bytes) in (3..).zip(seed.as_chunks_mut().0) {
        *bytes = (numbers.at(at) as u32).to_le_bytes();
    }
    let pulse = Pulse::begin(numbers::options(&numbers), seed, numbers::saved(&numbers, 7), runner::now());
    runner::begin(pulse, face, document);
}

/// Something has happened that needs no more said of it. Its number is in `js/happening.js`.
#[wasm_bindgen]
pub fn hear(happening: u32) {
    runner::tell(match happening {
        0 => Input::Online,
        1 => Input::SteadyTimer,
        2 => Input::BeatNow,
        3 => Input::Activity,
        4 => Input::Stop,
        _ => Input::SignOut,
    });
    if happening > 3 {
        runner::end();
    }
}

/// The browser may be doing something else with the page.
#[wasm_bindgen]
pub fn look(has_focus: bool) {
    runner::look(has_focus);
}

/// The page goes, perhaps to be kept for a return. Says what the tab's next page needs to go on.
#[wasm_bindgen]
pub fn leave(is_kept: bool) {
    runner::tell(Input::Page(if is_kept { PageState::Frozen } else { PageState::Closed }));
    runner::with(|runner| runner.pulse.save().say(|number| runner.face.add(number as f64)));
}

/// The page is back from where the browser had kept it. Another page of the tab may have left this meanwhile.
#[wasm_bindgen(js_name = comeBack)]
#[allow(clippy::needless_pass_by_value)]
pub fn come_back(saved: Numbers) {
    runner::tell(Input::Restore(numbers::saved(&saved, 0)));
}

/// Says the session that beats now.
#[wasm_bindgen]
pub fn session() {
    runner::with(|runner| runner.face.name(runner.pulse.session()));
}
