//! Who the beats speak for: a token that is given once, or asked for when one is needed.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Where tokens come from.
#[derive(Clone)]
pub(crate) struct Token {
    ask: Option<Function>,
    known: Option<String>,
}

impl Token {
    /// `None`: neither a string, nor a function, nor absent.
    pub(crate) fn read(option: JsValue) -> Option<Self> {
        let known = option.as_string();
        let is_known = known.is_some() || option.is_undefined() || option.is_null();
        let ask = if is_known { None } else { Some(option.dyn_into().ok()?) };
        Some(Self { ask, known })
    }

    /// The token at hand. A beacon cannot wait for another.
    pub(crate) fn known(&self) -> Option<String> {
        self.known.clone()
    }

    /// The function that has to be asked before a beat can go out.
    pub(crate) fn to_ask(&self) -> Option<Function> {
        if self.known.is_some() { None } else { self.ask.clone() }
    }

    /// Keeps what the function has given.
    pub(crate) fn keep(&mut self, token: String) {
        self.known = Some(token);
    }

    /// The server does not take it (any more): the function is asked again before the next beat.
    pub(crate) fn forget(&mut self) {
        if self.ask.is_some() {
            self.known = None;
        }
    }
}

/// Asks for a token; the error is whatever the function has thrown, or its answer that is no string.
pub(crate) async fn ask(function: Function) -> Result<String, JsValue> {
    let answer = function.call0(&JsValue::UNDEFINED)?;
    let answer = JsFuture::from(Promise::resolve(&answer)).await?;
    answer.as_string().ok_or(answer)
}
