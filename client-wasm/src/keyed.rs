//! Properties of JavaScript objects by name. Whatever an object does when it is asked, here it is a value.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = get)]
    fn reflect_get(of: &JsValue, key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = set)]
    fn reflect_set(of: &JsValue, key: &str, value: &JsValue) -> Result<bool, JsValue>;
}

/// The property, or `undefined` where there is none, `of` is no object, or a getter throws.
pub(crate) fn get(of: &JsValue, key: &str) -> JsValue {
    reflect_get(of, key).unwrap_or(JsValue::UNDEFINED)
}

/// A number that counts something; `None` for anything else.
pub(crate) fn number(of: &JsValue, key: &str) -> Option<u64> {
    // The cast saturates: what is below zero or no number is zero, what is too large the largest.
    get(of, key).as_f64().map(|number| number as u64)
}

/// Sets the property of an object that we have made ourselves.
pub(crate) fn set(of: &JsValue, key: &str, value: &JsValue) {
    // A plain object takes every property.
    let _ = reflect_set(of, key, value);
}
