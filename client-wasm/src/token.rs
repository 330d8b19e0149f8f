//! Who the beats speak for: a token that is given once, or asked for when one is needed.

use wasm_bindgen::JsValue;

/// The token, and whether the page can give another.
pub(crate) struct Token {
    known: Option<String>,
    is_asked: bool,
}

impl Token {
    /// What the page has given; an empty one is to be asked for.
    pub(crate) fn new(given: Option<String>) -> Self {
        let is_asked = given.as_deref() == Some("");
        Self { known: given.filter(|_| !is_asked), is_asked }
    }

    /// The token at hand. A beacon cannot wait for another.
    pub(crate) fn known(&self) -> Option<String> {
        self.known.clone()
    }

    /// Whether the page has to be asked before a beat can go out.
    pub(crate) fn must_be_asked(&self) -> bool {
        self.is_asked && self.known.is_none()
    }

    /// Keeps what the page has given.
    pub(crate) fn keep(&mut self, token: &JsValue) {
        self.known = token.as_string();
    }

    /// The server does not take it (any more): a page that can be asked is asked again before the next beat.
    pub(crate) fn forget(&mut self) {
        if self.is_asked {
            self.known = None;
        }
    }
}
