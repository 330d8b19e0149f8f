//! The session, carried from one page of a tab to the next.
//!
//! It lies in `sessionStorage` only while no page holds it: taken out on load, written back when the page leaves.
//! So a duplicated tab, which gets a copy of the storage, finds nothing and begins a session of its own. Where
//! there is no storage (private windows, blocked cookies, full), each page is simply a session of its own.

use stillhere_engine::pulse::Saved;
use web_sys::Storage;

use crate::page;

/// Takes out what the tab's page before this one has left under `key`.
pub(crate) fn take(key: &str) -> Option<Saved> {
    let storage = storage()?;
    let text = storage.get_item(key).ok()??;
    let _ = storage.remove_item(key);
    Saved::parse(&text)
}

/// Leaves `saved` under `key` for the tab's next page.
pub(crate) fn put(key: &str, saved: &Saved) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(key, &saved.to_text());
    }
}

fn storage() -> Option<Storage> {
    page::window().session_storage().ok()?
}
