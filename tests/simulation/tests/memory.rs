//! What a live session costs in memory, with its user, channel, page, lease and place in the wheel.
#![allow(clippy::expect_used, reason = "a name that does not parse is a test that is wrong")]

use std::alloc::System;

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

const SESSIONS: u64 = 1_000_000;

/// What an allocator adds to each piece at most: its own note, and rounding up to sixteen.
const EACH: usize = 8 + 15;

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
        channel: ChannelName::parse(&name("room-", 1_000)).expect("a channel"),
        page: Some(PagePath::parse(&name("/orders/", 10_000)).expect("a page")),
    };
    let user = UserId::parse(&name("user-", SESSIONS)).expect("a name");
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

#[test]
fn a_million_sessions_need_at_most_200_bytes_each() {
    let now = Timestamp(1_790_000_000_000);
    let region = Region::new(ALLOCATOR);
    let mut tracker = Tracker::new(Policy::default(), 7, now);
    for number in 0..SESSIONS {
        tracker.handle_input(Input::Beat(report(number)), now);
        drain(&mut tracker, now);
    }
    let stats = region.change();
    assert_eq!(tracker.live().sessions as u64, SESSIONS);
    let bytes = stats.bytes_allocated - stats.bytes_deallocated;
    let pieces = stats.allocations - stats.deallocations;
    let each = (bytes + EACH * pieces) / SESSIONS as usize;
    println!("{each} bytes a session, in {pieces} pieces");
    assert!(each <= 200, "{each} bytes a session");
    assert!(each > 100, "{each} bytes a session: something is not counted");
}
