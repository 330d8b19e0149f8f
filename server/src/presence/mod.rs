//! Who is here, where several nodes share that.
//!
//! The rules stay in the engine. A node reads one user's whole live state, lets the engine judge what has happened, and
//! writes the state back if nobody else has written it meanwhile. What lies below knows users, bytes and moments, and
//! nothing of what they mean.

pub(crate) mod redis;
