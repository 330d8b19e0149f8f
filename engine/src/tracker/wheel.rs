//! A timer wheel: one entry per session, moved in constant time, and an expiry costs only what expires.
//!
//! Time is cut into ticks. A tick's bits, six at a time from the lowest, choose a slot on each of six levels; an
//! entry lies on the level of the highest bits in which its tick differs from the present, and sinks towards
//! level zero as those bits come round. Entries are links between numbers, so the wheel allocates nothing when one
//! moves.

use alloc::vec::Vec;

use crate::time::{Millis, Timestamp};

/// How finely time is cut: below what anybody notices, and 2³² of them are two years.
const TICK_MS: u64 = 16;
/// A turn of the highest level's slot. After three of them, a year and a half, time begins anew, so that a tick never
/// leaves its 32 bits.
const TURN: u32 = 1 << 30;
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
/// Six levels of six bits hold the 32 bits of a tick.
const LEVELS: usize = 6;
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Entry {
    tick: u32,
    next: u32,
    /// The entry before, or `SLOT | level * SLOTS + slot` for the first of a slot, or `NONE` when not in the wheel.
    prev: u32,
}

const SLOT: u32 = 1 << 31;

/// Timers for entries that are named by small numbers (places in a slab).
#[derive(Debug)]
pub(super) struct Wheel {
    base: Timestamp,
    now: u32,
    heads: [[u32; SLOTS]; LEVELS],
    occupied: [u64; LEVELS],
    entries: Vec<Entry>,
}

impl Wheel {
    /// An empty wheel whose time begins at `base`. All wheels cut time at the same moments, so that two of them agree on
    /// when something is due.
    pub(super) fn new(base: Timestamp) -> Self {
        let base = Timestamp(base.0 - base.0 % TICK_MS);
        Self { base, now: 0, heads: [[NONE; SLOTS]; LEVELS], occupied: [0; LEVELS], entries: Vec::new() }
    }

    /// Makes `key` expire at `at`, and not before; replaces what was set for it.
    pub(super) fn set(&mut self, key: u32, at: Timestamp) {
        let tick = self.tick_of(at).max(self.now);
        if self.entries.len() <= key as usize {
            self.entries.resize(key as usize + 1, Entry { tick: 0, next: NONE, prev: NONE });
        } else if self.entries[key as usize].prev != NONE {
            if self.entries[key as usize].tick == tick {
                return;
            }
            self.remove(key);
        }
        self.link(key, tick);
    }

    /// Forgets `key`, if it is there.
    pub(super) fn remove(&mut self, key: u32) {
        let Some(&Entry { next, prev, .. }) = self.entries.get(key as usize) else { return };
        if prev == NONE {
            return;
        }
        if prev & SLOT != 0 {
            let place = (prev ^ SLOT) as usize;
            self.heads[place / SLOTS][place % SLOTS] = next;
            if next == NONE {
                self.occupied[place / SLOTS] &= !(1 << (place % SLOTS));
            }
        } else {
            self.entries[prev as usize].next = next;
        }
        if next != NONE {
            self.entries[next as usize].prev = prev;
        }
        self.entries[key as usize].prev = NONE;
    }

    /// Takes out one entry that has expired by `now`.
    pub(super) fn pop(&mut self, now: Timestamp) -> Option<u32> {
        loop {
            let expired = self.pop_until(self.floor_of(now));
            if expired.is_some() || self.now < 3 * TURN {
                return expired;
            }
            self.begin_anew();
        }
    }

    fn pop_until(&mut self, until: u32) -> Option<u32> {
        loop {
            let Some((level, slot, tick)) = self.first_slot().filter(|&(_, _, tick)| tick <= until) else {
                self.now = self.now.max(until);
                return None;
            };
            self.now = self.now.max(tick);
            if level == 0 {
                let key = self.heads[level][slot];
                self.remove(key);
                return Some(key);
            }
            // The whole slot sinks: one left behind would be passed over by those that sank before it.
            while self.heads[level][slot] != NONE {
                let key = self.heads[level][slot];
                self.remove(key);
                self.link(key, self.entries[key as usize].tick);
            }
        }
    }

    /// Moves the beginning of time on by whole turns. The lower levels do not notice; what lies on the highest one is
    /// laid anew.
    fn begin_anew(&mut self) {
        let by = self.now / TURN * TURN;
        self.base = self.base.after(Millis(u64::from(by) * TICK_MS));
        self.now -= by;
        for entry in &mut self.entries {
            entry.tick = entry.tick.saturating_sub(by);
        }
        let highest = LEVELS - 1;
        let mut lifted = Vec::new();
        for slot in 0..SLOTS {
            while self.heads[highest][slot] != NONE {
                let key = self.heads[highest][slot];
                self.remove(key);
                lifted.push(key);
            }
        }
        for key in lifted {
            self.link(key, self.entries[key as usize].tick);
        }
    }

    /// When to look again: at the first expiry, or before it when entries have to sink.
    pub(super) fn next(&self) -> Timestamp {
        self.first_slot().map_or(Timestamp::NEVER, |(_, _, tick)| self.base.after(Millis(u64::from(tick) * TICK_MS)))
    }

    fn link(&mut self, key: u32, tick: u32) {
        let differs = (tick ^ self.now) | 1;
        let level = ((31 - differs.leading_zeros()) / BITS) as usize;
        let slot = (tick >> (BITS * level as u32)) as usize % SLOTS;
        let next = self.heads[level][slot];
        if next != NONE {
            self.entries[next as usize].prev = key;
        }
        self.entries[key as usize] = Entry { tick, next, prev: SLOT | (level * SLOTS + slot) as u32 };
        self.heads[level][slot] = key;
        self.occupied[level] |= 1 << slot;
    }

    /// The first occupied slot and the tick at which it begins. A lower level always comes first: what lies there
    /// shares the present's higher bits.
    fn first_slot(&self) -> Option<(usize, usize, u32)> {
        let level = self.occupied.iter().position(|&bits| bits != 0)?;
        let slot = self.occupied[level].trailing_zeros();
        let shift = BITS * level as u32;
        let above = u64::from(self.now) >> (shift + BITS) << (shift + BITS);
        // Within 32 bits, as the entry's own tick is.
        let tick = above as u32 | slot << shift;
        Some((level, slot as usize, tick.max(self.now)))
    }

    /// The first tick that is not before `at`.
    fn tick_of(&self, at: Timestamp) -> u32 {
        u32::try_from(at.since(self.base).0.div_ceil(TICK_MS)).unwrap_or(u32::MAX)
    }

    /// The last tick that is not after `now`.
    fn floor_of(&self, now: Timestamp) -> u32 {
        u32::try_from(now.since(self.base).0 / TICK_MS).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn expired(wheel: &mut Wheel, now: u64) -> Vec<u32> {
        let mut keys: Vec<u32> = core::iter::from_fn(|| wheel.pop(Timestamp(now))).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn nothing_expires_early_and_nothing_is_late_by_more_than_a_tick() {
        for ms in [0, 1, 15, 16, 17, 1_000, 65_535, 4_194_304, 86_400_000, 31_536_000_000] {
            let mut wheel = Wheel::new(Timestamp(1_000));
            wheel.set(0, Timestamp(1_000 + ms));
            if ms > 0 {
                assert!(expired(&mut wheel, 1_000 + ms - 1).is_empty(), "{ms}");
            }
            assert_eq!(expired(&mut wheel, 1_000 + ms + TICK_MS), [0], "{ms}");
            assert_eq!(wheel.next(), Timestamp::NEVER);
        }
    }

    #[test]
    fn waiting_until_next_and_looking_again_reaches_every_expiry() {
        let mut wheel = Wheel::new(Timestamp(0));
        wheel.set(3, Timestamp(86_400_000));
        let mut looks = 0;
        let at = loop {
            let at = wheel.next();
            looks += 1;
            if wheel.pop(at).is_some() {
                break at;
            }
        };
        assert_eq!(at.0, 86_400_000);
        assert!(looks <= LEVELS, "{looks} looks");
    }

    #[test]
    fn it_goes_right_for_ten_years_and_over_any_gap() {
        const DAY: u64 = 24 * 60 * 60 * 1_000;
        let ahead = [1, 50, 5_000, 400_000, 30_000_000, 49 * DAY];
        let mut wheel = Wheel::new(Timestamp(77));
        let (mut now, mut due) = (77, BTreeMap::new());
        for (step, gap) in
            [DAY, 3 * DAY + 1, 40 * DAY].into_iter().cycle().take(240).chain([9_000 * DAY, DAY]).enumerate()
        {
            for (key, ms) in ahead.into_iter().enumerate() {
                wheel.set(key as u32, Timestamp(now + ms + step as u64));
                due.insert(key as u32, now + ms + step as u64);
            }
            now += gap;
            let expected: Vec<u32> = due.iter().filter(|(_, at)| **at + TICK_MS <= now).map(|(key, _)| *key).collect();
            due.retain(|key, _| !expected.contains(key));
            assert_eq!(expired(&mut wheel, now), expected, "step {step}");
            let next = wheel.next().0;
            assert!(next > now && next <= due.values().min().map_or(u64::MAX, |at| at + TICK_MS), "step {step}");
        }
        assert!(now > 30 * 365 * DAY);
    }

    #[test]
    fn entries_of_one_slot_sink_together() {
        let mut wheel = Wheel::new(Timestamp(0));
        wheel.set(0, Timestamp(8_192 * TICK_MS));
        wheel.set(1, Timestamp(8_193 * TICK_MS));
        assert_eq!(expired(&mut wheel, 8_192 * TICK_MS), [0]);
        assert_eq!(expired(&mut wheel, 8_193 * TICK_MS), [1]);
    }

    proptest! {
        #[test]
        fn it_expires_what_a_sorted_map_would(
            story in proptest::collection::vec((0u32..20, 0u64..200_000, 0u64..30_000, any::<bool>()), 1..200)
        ) {
            let mut wheel = Wheel::new(Timestamp(0));
            let mut model = BTreeMap::new();
            let mut now = 0;
            for (key, ahead, step, removes) in story {
                if removes {
                    wheel.remove(key);
                    model.remove(&key);
                } else {
                    wheel.set(key, Timestamp(now + ahead));
                    model.insert(key, (now + ahead).div_ceil(TICK_MS).max(now / TICK_MS));
                }
                now += step;
                let due: Vec<u32> = model.iter().filter(|(_, at)| **at <= now / TICK_MS).map(|(key, _)| *key).collect();
                model.retain(|key, _| !due.contains(key));
                prop_assert_eq!(expired(&mut wheel, now), due);
                if let Some(first) = model.values().min() {
                    prop_assert!(wheel.next().0 <= first * TICK_MS && wheel.next().0 > now);
                }
            }
        }
    }
}
