//! Real server processes, spoken to over HTTP.

mod channels;
mod cookies;
mod feed;
mod gate;
mod punch_clock;
mod restart;
mod session_duration;
mod tokens;
mod wrong_input;
