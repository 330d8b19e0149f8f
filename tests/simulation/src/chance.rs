//! Chance: everything random in a run follows from one seed, on every machine alike.

use stillhere_engine::{random::Rng, time::Millis};

/// A stream of chance. Streams with different names from one seed have nothing in common.
#[derive(Clone, Debug)]
pub struct Chance(Rng);

impl Chance {
    /// The stream that `name` names among those of `seed`.
    #[must_use]
    pub fn new(seed: u64, name: u64) -> Self {
        let (a, b) = (scatter(seed ^ scatter(name)), scatter(scatter(seed).wrapping_add(name)));
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&a.to_be_bytes());
        bytes[8..].copy_from_slice(&b.to_be_bytes());
        let mut rng = Rng::new(bytes);
        // The first numbers still look like the seed.
        rng.bits();
        rng.bits();
        Self(rng)
    }

    /// A number below `limit`; zero when that is zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.0.bits() % limit }
    }

    /// A number from `least` to `most`.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// True `times` in a thousand.
    pub fn permille(&mut self, times: u64) -> bool {
        self.below(1_000) < times
    }

    /// A waiting time: exponential with this mean, in whole numbers only, so that no processor's rounding matters.
    pub fn about(&mut self, mean: u64) -> u64 {
        let bits = self.0.bits() | 1;
        let zeros = bits.leading_zeros();
        let fraction = (bits << zeros) >> 47 & 0xffff;
        let halvings = (u64::from(zeros + 1) << 16) - fraction;
        mean.saturating_mul(halvings).saturating_mul(693) / (65_536 * 1_000)
    }

    /// A seed for one tab.
    pub fn bytes(&mut self) -> [u8; 16] {
        self.0.bytes()
    }

    /// A length below `limit`.
    pub fn length(&mut self, limit: u64) -> Millis {
        Millis(self.below(limit))
    }
}

/// Spreads a number's bits over all of them (the finalizer of `splitmix64`).
fn scatter(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_have_the_mean_they_are_asked_for() {
        let mut chance = Chance::new(1, 2);
        let sum: u64 = (0..100_000).map(|_| chance.about(60_000)).sum();
        assert!((57_000..63_000).contains(&(sum / 100_000)), "{}", sum / 100_000);
    }

    #[test]
    fn streams_of_one_seed_differ() {
        assert_ne!(Chance::new(7, 1).below(u64::MAX), Chance::new(7, 2).below(u64::MAX));
        assert_ne!(Chance::new(7, 1).below(u64::MAX), Chance::new(8, 1).below(u64::MAX));
    }
}
