//! Listeners that are gone when they are dropped.

use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;

use crate::keyed;

/// The page's life. All of these pass the window on their way, those of the document too.
///
/// No `unload` and no `beforeunload`: they keep a page out of the back/forward cache, and phones never send them.
pub(crate) const LIFE: &[&str] =
    &["visibilitychange", "focus", "blur", "freeze", "resume", "pagehide", "pageshow", "online"];

/// The end of it once more. Firefox cuts off whatever script runs while it closes a tab, and only that one: if it was ours, the
/// last word is said by the second listener.
pub(crate) const END: &[&str] = &["pagehide"];

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = addEventListener)]
    fn add(kind: &str, callback: &Function, how: &JsValue);

    #[wasm_bindgen(js_name = removeEventListener)]
    fn remove(kind: &str, callback: &Function, how: &JsValue);
}

/// When a listener hears of an event, beside those of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// On its way down: before any of them.
    First,
    /// On its way up.
    Later,
}

/// One function that hears several kinds of events, until this is dropped.
#[must_use = "dropped listeners hear nothing"]
pub(crate) struct Listeners {
    kinds: &'static [&'static str],
    callback: Function,
    how: Object,
}

impl Listeners {
    /// Listens at the window, without holding up a scroll.
    pub(crate) fn new(kinds: &'static [&'static str], turn: Turn, callback: &Function) -> Self {
        let how = Object::new();
        keyed::set(&how, "capture", &JsValue::from_bool(turn == Turn::First));
        keyed::set(&how, "passive", &JsValue::TRUE);
        for kind in kinds {
            add(kind, callback, &how);
        }
        Self { kinds, callback: callback.clone(), how }
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for kind in self.kinds {
            remove(kind, &self.callback, &self.how);
        }
    }
}
