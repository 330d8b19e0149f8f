//! Tabs that nobody touches, and tabs that are woken on time while nobody sees them.

use super::*;

fn idle_after(seconds: u64) -> Options {
    Options { idle_after: Some(Millis::seconds(seconds)), ..every(10) }
}

/// What the tab's newest beat says of its future.
fn last_said(tab: &Tab) -> (bool, Option<Millis>) {
    (tab.last().idle, tab.last().next)
}

#[test]
fn an_idle_tab_says_so_once_and_is_silent_until_somebody_touches_it() {
    let mut tab = Tab::open(idle_after(25));
    tab.pass_online(24_999);
    assert_eq!((tab.sent.len(), last_said(&tab)), (3, (false, Some(Millis::seconds(10)))));
    tab.pass_online(1);
    assert_eq!((tab.sent.len(), last_said(&tab)), (4, (true, None)), "when it is idle, and not with the next beat");
    assert_eq!((tab.last().state, tab.wait), (PageState::Active, (Instant::NEVER, Why::Idle)));
    tab.pass_online(6 * 3_600_000);
    assert_eq!(tab.sent.len(), 4);

    tab.tell(Input::Activity);
    assert_eq!((tab.sent.len(), last_said(&tab)), (5, (false, Some(Millis::seconds(10)))), "at once");
    assert_eq!(tab.visible(), "0-21625000", "it was visible all the time");
    tab.answer(accepted(10));
    tab.pass_online(24_000);
    assert_eq!(tab.sent.len(), 7, "and goes on");
}

#[test]
fn input_keeps_a_tab_from_being_idle() {
    let mut tab = Tab::open(idle_after(25));
    for _ in 0..10 {
        tab.pass_online(20_000);
        tab.tell(Input::Activity);
    }
    assert!(tab.sent.iter().all(|beat| !beat.idle && beat.next.is_some()));
}

#[test]
fn a_word_of_idleness_that_is_lost_is_said_again() {
    let mut tab = Tab::open(idle_after(25));
    tab.pass_online(20_000);
    tab.pass(5_000);
    assert_eq!((tab.sent.len(), last_said(&tab)), (4, (true, None)));
    tab.answer(Outcome::Retry { after: Millis::ZERO });
    assert_eq!(tab.wait.1, Why::Retry);
    tab.pass(1_001);
    assert_eq!((tab.sent.len(), last_said(&tab)), (5, (true, None)));
    tab.answer(accepted(10));
    assert_eq!(tab.wait, (Instant::NEVER, Why::Idle));
}

#[test]
fn who_comes_back_to_an_idle_tab_is_there() {
    let mut tab = Tab::open(idle_after(25));
    tab.pass_online(60_000);
    let silent = tab.sent.len();
    tab.tell(Input::Page(PageState::Passive));
    assert_eq!((tab.sent.len(), last_said(&tab).0), (silent + 1, false), "by a click into another window");
    tab.answer(accepted(10));
    tab.pass_online(60_000);
    let silent = tab.sent.len();
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!((tab.sent.len(), last_said(&tab)), (silent + 1, (false, None)), "leaving it is told, without a promise");
    tab.answer(accepted(10));
    tab.tell(Input::Page(PageState::Active));
    assert_eq!((tab.sent.len(), last_said(&tab)), (silent + 2, (false, Some(Millis::seconds(10)))), "by coming back");
}

#[test]
fn a_hidden_tab_that_is_idle_is_silent_too() {
    let mut tab = Tab::open(idle_after(100));
    tab.answer(accepted(10));
    tab.tell(Input::Page(PageState::Hidden));
    tab.answer(accepted(10));
    tab.pass_online(99_999);
    assert_eq!(tab.last().next, Some(Millis::seconds(75)));
    tab.pass_online(1);
    assert_eq!((tab.last().state, last_said(&tab)), (PageState::Hidden, (false, None)), "hidden says enough");
    let sent = tab.sent.len();
    tab.pass_online(3_600_000);
    assert_eq!(tab.sent.len(), sent);
}

#[test]
fn the_next_page_of_an_idle_tab_is_not_idle() {
    let mut tab = Tab::open(idle_after(25));
    tab.pass_online(60_000);
    tab.tell(Input::Page(PageState::Frozen));
    let mut next = Tab::load(idle_after(25), Some((tab.pulse.save(), 61_000)));
    next.tell(Input::Page(PageState::Active));
    next.answer(accepted(10));
    next.pass_online(24_000);
    assert!(next.sent.len() >= 3 && next.sent.iter().all(|beat| !beat.idle));
}

#[test]
fn a_session_that_ends_while_nobody_is_there_is_followed_by_one_when_somebody_is() {
    let mut tab = Tab::open(idle_after(25));
    tab.pass_online(20_000);
    tab.pass(5_000);
    tab.answer(Outcome::Ended);
    assert_eq!((tab.sent.len(), tab.wait), (4, (Instant::NEVER, Why::Idle)));
    tab.tell(Input::Activity);
    assert_eq!((tab.sent.len(), tab.last().seq), (5, 1));
}

#[test]
fn a_hidden_tab_with_a_steady_timer_keeps_the_short_promise() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(10));
    tab.tell(Input::SteadyTimer);
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!(tab.last().next, Some(Millis::seconds(10)));
    tab.answer(accepted(10));
    tab.pass_online(60_000);
    let hidden = tab.sent.iter().filter(|beat| beat.state == PageState::Hidden);
    assert_eq!(hidden.map(|beat| beat.t.0).collect::<Vec<_>>(), [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
}

#[test]
fn a_steady_timer_is_no_reason_to_beat_where_the_policy_says_pause() {
    let mut tab = Tab::open(Options { when_hidden: Some(WhenHidden::Pause), ..every(10) });
    tab.tell(Input::SteadyTimer);
    tab.answer(accepted(10));
    tab.tell(Input::Page(PageState::Hidden));
    tab.answer(accepted(10));
    assert_eq!((tab.last().next, tab.wait), (None, (Instant::NEVER, Why::Paused)));
}
