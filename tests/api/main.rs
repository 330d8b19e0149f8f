//! Real server processes, spoken to over HTTP.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]

mod channels;
mod cookies;
mod feed;
mod gate;
mod metrics;
mod openapi;
mod operation;
mod punch_clock;
mod restart;
mod session_duration;
mod sweep;
mod throttle;
mod tokens;
mod wrong_input;
