//! The engine that ships, tab by tab, in virtual time from a seed, beside a model that knows the truth.
//!
//! People come, look, type, leave and crash ([`persons`](world)); browsers throttle, freeze and forget; networks lose,
//! delay and repeat; the server dies and comes back. Every tab runs the real `Pulse`, the server the real `Tracker`.
//! A [`Life`](life::Life) records what each tab truly did, a [`Reference`](reference::Reference) what the server should
//! think, and the [`checks`] compare. One [`Scenario`](scenario::Scenario) gives one run, to the last millisecond.
//!
//! ```
//! use stillhere_simulation::{scenario::Scenario, world::World};
//!
//! let outcome = World::new(Scenario::of_seed(7)).run();
//! assert!(outcome.failure.is_none());
//! ```

pub mod agenda;
pub mod baseline;
pub mod cause;
pub mod chance;
pub mod checks;
pub mod disk;
pub mod habits;
pub mod hostility;
pub mod life;
pub mod log;
pub mod machine;
pub mod preset;
pub mod punch_log;
pub mod reduce;
pub mod reference;
pub mod report;
pub mod scenario;
pub mod slab;
pub mod tally;
pub mod union;
pub mod watcher;
pub mod world;
