//! Real server processes, spoken to over HTTP.

mod feed;
mod restart;
mod session_duration;
mod wrong_input;
