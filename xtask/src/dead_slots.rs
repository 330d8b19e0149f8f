//! Functions in the table that nobody calls through it.
//!
//! wasm-bindgen describes each kind of closure by, among others, the place in the table of the function that invokes
//! one: some forty kinds, whichever a crate uses. Those that are used have become exports, which JavaScript calls; the
//! descriptions have been read and are gone. But what lies in a table lives, as the optimiser must think. Here their
//! slots get a trap.

use walrus::ir::Unreachable;
use walrus::{ElementItems, FunctionBuilder, FunctionId, Module};

/// The functions that only a description points at.
const DESCRIBED: &str = "wasm_bindgen::convert::closures::_::invoke::";

/// Clear the slots of functions that were only described. Goes by their demangled names.
pub(crate) fn clear(module: &mut Module) {
    let trap = trap(module);
    let Module { funcs, elements, .. } = module;
    let is_described =
        |id: FunctionId| funcs.get(id).name.as_deref().is_some_and(|name| format!("{name}::").contains(DESCRIBED));
    for segment in elements.iter_mut() {
        if let ElementItems::Functions(slots) = &mut segment.items {
            for slot in slots.iter_mut().filter(|slot| is_described(**slot)) {
                *slot = trap;
            }
        }
    }
}

fn trap(module: &mut Module) -> FunctionId {
    let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
    builder.name("dead slot".to_owned()).func_body().instr(Unreachable {});
    builder.finish(vec![], &mut module.funcs)
}

#[cfg(test)]
mod tests {
    use walrus::ir::Value;
    use walrus::{ConstExpr, ElementKind, RefType};

    use super::*;

    fn add(module: &mut Module, name: &str) -> FunctionId {
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        builder.name(name.to_owned()).func_body().i32_const(7).drop();
        builder.finish(vec![], &mut module.funcs)
    }

    #[test]
    fn only_slots_that_were_described_are_cleared_and_the_functions_stay() {
        let mut module = Module::default();
        let invoke = add(&mut module, "wasm_bindgen::convert::closures::_::invoke::h33ee8733979e4d59");
        let wake = add(&mut module, "alloc::task::raw_waker::wake::h892c4b7dc079846f");
        module.exports.add("__wbindgen_invoke", invoke);
        let table = module.tables.add_local(false, 3, Some(3), RefType::FUNCREF);
        let kind = ElementKind::Active { table, offset: ConstExpr::Value(Value::I32(1)) };
        let segment = module.elements.add(kind, ElementItems::Functions(vec![invoke, wake]));
        clear(&mut module);
        let ElementItems::Functions(slots) = &module.elements.get(segment).items else { panic!("slots changed kind") };
        assert_eq!(slots[1], wake);
        assert_eq!(module.funcs.get(slots[0]).name.as_deref(), Some("dead slot"));
        assert!(module.exports.get_func("__wbindgen_invoke").is_ok_and(|exported| exported == invoke));
    }
}
