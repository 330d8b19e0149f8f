//! What the past looks like in figures. The folds are pure: they are fed with what happened, in its order, and hold what
//! fits in a hand however much they are fed. The [store](crate::store) feeds them.

mod lengths;
mod person;
mod statistics;
#[cfg(test)]
mod tests;

pub(crate) use person::{Person, Split, Tally};
#[cfg(test)]
use statistics::Ends;
pub(crate) use statistics::{Bucket, Figures, Peak, Statistics};
