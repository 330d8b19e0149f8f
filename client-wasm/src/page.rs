//! What the browser is doing with the page.

use stillhere_engine::page::PageState;
use wasm_bindgen::prelude::*;

use crate::keyed;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = document, js_name = hasFocus)]
    fn has_focus() -> bool;
}

/// What a page is doing that runs at all.
pub(crate) fn state() -> PageState {
    if keyed::get(&keyed::get(&js_sys::global(), "document"), "hidden").is_truthy() {
        PageState::Hidden
    } else if has_focus() {
        PageState::Active
    } else {
        PageState::Passive
    }
}
