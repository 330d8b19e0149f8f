//! What the page, the person and the machine do.

use super::*;

#[test]
fn input_to_a_hidden_page_is_no_activity() {
    let mut tab = Tab::open(every(600));
    tab.answer(accepted(10));
    tab.tell(Input::Page(PageState::Hidden));
    tab.pass(40_000);
    let sent = tab.sent.len();
    tab.tell(Input::Activity);
    assert_eq!(tab.sent.len(), sent);
    tab.tell(Input::BeatNow);
    assert_eq!(tab.last().active, Millis::ZERO);
}

#[test]
fn hiding_and_showing_is_told_at_once() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(10));
    tab.pass(3_000);
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!((tab.last().state, tab.last().next), (PageState::Hidden, Some(Millis::seconds(75))));
    assert_eq!(tab.visible(), "0-3000");
    tab.answer(accepted(10));
    assert_eq!(tab.wait.1, Why::Hidden);
    tab.pass(20_000);
    assert_eq!(tab.sent.len(), 2);
    tab.tell(Input::Page(PageState::Passive));
    assert_eq!((tab.last().state, tab.last().next), (PageState::Passive, Some(Millis::seconds(10))));
    assert_eq!(tab.visible(), "0-3000 23000-23000");
}

#[test]
fn a_paused_tab_is_silent_until_it_is_shown() {
    let mut tab = Tab::open(Options { when_hidden: Some(WhenHidden::Pause), ..every(10) });
    tab.answer(accepted(10));
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!(tab.last().next, None, "no promise");
    tab.answer(accepted(10));
    assert_eq!(tab.wait, (Instant::NEVER, Why::Paused));
}

#[test]
fn a_tab_that_leaves_when_hidden_says_closed() {
    let mut tab = Tab::open(Options { when_hidden: Some(WhenHidden::Leave), ..every(10) });
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!((tab.last().state, tab.last().next), (PageState::Closed, None));
}

#[test]
fn closing_sends_one_last_word_by_beacon() {
    let mut tab = Tab::open(every(10));
    tab.pass(4_000);
    tab.tell(Input::Page(PageState::Closed));
    tab.tell(Input::Page(PageState::Hidden)); // Chromium says so after `pagehide`
    tab.pass(600_000);
    assert_eq!(tab.sent.len(), 2);
    assert_eq!((tab.last().state, tab.last().means, tab.last().next), (PageState::Closed, Means::Beacon, None));
    assert_eq!(tab.visible(), "0-4000");
}

#[test]
fn a_page_back_from_the_cache_beats_at_once() {
    let mut tab = Tab::open(every(10));
    tab.tell(Input::Page(PageState::Frozen));
    assert_eq!((tab.last().state, tab.last().means), (PageState::Frozen, Means::Beacon));
    tab.ms += 100_000;
    tab.tell(Input::Timer); // a timer that fires while the page is frozen must not beat
    assert_eq!(tab.sent.len(), 2);
    tab.tell(Input::Page(PageState::Active));
    assert_eq!((tab.last().state, tab.last().seq), (PageState::Active, 3));
    assert_eq!(tab.visible(), "0-0 100000-100000");
}

#[test]
fn the_next_page_of_a_tab_goes_on_with_the_session() {
    let mut tab = Tab::open(every(10));
    tab.pass(4_000);
    tab.tell(Input::Page(PageState::Closed));
    let saved = Saved::parse(&tab.pulse.save().to_text()).expect("readable");
    let mut next = Tab::load(every(10), Some((saved, 4_300)));
    next.tell(Input::Page(PageState::Active));
    assert_eq!(next.sent.len(), 1);
    assert_eq!((next.last().session, next.last().seq, next.last().t), (tab.last().session, 3, Millis(4_300)));
    assert_eq!(next.visible(), "0-4000 4300-4300");
}

#[test]
fn an_old_saved_session_is_not_gone_on_with() {
    let mut tab = Tab::open(every(10));
    tab.tell(Input::Page(PageState::Closed));
    let saved = tab.pulse.save();
    let next = Tab::load(every(10), Some((saved, limits::RESUME_WITHIN.0 + 1)));
    assert_eq!(next.pulse.save().seq, 0);
}

#[test]
fn a_sleep_of_the_machine_is_not_visible_time() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(10));
    tab.ms += 3_000;
    tab.tell(Input::Activity);
    tab.slept = 3_600_000;
    tab.ms += 1_000;
    tab.tell(Input::Timer);
    assert_eq!(tab.visible(), "0-3000 3604000-3604000");
    assert_eq!(tab.last().active, Millis(0));
}

#[test]
fn input_after_idleness_is_told_at_once_and_other_input_is_not() {
    let mut tab = Tab::open(every(600));
    tab.answer(accepted(10));
    tab.pass(40_000);
    tab.tell(Input::Activity);
    assert_eq!(tab.sent.len(), 2);
    tab.pass(1_000);
    tab.tell(Input::Activity);
    assert_eq!(tab.sent.len(), 2);
    tab.tell(Input::BeatNow);
    assert_eq!(tab.last().active, Millis(1_000));
}

#[test]
fn a_hidden_tab_beats_with_every_full_minute() {
    let mut tab = Tab::open(every(10));
    tab.tell(Input::Page(PageState::Hidden));
    tab.answer(accepted(10));
    assert!(tab.wait.0 < Instant(60_000), "{:?}", tab.wait);
    tab.ms = 60_000;
    tab.tell(Input::Timer);
    assert_eq!((tab.sent.len(), tab.last().next), (3, Some(Millis::seconds(75))));
    tab.ms = 120_000;
    tab.tell(Input::Timer);
    assert_eq!(tab.sent.len(), 4, "also after one that was lost");
}

#[test]
fn a_page_that_hides_when_a_beat_is_found_lost_says_so_at_once() {
    let mut tab = Tab::open(every(10));
    tab.ms = limits::ANSWER_WITHIN.0;
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!((tab.sent.len(), tab.last().state), (2, PageState::Hidden));
}

#[test]
fn a_sleep_through_which_both_clocks_go_on_is_noticed() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(10));
    tab.ms += 3_600_000;
    tab.tell(Input::Timer);
    assert_eq!(tab.visible(), "0-0 3600000-3600000");
}

#[test]
fn a_hidden_tab_whose_session_ended_begins_another_at_once_unless_it_is_to_be_silent() {
    let begin_again = |when_hidden| {
        let mut tab = Tab::open(Options { when_hidden, ..every(10) });
        tab.answer(accepted(10));
        tab.tell(Input::Page(PageState::Hidden));
        let old = tab.last().session;
        tab.answer(Outcome::Ended);
        (tab.last().session != old, tab.last().seq, tab.last().state)
    };
    assert_eq!(begin_again(None), (true, 1, PageState::Hidden));
    assert_eq!(begin_again(Some(WhenHidden::Pause)), (false, 2, PageState::Hidden));
}

#[test]
fn a_session_that_begins_in_a_silent_tab_counts_from_its_first_beat() {
    let mut tab = Tab::open(Options { when_hidden: Some(WhenHidden::Pause), ..every(10) });
    tab.tell(Input::Page(PageState::Hidden));
    tab.answer(Outcome::Ended);
    tab.pass(3_600_000);
    tab.tell(Input::Page(PageState::Active));
    assert_eq!((tab.last().seq, tab.last().t, tab.visible().as_str()), (1, Millis(0), "0-0"));
}

#[test]
fn a_tab_that_is_open_for_more_than_a_month_begins_a_new_session() {
    let mut tab = Tab::open(every(10));
    let old = tab.last().session;
    tab.ms = limits::SESSION_AGE.0 + 1_000;
    tab.tell(Input::Timer);
    assert_eq!(tab.ended, [old]);
    assert_eq!((tab.last().seq, tab.last().t), (1, Millis(0)));
}

#[test]
fn a_page_back_from_the_cache_outdoes_the_last_word_of_the_page_that_goes() {
    let mut tab = Tab::open(every(10));
    tab.pass(60_000);
    tab.tell(Input::Page(PageState::Frozen));
    let left = tab.pulse.save();
    let mut next = Tab::load(every(10), Some((left, 60_100)));
    next.tell(Input::Page(PageState::Active));
    for _ in 0..10 {
        next.tell(Input::Page(PageState::Hidden));
        next.tell(Input::Page(PageState::Active));
    }
    tab.ms = 61_000;
    tab.tell(Input::Restore(None));
    tab.tell(Input::Page(PageState::Active));
    next.tell(Input::Page(PageState::Frozen));
    assert_eq!(tab.last().session, next.last().session);
    assert!(tab.last().seq > next.last().seq, "{} and {}", tab.last().seq, next.last().seq);
}
