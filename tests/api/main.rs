//! Real server processes, spoken to over HTTP.

mod channels;
mod feed;
mod on_postgres;
mod punch_clock;
mod restart;
mod session_duration;
mod wrong_input;
