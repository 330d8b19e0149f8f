//! Real server processes, spoken to over HTTP.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]

mod channels;
mod feed;
mod on_postgres;
mod punch_clock;
mod restart;
mod session_duration;
mod wrong_input;
