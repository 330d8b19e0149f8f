//! Short names between the module and its wasm.
//!
//! Each import and export that wasm-bindgen makes has a name of some forty letters, in the wasm and again in the
//! module: two kilobytes of what a page downloads. The bundler gives the module short ones and writes down which;
//! here the wasm gets the same. A name that only one side knows would show at once: the wasm would not load.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use walrus::Module;

/// Which names the bundler may shorten: those that wasm-bindgen makes, and the name under which the module is known
/// to the wasm.
pub(crate) const LONG_NAMES: &str = r"^(__wb|wasm_bindgen__|\./stillhere_client)";

/// Rename the imports and exports of `wasm` as the bundler's list in `names` says.
pub(crate) fn apply(wasm: &Path, names: &Path) -> Result<()> {
    let list = fs::read_to_string(names).with_context(|| format!("the bundler wrote no {}", names.display()))?;
    let list: HashMap<String, String> =
        serde_json::from_str(&list).context("the bundler's list of names is no JSON")?;
    let bytes = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    fs::write(wasm, rename(&bytes, &list)?).with_context(|| format!("cannot write {}", wasm.display()))
}

fn rename(wasm: &[u8], list: &HashMap<String, String>) -> Result<Vec<u8>> {
    let mut config = walrus::ModuleConfig::new();
    config.generate_producers_section(false).generate_name_section(false);
    let mut module: Module = config.parse(wasm).map_err(|why| anyhow!("the client's wasm cannot be read: {why}"))?;
    let shorten = |name: &mut String| {
        if let Some(short) = list.get(name) {
            name.clone_from(short);
        }
    };
    for import in module.imports.iter_mut() {
        shorten(&mut import.module);
        shorten(&mut import.name);
    }
    for export in module.exports.iter_mut() {
        shorten(&mut export.name);
    }
    Ok(module.emit_wasm())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one import and two exports, written by walrus itself.
    fn wasm() -> Vec<u8> {
        let mut module = Module::default();
        let kind = module.types.add(&[], &[]);
        let (function, _) = module.add_import_func("./stillhere_client_bg.js", "__wbg_now_6c094bae99899c07", kind);
        module.exports.add("__wbindgen_malloc", function);
        module.exports.add("begin", function);
        module.emit_wasm()
    }

    fn names(wasm: &[u8]) -> Vec<String> {
        let module = Module::from_buffer(wasm).unwrap();
        let imports = module.imports.iter().map(|import| format!("{}.{}", import.module, import.name));
        imports.chain(module.exports.iter().map(|export| export.name.clone())).collect()
    }

    #[test]
    fn both_sides_get_the_same_short_names_and_the_others_stay() {
        let list = [("./stillhere_client_bg.js", "a"), ("__wbg_now_6c094bae99899c07", "b"), ("__wbindgen_malloc", "c")];
        let list = list.map(|(long, short)| (long.to_owned(), short.to_owned())).into();
        assert_eq!(names(&rename(&wasm(), &list).unwrap()), ["a.b", "c", "begin"]);
    }

    #[test]
    fn what_is_no_wasm_is_refused() {
        assert!(rename(b"no wasm", &HashMap::new()).is_err());
    }
}
