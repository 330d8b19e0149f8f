//! Real server processes, spoken to over HTTP.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]

mod audit;
mod channels;
mod cookies;
mod demo;
mod disk;
mod feed;
mod gate;
mod history;
mod metrics;
mod migrate;
mod on_postgres;
mod openapi;
mod operation;
mod people;
mod punch_clock;
mod removal;
mod restart;
mod session_duration;
mod site;
mod socket;
mod sweep;
mod throttle;
mod tokens;
mod visibility;
mod webhooks;
mod wrong_input;
