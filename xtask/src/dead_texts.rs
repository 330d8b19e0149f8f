//! Texts of panics, out of the memory that a page downloads.
//!
//! The linker keeps each constant in a segment of its own here, so that one which nothing refers to any more can be
//! taken out. [`trap_panics`](crate::trap_panics) has made many such: messages, names of source files, places in
//! them. Only these go. A table of numbers may be read from an address before its first entry; a text and a place
//! are read from their beginning or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use walrus::ir::{self, Const, Instr, Load, Store, Value, Visitor};
use walrus::{ConstExpr, DataKind, Module};

/// Take the texts and places out of `wasm` that its code does not refer to, and join what is left. The constants are
/// read from `before`, which has not been optimised: the optimiser cuts them where they have zeros.
pub(crate) fn apply(before: &Path, wasm: &Path) -> Result<()> {
    let constants = constants(&mut read(before)?)?;
    let mut module = read(wasm)?;
    self::constants(&mut module)?;
    let constants = join(living(constants, &numbers_in(&module)));
    let memory = module.memories.iter().next().map(walrus::Memory::id);
    if let Some(memory) = memory {
        for Constant { at, bytes } in constants {
            let offset = ConstExpr::Value(Value::I32(i32::try_from(at)?));
            let id = module.data.add(DataKind::Active { memory, offset }, bytes);
            module.memories.get_mut(memory).data_segments.insert(id);
        }
    }
    fs::write(wasm, module.emit_wasm()).with_context(|| format!("cannot write {}", wasm.display()))
}

fn read(wasm: &Path) -> Result<Module> {
    let bytes = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    Module::from_buffer(&bytes).map_err(|why| anyhow!("the client's wasm cannot be read: {why}"))
}

/// Bytes that lie in memory from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Constant {
    at: u32,
    bytes: Vec<u8>,
}

impl Constant {
    fn range(&self) -> Range<u32> {
        self.at..self.at + self.bytes.len() as u32
    }

    /// A message, a file's name, several of them.
    fn is_text(&self) -> bool {
        // Between the pieces of a message lie single bytes that say what is to be put there.
        self.bytes.iter().filter(|byte| matches!(byte, b' '..=b'~')).count() * 4 >= self.bytes.len() * 3
    }

    /// A place in a source file: the name's address and length, line, column.
    fn is_place(&self, texts: &[Constant]) -> bool {
        let [name, length, _line, _column] = self.words()[..] else { return false };
        texts.iter().any(|text| {
            let from = name.wrapping_sub(text.at) as usize;
            text.bytes.get(from..from.saturating_add(length as usize)).is_some_and(|name| name.ends_with(b".rs"))
        })
    }

    fn words(&self) -> Vec<u32> {
        self.bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
    }
}

/// Take all constants out of the module, in the order of their addresses.
fn constants(module: &mut Module) -> Result<Vec<Constant>> {
    let mut constants = Vec::new();
    let ids: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    for id in ids {
        let data = module.data.get(id);
        let DataKind::Active { memory, offset: ConstExpr::Value(Value::I32(at)) } = data.kind else {
            return Err(anyhow!("the client's wasm has a segment whose address is not a number"));
        };
        constants.push(Constant { at: at as u32, bytes: data.value.clone() });
        module.memories.get_mut(memory).data_segments.remove(&id);
        module.data.delete(id);
    }
    constants.sort_by_key(|constant| constant.at);
    Ok(constants)
}

/// Those that are referred to, from code or from one that is, and all that are neither text nor place.
fn living(constants: Vec<Constant>, numbers: &BTreeSet<u32>) -> Vec<Constant> {
    let texts: Vec<_> = constants.iter().filter(|constant| constant.is_text()).cloned().collect();
    let is_mortal = |constant: &Constant| constant.is_text() || constant.is_place(&texts);
    let mut numbers = numbers.clone();
    let mut asked = constants;
    let mut alive = Vec::new();
    loop {
        let is_alive = |constant: &Constant| !is_mortal(constant) || numbers.range(constant.range()).next().is_some();
        let (found, rest): (Vec<_>, Vec<_>) = asked.into_iter().partition(is_alive);
        if found.is_empty() {
            break;
        }
        numbers.extend(found.iter().flat_map(Constant::words));
        alive.extend(found);
        asked = rest;
    }
    alive.sort_by_key(|constant| constant.at);
    alive
}

/// Neighbours as one: the zeros between them weigh less than a segment's head.
fn join(constants: Vec<Constant>) -> Vec<Constant> {
    const HEAD: u32 = 8;
    let mut joined: Vec<Constant> = Vec::new();
    for constant in constants {
        match joined.last_mut() {
            Some(last) if constant.at - last.range().end <= HEAD => {
                last.bytes.resize((constant.at - last.at) as usize, 0);
                last.bytes.extend(constant.bytes);
            }
            _ => joined.push(constant),
        }
    }
    joined
}

/// Every number in the code that may be an address.
fn numbers_in(module: &Module) -> BTreeSet<u32> {
    let mut numbers = Numbers(BTreeSet::new());
    for (_, function) in module.funcs.iter_local() {
        ir::dfs_in_order(&mut numbers, function, function.entry_block());
    }
    numbers.0
}

struct Numbers(BTreeSet<u32>);

impl<'instr> Visitor<'instr> for Numbers {
    fn visit_instr(&mut self, instr: &'instr Instr, _: &'instr ir::InstrLocId) {
        match instr {
            Instr::Const(Const { value: Value::I32(number) }) => _ = self.0.insert(*number as u32),
            // Two addresses may be stored at once.
            Instr::Const(Const { value: Value::I64(number) }) => {
                self.0.extend([*number as u32, (*number >> 32) as u32]);
            }
            Instr::Load(Load { arg, .. }) | Instr::Store(Store { arg, .. }) => self.0.extend(u32::try_from(arg.offset)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(at: u32, bytes: &[u8]) -> Constant {
        Constant { at, bytes: bytes.to_vec() }
    }

    fn words(at: u32, words: &[u32]) -> Constant {
        Constant { at, bytes: words.iter().flat_map(|word| word.to_le_bytes()).collect() }
    }

    fn addresses(constants: &[Constant], numbers: &[u32]) -> Vec<u32> {
        let living = living(constants.to_vec(), &numbers.iter().copied().collect());
        living.iter().map(|constant| constant.at).collect()
    }

    #[test]
    fn a_text_lives_while_code_or_a_living_constant_refers_to_it() {
        let constants =
            [constant(100, b"said by code"), constant(112, b"named in a list"), constant(127, b"by nobody")];
        let list = words(200, &[112, 15, 7]);
        assert_eq!(addresses(&[&constants[..], &[list]].concat(), &[100]), [100, 112, 200]);
        assert_eq!(addresses(&constants, &[105]), [100], "a text may be read from its middle");
    }

    #[test]
    fn a_place_dies_with_its_file_and_numbers_never_do() {
        let constants =
            [constant(100, b"engine/src/spans.rs\0"), words(120, &[100, 19, 94, 33]), words(136, &[1, 2, 3, 4])];
        assert_eq!(addresses(&constants, &[]), [136]);
        assert_eq!(addresses(&constants, &[120]), [100, 120, 136], "a place that is needed needs its file");
    }

    #[test]
    fn neighbours_are_joined_over_what_has_died_between_them() {
        let joined = join(vec![constant(100, b"abc"), constant(104, b"d"), constant(200, b"e")]);
        assert_eq!(joined, [constant(100, b"abc\0d"), constant(200, b"e")]);
    }

    #[test]
    fn every_number_that_may_be_an_address_is_found() {
        let mut module = Module::default();
        let memory = module.memories.add_local(false, false, 1, None, None);
        let mut builder = walrus::FunctionBuilder::new(&mut module.types, &[], &[]);
        let place = ir::MemArg { align: 1, offset: 300 };
        let load = ir::LoadKind::I32_8 { kind: ir::ExtendedLoad::ZeroExtend };
        builder.func_body().i32_const(100).load(memory, load, place).drop().i64_const(7 << 32 | 200).drop();
        builder.finish(vec![], &mut module.funcs);
        assert_eq!(numbers_in(&module), BTreeSet::from([7, 100, 200, 300]));
    }
}
