//! Panics without their messages.
//!
//! A panic is our bug, and nobody can read its message in a page: the heart stops with a `RuntimeError` whose stack
//! names the place. Yet the standard library brings along what writes those messages. Here the bodies of these
//! functions become a trap, so that the optimiser drops all that only they need.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use walrus::Module;
use walrus::ir::{Instr, Unreachable};

/// Functions that only a panic runs. The client formats nothing: what it says to the console is JavaScript's.
const ONLY_IN_PANICS: [&str; 6] =
    ["::panicking::", "::fmt::", "rust_panic", "slice_index_fail", "slice_error_fail", "wasm_bindgen::throw_str::"];

/// Functions that no page runs: they are for exports that wait for promises, and the client has none.
const ONLY_ELSEWHERE: &str = "js_sys::futures::jspi::";

/// The module that lies in `wasm`, with traps for functions that only a panic runs, or no page. Goes by the names of
/// functions, so it comes before they are stripped; and before the glue is made, which then has nothing for them.
pub(crate) fn read(wasm: &Path) -> Result<Module> {
    let bytes = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let mut module = Module::from_buffer(&bytes).map_err(|why| anyhow!("the client's wasm cannot be read: {why}"))?;
    trap(&mut module);
    Ok(module)
}

fn trap(module: &mut Module) {
    let is_doomed = |name: &str| {
        let name = format!("{:#}::", rustc_demangle::demangle(name));
        ONLY_IN_PANICS.iter().chain([&ONLY_ELSEWHERE]).any(|part| name.contains(part))
    };
    let doomed: Vec<_> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| module.funcs.get(*id).name.as_deref().is_some_and(is_doomed))
        .map(|(id, _)| id)
        .collect();
    for id in doomed {
        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        let entry = function.entry_block();
        function.block_mut(entry).instrs = vec![(Instr::Unreachable(Unreachable {}), Default::default())];
    }
}

#[cfg(test)]
mod tests {
    use walrus::FunctionBuilder;

    use super::*;

    fn add(module: &mut Module, name: &str) -> walrus::FunctionId {
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        builder.name(name.to_owned()).func_body().i32_const(7).drop();
        builder.finish(vec![], &mut module.funcs)
    }

    fn length(module: &Module, id: walrus::FunctionId) -> usize {
        let function = module.funcs.get(id).kind.unwrap_local();
        function.block(function.entry_block()).instrs.len()
    }

    #[test]
    fn what_only_a_panic_runs_becomes_a_trap_and_nothing_else_does() {
        let mut module = Module::default();
        let panic = add(&mut module, "core[c5930c85a12de822]::panicking::panic_fmt");
        let beat = add(&mut module, "stillhere_client::runner::tell");
        let elsewhere = add(&mut module, "_ZN6js_sys7futures4jspi11SpawnedTask4wake17h1b9ae3a31f19ef8aE");
        trap(&mut module);
        assert_eq!([panic, beat, elsewhere].map(|id| length(&module, id)), [1, 2, 1]);
    }
}
