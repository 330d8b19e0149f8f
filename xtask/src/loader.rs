//! The module between the generated glue and whoever loads the wasm.
//!
//! wasm-bindgen has loaders of its own, for every way in which a page may bring a wasm. The client's hand-written
//! modules decide that; what is left to do is one line, which hands each import over by its name.

use walrus::{Export, Module};

/// The module: all that `glue` exports for `wasm`, and `initSync`, which makes it work.
pub(crate) fn module(wasm: &Module, glue: &str) -> String {
    let imports = names(wasm.imports.iter().map(|import| &import.name));
    let exports = names(wasm.exports.iter().map(|export| &export.name).filter(|name| !is_internal(name)));
    format!(
        "import {{ {SET_WASM}, {imports} }} from {glue:?};\n\
         export {{ {exports} }} from {glue:?};\n\
         export function initSync({{ module }}) {{\n  \
           {SET_WASM}(new WebAssembly.Instance(module, {{ {glue:?}: {{ {imports} }} }}).exports);\n\
         }}\n"
    )
}

/// What `initSync` is to TypeScript.
pub(crate) const TYPE: &str = "\nexport function initSync(of: { module: WebAssembly.Module }): void;\n";

/// By which the glue learns what it is the glue of.
const SET_WASM: &str = "__wbg_set_wasm";

/// Take the exports out of `wasm` that were meant for `glue` and that it does not mention: they tell of aborts, which
/// only what unwinds a panic asks for.
pub(crate) fn drop_unasked(wasm: &mut Module, glue: &str) {
    let is_unasked = |name: &str| is_internal(name) && !glue.contains(name);
    let unasked: Vec<_> = wasm.exports.iter().filter(|export| is_unasked(&export.name)).map(Export::id).collect();
    for id in unasked {
        wasm.exports.delete(id);
    }
}

/// What the glue needs from the wasm, and nobody else.
fn is_internal(export: &str) -> bool {
    ["__", "wasm_bindgen__", "memory"].iter().any(|prefix| export.starts_with(prefix))
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_that_the_glue_does_not_mention_is_dropped() {
        let mut wasm = Module::default();
        let kind = wasm.types.add(&[], &[]);
        let (function, _) = wasm.add_import_func("./glue.js", "__wbg_now_6c09", kind);
        for name in ["__wbindgen_malloc", "__abort_handler", "begin"] {
            wasm.exports.add(name, function);
        }
        drop_unasked(&mut wasm, "wasm.__wbindgen_malloc(8)");
        let left: Vec<_> = wasm.exports.iter().map(|export| export.name.as_str()).collect();
        assert_eq!(left, ["__wbindgen_malloc", "begin"]);
    }

    #[test]
    fn every_import_is_handed_over_and_every_export_of_ours_is_passed_on() {
        let mut wasm = Module::default();
        let kind = wasm.types.add(&[], &[]);
        let (function, _) = wasm.add_import_func("./glue.js", "__wbg_now_6c09", kind);
        wasm.add_import_func("./glue.js", "__wbg_send_1f27", kind);
        for name in ["__wbindgen_malloc", "begin", "wasm_bindgen__invoke", "stop", "memory"] {
            wasm.exports.add(name, function);
        }
        assert_eq!(
            module(&wasm, "./glue.js"),
            "import { __wbg_set_wasm, __wbg_now_6c09, __wbg_send_1f27 } from \"./glue.js\";\n\
             export { begin, stop } from \"./glue.js\";\n\
             export function initSync({ module }) {\n  __wbg_set_wasm(new WebAssembly.Instance(module, \
             { \"./glue.js\": { __wbg_now_6c09, __wbg_send_1f27 } }).exports);\n}\n",
        );
    }
}
