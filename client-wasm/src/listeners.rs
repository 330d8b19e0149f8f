//! Listeners that are gone when they are dropped.

use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;
use web_sys::{AddEventListenerOptions, EventTarget};

use crate::{keyed, page};

/// The page's life. All of these pass the window on their way, those of the document too.
///
/// No `unload` and no `beforeunload`: they keep a page out of the back/forward cache, and phones never send them.
pub(crate) const LIFE: &[&str] =
    &["visibilitychange", "focus", "blur", "freeze", "resume", "pagehide", "pageshow", "online"];

/// A person at work. `scroll` does not bubble, so it is caught on its way down.
pub(crate) const ACTIVITY: &[&str] = &["pointerdown", "pointermove", "keydown", "scroll", "touchstart", "wheel"];

/// One function that hears several kinds of events, until this is dropped.
#[must_use = "dropped listeners hear nothing"]
pub(crate) struct Listeners {
    kinds: &'static [&'static str],
    target: EventTarget,
    callback: Function,
}

impl Listeners {
    /// Listens at the window, before any listener of the page, and without holding up a scroll.
    pub(crate) fn new(kinds: &'static [&'static str], callback: &Function) -> Self {
        let target: EventTarget = page::window().into();
        let options = Object::new();
        keyed::set(&options, "capture", &JsValue::TRUE);
        keyed::set(&options, "passive", &JsValue::TRUE);
        let options = AddEventListenerOptions::from(JsValue::from(options));
        for kind in kinds {
            let _ = target.add_event_listener_with_callback_and_add_event_listener_options(kind, callback, &options);
        }
        Self { kinds, target, callback: callback.clone() }
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for kind in self.kinds {
            let _ = self.target.remove_event_listener_with_callback_and_bool(kind, &self.callback, true);
        }
    }
}
