//! The session, carried from one page of a tab to the next.
//!
//! It lies in `sessionStorage` only while no page holds it: taken out on load, written back when the page leaves.
//! So a duplicated tab, which gets a copy of the storage, finds nothing and begins a session of its own. Where
//! there is no storage (private windows, blocked cookies, full), each page is simply a session of its own.

use stillhere_engine::pulse::Saved;
use wasm_bindgen::prelude::*;

// In some browsers the mere name `sessionStorage` throws, which `catch` catches too.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = sessionStorage, js_name = getItem)]
    fn get_item(key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = sessionStorage, js_name = setItem)]
    fn set_item(key: &str, text: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_namespace = sessionStorage, js_name = removeItem)]
    fn remove_item(key: &str) -> Result<(), JsValue>;
}

/// Takes out what the tab's page before this one has left under `key`.
pub(crate) fn take(key: &str) -> Option<Saved> {
    let text: String = get_item(key).ok()?.as_string()?;
    remove_item(key).ok()?;
    Saved::parse(&text)
}

/// Leaves `saved` under `key` for the tab's next page.
pub(crate) fn put(key: &str, saved: &Saved) {
    let _ = set_item(key, &saved.to_text());
}
