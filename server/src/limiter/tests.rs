use std::time::Duration;

use governor::clock::FakeRelativeClock;

use super::*;
use crate::{
    caller::Peer,
    settings::{Settings, Typed},
};

fn limiter(settings: &str) -> (Limiter<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    let settings = Settings::parse(Typed::from_toml(settings).unwrap(), None).unwrap();
    (Limiter::new(settings.operation(), clock.clone()), clock)
}

fn from(address: &str) -> Caller {
    let settings = Settings::parse(Typed::default(), None).unwrap();
    let proxies = crate::caller::Proxies::new(settings.operation());
    proxies.caller(Peer(address.parse().unwrap()), &axum::http::HeaderMap::new())
}

fn session(number: u32) -> SessionId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_le_bytes());
    SessionId(id)
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// Beats until one is refused; how many were not.
fn flood(limiter: &Limiter<FakeRelativeClock>, caller: Caller, name: &str, session: SessionId) -> u32 {
    let mut taken = 0;
    while limiter.beat(caller, &user(name), session) == Ok(Turn::Free) {
        limiter.took(session);
        taken += 1;
    }
    taken
}

#[test]
fn a_session_that_floods_is_slowed_down_and_still_heard_often_enough_for_its_lease() {
    let (limiter, clock) = limiter("");
    let caller = from("192.0.2.1");
    assert_eq!(flood(&limiter, caller, "ann", session(1)), 16);
    assert_eq!(limiter.beat(caller, &user("ann"), session(1)), Err(Throttled(Millis(250))));
    for _ in 0..100 {
        clock.advance(Duration::from_millis(INTERVAL_MIN.0));
        assert_eq!(flood(&limiter, caller, "ann", session(1)), 2, "in each shortest interval");
    }
    assert_eq!(limiter.beat(caller, &user("bob"), session(2)), Ok(Turn::Free), "another session is not hurt");
}

#[test]
fn a_session_that_is_due_is_heard_whatever_its_user_and_its_address_do() {
    let (limiter, clock) = limiter("address_beats_per_s = 10");
    let (caller, quiet) = (from("192.0.2.1"), session(0));
    assert_eq!(limiter.beat(caller, &user("ann"), quiet), Ok(Turn::Free));
    limiter.took(quiet);
    let noise: u32 = (1..9).map(|number| flood(&limiter, caller, "ann", session(number))).sum();
    assert_eq!(noise, 39, "the address may send forty at once");
    assert!(limiter.beat(caller, &user("ann"), quiet).is_err(), "it was heard a moment ago");
    clock.advance(Duration::from_millis(INTERVAL_MIN.0));
    for number in 1..9 {
        flood(&limiter, caller, "ann", session(number));
    }
    assert_eq!(limiter.beat(caller, &user("ann"), quiet), Ok(Turn::Free));
}

#[test]
fn what_one_user_does_is_bounded_over_all_sessions() {
    let (limiter, _) = limiter("address_beats_per_s = 0");
    let taken: u32 = (0..64).map(|number| flood(&limiter, from("192.0.2.1"), "ann", session(number))).sum();
    assert_eq!(taken, limits::USER_BEATS_AT_ONCE);
    assert_eq!(limiter.beat(from("192.0.2.1"), &user("bob"), session(99)), Ok(Turn::Free));
}

#[test]
fn sessions_that_begin_are_counted_for_the_address_and_open_ones_are_let_through() {
    let (limiter, clock) = limiter("address_sessions_per_s = 1");
    let begin = |address, number| limiter.beat(from(address), &user(&format!("u{number}")), session(number));
    for number in 0..limits::SESSIONS_AT_ONCE_S {
        assert_eq!(begin("192.0.2.1", number), Ok(Turn::Free));
    }
    let too_many = begin("192.0.2.1", 1_000);
    assert_eq!(too_many, Ok(Turn::IfOpen(Millis(1_000))), "after a restart it may well be open");
    assert_eq!(begin("192.0.2.2", 1_001), Ok(Turn::Free), "another address is not hurt");
    clock.advance(Duration::from_secs(1));
    assert_eq!(begin("192.0.2.1", 1_002), Ok(Turn::Free));
}

#[test]
fn visits_and_bad_tokens_are_counted_for_the_address() {
    let (limiter, clock) = limiter("address_visits_per_min = 2");
    let (one, other) = (from("2001:db8::1"), from("2001:db8::ffff"));
    assert_eq!((limiter.visit(one), limiter.visit(other)), (Ok(()), Ok(())));
    assert_eq!(limiter.visit(one), Err(Throttled(Millis(30_000))), "a line of IPv6 is one address");
    assert_eq!(limiter.visit(from("2001:db8:1::1")), Ok(()));
    clock.advance(Duration::from_secs(30));
    assert_eq!(limiter.visit(one), Ok(()));
    let bad = (0..2_000).take_while(|_| limiter.bad_token(one).is_ok()).count();
    assert_eq!(bad, usize::try_from(limits::BAD_TOKENS_AT_ONCE).unwrap());
    assert_eq!(limiter.bad_token(from("192.0.2.1")), Ok(()));
}

#[test]
fn requests_are_counted_apart_from_beats() {
    let (limiter, clock) = limiter("address_requests_per_s = 2\naddress_beats_per_s = 1");
    let caller = from("192.0.2.1");
    assert_eq!((0..100).take_while(|_| limiter.request(caller).is_ok()).count(), 8, "four seconds' worth at once");
    assert_eq!(limiter.request(caller), Err(Throttled(Millis(500))));
    assert_eq!(limiter.beat(caller, &user("ann"), session(1)), Ok(Turn::Free));
    assert_eq!(limiter.request(from("192.0.2.2")), Ok(()));
    clock.advance(Duration::from_millis(500));
    assert_eq!(limiter.request(caller), Ok(()));
}

#[test]
fn zero_is_no_limit() {
    let (limiter, _) = limiter(
        "address_beats_per_s = 0\naddress_sessions_per_s = 0\naddress_visits_per_min = 0\naddress_requests_per_s = 0",
    );
    for number in 0..20_000 {
        let name = user(&format!("u{number}"));
        assert_eq!(limiter.beat(from("192.0.2.1"), &name, session(number)), Ok(Turn::Free));
        assert_eq!(limiter.visit(from("192.0.2.1")), Ok(()));
        assert_eq!(limiter.request(from("192.0.2.1")), Ok(()));
    }
}

#[test]
fn who_has_been_quiet_is_forgotten() {
    let (limiter, clock) = limiter("");
    for number in 0..10_000_u32 {
        let address = std::net::Ipv4Addr::from(number).to_string();
        let _ = limiter.beat(from(&address), &user(&format!("u{number}")), session(number));
        let _ = limiter.visit(from(&address));
        let _ = limiter.bad_token(from(&address));
    }
    let remembered = || {
        let addresses = [&limiter.addresses, &limiter.begins, &limiter.visits, &limiter.bad_tokens];
        limiter.sessions.len() + limiter.users.len() + addresses.iter().map(|buckets| buckets.len()).sum::<usize>()
    };
    assert_eq!(remembered(), 60_000);
    clock.advance(Duration::from_mins(1));
    limiter.forget();
    assert_eq!(remembered(), 0);
}
