//! A scenario: everything that a run follows from.

use std::fmt;

use crate::{
    agenda::{HOUR, Ms},
    chance::Chance,
    hostility::{Hostility, Kinds, Level},
    preset::Preset,
};

/// Whose design runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// The engine that ships.
    Stillhere,
    /// What the preset's system did before.
    Baseline,
}

/// Everything that a run follows from.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// All chance.
    pub seed: u64,
    /// How many people.
    pub persons: u32,
    /// How long people come and go.
    pub length: Ms,
    /// The numbers.
    pub preset: Preset,
    /// What goes wrong.
    pub hostility: Hostility,
    /// Whose design.
    pub system: System,
    /// Visits that each person makes in a day.
    pub visits_per_day: u32,
    /// Whether everything is compared with everything at every step: for small worlds.
    pub is_thorough: bool,
}

impl Scenario {
    /// The usual story of a seed: a few people, some hours, and a preset and a hostility that the seed chooses.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let mut chance = Chance::new(seed, 0);
        let preset = Preset::ALL[chance.below(Preset::ALL.len() as u64) as usize];
        let level = match chance.below(8) {
            0 => Level::Calm,
            1 | 2 => Level::Usual,
            _ => Level::Hostile,
        };
        Self {
            seed,
            persons: chance.between(1, 6) as u32,
            length: chance.between(1, 5) * HOUR,
            preset,
            hostility: Hostility { level, kinds: Kinds::ALL },
            system: System::Stillhere,
            visits_per_day: 24,
            is_thorough: true,
        }
    }

    /// The scenario as Rust writes it, as what it differs in from its seed's.
    #[must_use]
    pub fn as_code(&self) -> String {
        format!(
            "Scenario {{ persons: {}, length: {} * MINUTE, visits_per_day: {}, preset: Preset::{:?}, hostility: Hostility \
             {{ level: Level::{:?}, kinds: Kinds::from_bits({:#x}) }}, ..Scenario::of_seed({}) }}",
            self.persons,
            self.length / crate::agenda::MINUTE,
            self.visits_per_day,
            self.preset,
            self.hostility.level,
            self.hostility.kinds.bits(),
            self.seed,
        )
    }

    /// The command that runs exactly this again.
    #[must_use]
    pub fn replay(&self) -> String {
        let level = format!("{:?}", self.hostility.level).to_lowercase();
        format!(
            "cargo xtask sim --seed {} --persons {} --minutes {} --visits {} --preset {} --hostility {level} --kinds {:#x} \
             --log",
            self.seed,
            self.persons,
            self.length / crate::agenda::MINUTE,
            self.visits_per_day,
            self.preset.name(),
            self.hostility.kinds.bits(),
        )
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minutes, kinds) = (self.length / crate::agenda::MINUTE, self.hostility.kinds);
        write!(f, "{} people, {minutes} min, {:?}, {kinds:?}", self.persons, self.hostility.level)
    }
}
