//! What the browser is doing with the page.

use stillhere_engine::page::PageState;
use web_sys::Document;

/// What a page is doing that runs at all.
pub(crate) fn state(document: &Document, has_focus: bool) -> PageState {
    if document.hidden() {
        PageState::Hidden
    } else if has_focus {
        PageState::Active
    } else {
        PageState::Passive
    }
}
