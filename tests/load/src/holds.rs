//! How much memory the engine's tracker needs for so many sessions, in a process that has nothing else in it.
//!
//! `holds 1000000` prints what the tracker has allocated and how much larger the process has become, in bytes.
#![allow(clippy::expect_used, reason = "a measurement that cannot go on says so by failing")]

use std::{alloc::System, env, fs};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use stillhere_engine::{
    page::PageState,
    policy::Policy,
    spans::Span,
    time::{Millis, Timestamp},
    tracker::{Input, Output, Past, Report, Ticket, Tracker},
    wire::{Beat, ChannelName, PagePath, SessionId, UserId},
};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const CHANNELS: u64 = 1_000;
const PAGES: u64 = 10_000;

fn main() {
    let sessions: u64 = env::args().nth(1).and_then(|word| word.parse().ok()).expect("a number of sessions");
    let now = Timestamp(1_790_000_000_000);
    let (region, before) = (Region::new(ALLOCATOR), resident());
    let mut tracker = Tracker::new(Policy::default(), 7, now);
    for number in 0..sessions {
        tracker.handle_input(Input::Beat(report(number)), now);
        drain(&mut tracker, now);
    }
    let stats = region.change();
    let after = resident();
    assert_eq!(tracker.live().sessions as u64, sessions, "everybody is here");
    let allocated = stats.bytes_allocated - stats.bytes_deallocated;
    println!("{{\"allocated\":{allocated},\"resident\":{}}}", after.saturating_sub(before));
}

fn report(number: u64) -> Box<Report> {
    let name = |kind: &str, of: u64| format!("{kind}{}", number % of);
    let beat = Beat {
        // Spread over the table as random ids are.
        session: SessionId(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_le_bytes()),
        seq: 1,
        t: Millis::ZERO,
        state: PageState::Active,
        sign_out: false,
        idle: false,
        ago: Millis::ZERO,
        next: Some(Millis::seconds(10)),
        visible: vec![Span { start: Millis::ZERO, end: Millis::ZERO }],
        active: Millis::ZERO,
        channel: ChannelName::parse(&name("room-", CHANNELS)).expect("a channel"),
        page: Some(PagePath::parse(&name("/orders/", PAGES)).expect("a page")),
    };
    let user = UserId::parse(&format!("user-{number:07}")).expect("a name");
    Box::new(Report { ticket: Ticket(number), user, issued_at: None, beat, past: Some(Past::NeverSeen) })
}

fn drain(tracker: &mut Tracker, now: Timestamp) {
    loop {
        match tracker.poll_output() {
            Output::Wait { .. } => return,
            Output::Record(_) => tracker.handle_input(Input::Recorded, now),
            _ => {}
        }
    }
}

/// Memory that this process really has, in bytes.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it tells of the memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}
