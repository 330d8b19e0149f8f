//! What the tests of several parts together stand on: real servers, browsers and proxies, each started by the test
//! itself on a free port and gone when the test is.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]

pub mod beat;
pub mod browser;
pub mod clock;
pub mod driver;
pub mod endpoint;
pub mod engine;
pub mod feed;
pub mod machine;
pub mod nginx;
pub mod screen;
pub mod server;
pub mod site;
pub mod socket;
pub mod token;
