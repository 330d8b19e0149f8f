//! What a heartbeat is, and what silence means.
//!
//! Two machines with one shape. [`Pulse`](pulse::Pulse) is one tab: when to beat and what to say.
//! [`Tracker`](tracker::Tracker) is the server's picture: who is here, and what has just changed.
//! Neither reads a clock, opens a socket or touches a page; a thin shell around each does that.
//!
//! **After every `handle_input`, call `poll_output` until it says `Wait`.** Change one thing, then drain. A wait
//! says until when and why; when it is over, or when something else happens, there is the next input. A late or
//! repeated `Timer` does no harm.
//!
//! ```
//! use stillhere_engine::pulse::{Input, Options, Output, Pulse};
//! use stillhere_engine::time::{Instant, Now, Timestamp};
//!
//! let now = |ms| Now { instant: Instant(ms), wall: Timestamp(1_790_000_000_000 + ms) };
//! let mut pulse = Pulse::begin(Options::default(), [7; 16], None, now(0));
//! let mut clock = 0;
//! for _ in 0..3 {
//!     pulse.handle_input(Input::Timer, now(clock));
//!     let until = loop {
//!         match pulse.poll_output() {
//!             Output::Send(dispatch) => println!("{clock} ms: beat {:?}", dispatch.seq),
//!             Output::Ended(session) => println!("{clock} ms: {session:?} is over"),
//!             Output::Wait { until, why } => {
//!                 println!("{clock} ms: wait until {until:?} ({why:?})");
//!                 break until;
//!             }
//!         }
//!     };
//!     clock = until.0;
//! }
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod label;
pub mod limits;
pub mod page;
pub mod policy;
pub mod pulse;
pub mod random;
pub mod spans;
pub mod time;
pub mod tracker;
pub mod wire;
