//! A slab: things that come and go, named by keys that are never used for another thing.

use std::marker::PhantomData;

/// Names one thing. Two of them are never equal, even when one thing has taken the other's place in memory.
#[derive(Debug)]
pub struct Key<T> {
    place: u32,
    /// Which of the things that have been in this place.
    turn: u32,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.place, self.turn) == (other.place, other.turn)
    }
}

impl<T> Eq for Key<T> {}

/// The things.
#[derive(Debug)]
pub struct Slab<T> {
    places: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Puts a thing in.
    pub fn add(&mut self, thing: T) -> Key<T> {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push((0, None));
            self.places.len() as u32 - 1
        });
        let (turn, slot) = &mut self.places[place as usize];
        *slot = Some(thing);
        Key { place, turn: *turn, kind: PhantomData }
    }

    /// Takes a thing out, if it is still there.
    pub fn take(&mut self, key: Key<T>) -> Option<T> {
        let (turn, slot) = self.places.get_mut(key.place as usize)?;
        if *turn != key.turn {
            return None;
        }
        let thing = slot.take()?;
        *turn = turn.wrapping_add(1);
        self.free.push(key.place);
        Some(thing)
    }

    /// Looks at a thing.
    #[must_use]
    pub fn get(&self, key: Key<T>) -> Option<&T> {
        let (turn, slot) = self.places.get(key.place as usize)?;
        slot.as_ref().filter(|_| *turn == key.turn)
    }

    /// Changes a thing.
    pub fn get_mut(&mut self, key: Key<T>) -> Option<&mut T> {
        let (turn, slot) = self.places.get_mut(key.place as usize)?;
        slot.as_mut().filter(|_| *turn == key.turn)
    }

    /// How many things there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_outlives_its_thing_without_finding_another() {
        let mut slab = Slab::default();
        let old = slab.add('a');
        assert_eq!(slab.take(old), Some('a'));
        let new = slab.add('b');
        assert_eq!((slab.get(old), slab.get(new), slab.len()), (None, Some(&'b'), 1));
    }
}
