//! What the browser is doing with the page.

use stillhere_engine::page::PageState;
use wasm_bindgen::prelude::*;

use crate::keyed;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = window)]
    static WINDOW: web_sys::Window;

    #[wasm_bindgen(thread_local_v2, js_name = document)]
    static DOCUMENT: web_sys::Document;
}

/// The page's window.
pub(crate) fn window() -> web_sys::Window {
    WINDOW.with(Clone::clone)
}

/// What a page is doing that runs at all.
pub(crate) fn state() -> PageState {
    DOCUMENT.with(|document| {
        if document.hidden() {
            PageState::Hidden
        } else if document.has_focus().unwrap_or(true) {
            PageState::Active
        } else {
            PageState::Passive
        }
    })
}

/// Where the page is, without what identifies a search or a person.
pub(crate) fn path() -> JsValue {
    keyed::get(&keyed::get(&window(), "location"), "pathname")
}
