//! The wire: what a tab says, what it is answered, and every way in which a beat can be refused.
//!
//! [`RawBeat`] is what lies on the wire; a [`Beat`] can only be made by [`RawBeat::parse`] and is valid.

mod answer;
mod beat;
mod names;
mod session_id;

pub use answer::{Accepted, Refusal};
pub use beat::{BadBeat, Beat, Number, RawBeat};
pub use names::{BadName, ChannelName, PagePath, UserId};
pub use session_id::SessionId;
