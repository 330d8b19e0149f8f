//! Several real servers that share a real Redis and a real PostgreSQL, behind a real nginx and under load: whatever becomes of
//! one of them, nobody is out who is there, and nobody is punched out twice.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]

mod failures;
mod ground;
mod onlooker;
mod relay;
mod restarts;
mod tabs;
