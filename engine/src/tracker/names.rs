//! Names kept once: a thousand sessions in one channel share its name.

use alloc::vec::Vec;
use core::hash::{BuildHasher, Hash};

use foldhash::quality::FixedState;
use hashbrown::HashTable;

/// A table from names to small numbers and back. A name is kept while somebody holds it.
#[derive(Debug)]
pub(super) struct Names<T> {
    /// Which names there are; the names themselves lie in `names`.
    index: HashTable<u32>,
    /// Apart from `holders`, as together they would be padded.
    names: Vec<Option<T>>,
    holders: Vec<u32>,
    free: Vec<u32>,
    hasher: FixedState,
}

impl<T: Eq + Hash> Names<T> {
    /// An empty table. The seed keeps outsiders from choosing names that collide.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            index: HashTable::new(),
            names: Vec::new(),
            holders: Vec::new(),
            free: Vec::new(),
            hasher: FixedState::with_seed(seed),
        }
    }

    /// Makes room for so many names more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.names.reserve(more);
        self.holders.reserve(more);
        let (names, hasher) = (&self.names, &self.hasher);
        let rehash = |&other: &u32| names[other as usize].as_ref().map_or(0, |name| hasher.hash_one(name));
        self.index.reserve(more, rehash);
    }

    /// The number of `name`, which is kept once more.
    pub(super) fn hold(&mut self, name: &T) -> u32
    where
        T: Clone,
    {
        let hash = self.hasher.hash_one(name);
        let number = self.find_hashed(hash, name).unwrap_or_else(|| self.add(hash, name.clone()));
        self.hold_known(number);
        number
    }

    /// Keeps a name once more whose number is known already.
    pub(super) fn hold_known(&mut self, number: u32) {
        self.holders[number as usize] += 1;
    }

    /// Gives a number back; its name goes with the last holder. True when it went.
    pub(super) fn release(&mut self, number: u32) -> bool {
        let holders = &mut self.holders[number as usize];
        *holders -= 1;
        if *holders > 0 {
            return false;
        }
        if let Some(name) = self.names[number as usize].take() {
            let hash = self.hasher.hash_one(&name);
            if let Ok(found) = self.index.find_entry(hash, |&other| other == number) {
                found.remove();
            }
        }
        self.free.push(number);
        true
    }

    /// The number of `name`, if it is kept.
    pub(super) fn find(&self, name: &T) -> Option<u32> {
        self.find_hashed(self.hasher.hash_one(name), name)
    }

    /// The name of a number that is held.
    pub(super) fn name(&self, number: u32) -> Option<&T> {
        self.names.get(number as usize)?.as_ref()
    }

    /// Every name that is kept, with its number.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, &T)> {
        self.names.iter().enumerate().filter_map(|(number, name)| Some((number as u32, name.as_ref()?)))
    }

    /// How many hold the number.
    pub(super) fn holders(&self, number: u32) -> u32 {
        self.holders.get(number as usize).copied().unwrap_or(0)
    }

    /// How many names are kept.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    fn find_hashed(&self, hash: u64, name: &T) -> Option<u32> {
        self.index.find(hash, |&number| self.names[number as usize].as_ref() == Some(name)).copied()
    }

    fn add(&mut self, hash: u64, name: T) -> u32 {
        let number = match self.free.pop() {
            Some(number) => {
                self.names[number as usize] = Some(name);
                number
            }
            None => {
                self.names.push(Some(name));
                self.holders.push(0);
                self.names.len() as u32 - 1
            }
        };
        let (names, hasher) = (&self.names, &self.hasher);
        let rehash = |&other: &u32| names[other as usize].as_ref().map_or(0, |name| hasher.hash_one(name));
        self.index.insert_unique(hash, number, rehash);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_lives_as_long_as_its_last_holder() {
        let mut names = Names::new(7);
        let (ann, bob) = (names.hold(&"ann"), names.hold(&"bob"));
        assert_eq!(names.hold(&"ann"), ann);
        assert!(!names.release(ann));
        assert_eq!(names.name(ann), Some(&"ann"));
        assert!(names.release(ann));
        assert_eq!((names.find(&"ann"), names.find(&"bob"), names.len()), (None, Some(bob), 1));
        assert_eq!(names.hold(&"cid"), ann, "its number is used again");
    }

    #[test]
    fn ten_thousand_names_are_found_again() {
        let mut names = Names::new(7);
        let numbers: Vec<u32> = (0..10_000).map(|name: u32| names.hold(&name)).collect();
        assert!((0..10_000).all(|name| names.find(&name) == Some(numbers[name as usize])));
    }
}
