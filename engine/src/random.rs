//! Chance from a seed, so that every run can be repeated.

use crate::time::Millis;

/// A small seeded generator (xoroshiro128++). Good for jitter and ids, not for secrets.
#[derive(Clone, Debug)]
pub struct Rng {
    a: u64,
    b: u64,
}

impl Rng {
    /// A generator whose every number follows from `seed`.
    #[must_use]
    pub fn new(seed: [u8; 16]) -> Self {
        let (a, b) = seed.split_at(8);
        let word = |bytes: &[u8]| bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
        // All zero is the one state that this generator never leaves.
        Self { a: word(a), b: word(b) | 1 }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        let (a, mut b) = (self.a, self.b);
        let bits = a.wrapping_add(b).rotate_left(17).wrapping_add(a);
        b ^= a;
        self.a = a.rotate_left(49) ^ b ^ (b << 21);
        self.b = b.rotate_left(28);
        bits
    }

    /// A length from zero up to, and not including, `limit`; zero when `limit` is zero.
    pub fn below(&mut self, limit: Millis) -> Millis {
        // The high half times the limit: no division, and a bias that jitter does not notice.
        Millis((self.bits() >> 32).wrapping_mul(limit.0.min(1 << 31)) >> 32)
    }

    /// Sixteen bytes, as many as a session's id has.
    pub fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for half in bytes.as_chunks_mut().0 {
            *half = self.bits().to_le_bytes();
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_chance() {
        let draw = |seed| {
            let mut rng = Rng::new([seed; 16]);
            [rng.bits(), rng.bits(), rng.bits()]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn jitter_stays_below_its_limit_and_fills_it() {
        let mut rng = Rng::new([0; 16]);
        let draws: [u64; 1000] = core::array::from_fn(|_| rng.below(Millis(100)).0);
        assert!(draws.iter().all(|&draw| draw < 100));
        assert!(draws.iter().any(|&draw| draw < 5) && draws.iter().any(|&draw| draw > 94));
        assert_eq!(rng.below(Millis::ZERO), Millis::ZERO);
    }
}
