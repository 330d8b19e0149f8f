//! Ports that nobody has.

use std::{
    net::TcpListener,
    process,
    sync::atomic::{AtomicU16, Ordering::Relaxed},
};

/// Below the ports that the system gives to outgoing connections, so that a server that was killed finds its own again.
const FIRST: u16 = 12_000;
const COUNT: u16 = 10_000;

/// What nodes of a cluster add to their port for the one on which they talk to each other.
pub(crate) const BUS: u16 = 10_000;

/// Ports that are free now, and that no other server of this process has been given.
pub(crate) fn free() -> impl Iterator<Item = u16> {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Each test's process begins somewhere else.
    let start = u16::try_from(process::id().wrapping_mul(31) % u32::from(COUNT)).unwrap_or(0);
    (0..COUNT)
        .map(move |_| FIRST + start.wrapping_add(GIVEN.fetch_add(1, Relaxed)) % COUNT)
        .filter(|port| is_free(*port) && is_free(port + BUS))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}
