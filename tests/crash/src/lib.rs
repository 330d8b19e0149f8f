//! Real servers, killed under load, again and again.
//!
//! Many [tabs](load) beat, close, sign out, punch and fall silent over HTTP, and each keeps a [`journal`] of what it was
//! answered. At a moment that a seed draws the server gets SIGKILL; the next one starts on the same data, and the
//! [`checks`] hold the journals against what is [on its disk](stored) and what it says. Then the load goes on.
//!
//! A SIGKILL takes the process and leaves the system: what the process had handed to the system arrives on the disk all
//! the same. So this proves that an answer follows its commit, and that a start finds its way back; a loss of power, which
//! takes what the system has not yet written as well, cannot be played here.
#![allow(clippy::expect_used, reason = "a run that cannot go on says so by failing")]

pub mod checks;
pub mod ends;
pub mod journal;
pub mod load;
pub mod process;
pub mod run;
pub mod said;
pub mod stored;
