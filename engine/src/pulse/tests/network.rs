//! Beats and answers.

use super::*;

#[test]
fn a_tab_beats_on_load_and_then_at_the_promised_pace() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(99));
    tab.pass_online(60_000);
    let gaps: Vec<u64> = tab.sent.windows(2).map(|pair| pair[1].t.0 - pair[0].t.0).collect();
    assert_eq!(tab.sent[0].t, Millis(0));
    assert!((5_000..=10_000).contains(&gaps[0]), "the first gap is shorter by chance: {gaps:?}");
    assert!(gaps[1..].iter().all(|&gap| gap == 10_000) && gaps.len() >= 5, "{gaps:?}");
    assert!(tab.sent.iter().all(|beat| beat.next == Some(Millis(10_000)) && beat.means == Means::Fetch));
}

#[test]
fn pages_opened_by_one_event_do_not_beat_in_step() {
    let first_gap = |seed| {
        let mut tab = Tab::seeded(seed, every(600), None);
        tab.tell(Input::Page(PageState::Active));
        tab.answer(accepted(600));
        tab.wait.0.0
    };
    let gaps: alloc::collections::BTreeSet<u64> = (0..50).map(first_gap).collect();
    assert!(gaps.len() > 45, "{gaps:?}");
}

#[test]
fn a_lost_beat_is_noticed_long_before_the_next_one_is_due() {
    let mut tab = Tab::open(every(600));
    tab.pass(limits::ANSWER_WITHIN.0 + limits::RETRY_BASE.0 + 1);
    assert_eq!(tab.sent.len(), 2);
}

#[test]
fn a_tab_promises_nothing_before_it_knows_the_pace() {
    let mut tab = Tab::open(Options::default());
    assert_eq!(tab.last().next, None);
    tab.answer(accepted(180));
    assert!(tab.wait.0 >= Instant(90_000) && tab.wait.0 <= Instant(180_000) && tab.wait.1 == Why::Interval);
    tab.pass(180_000);
    assert_eq!(tab.last().next, Some(Millis::seconds(180)));
}

#[test]
fn a_longer_pace_never_breaks_the_promise_already_made() {
    let mut tab = Tab::open(Options::default());
    tab.answer(accepted(10));
    tab.pass(10_000);
    assert_eq!(tab.last().next, Some(Millis::seconds(10)));
    let promised = tab.last().t.0 + 10_000;
    tab.answer(accepted(600));
    assert_eq!(tab.wait, (Instant(promised), Why::Interval));
    tab.pass(10_000);
    assert_eq!(tab.last().next, Some(Millis::seconds(600)));
}

#[test]
fn the_server_may_say_that_hidden_tabs_pause() {
    let mut tab = Tab::open(Options::default());
    let pause = || Outcome::Accepted { interval: Millis::seconds(180), hidden_interval: None, saved_seq: 0 };
    tab.answer(pause());
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!((tab.last().state, tab.last().next), (PageState::Hidden, None));
    tab.answer(pause());
    assert_eq!(tab.wait, (Instant::NEVER, Why::Paused));
}

#[test]
fn spans_are_told_until_the_server_keeps_them() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(10));
    tab.pass(2_000);
    tab.tell(Input::Page(PageState::Hidden)); // beat 2 tells 0-2000 whole
    let kept = |saved_seq| Outcome::Accepted { interval: Millis::seconds(10), hidden_interval: None, saved_seq };
    tab.answer(kept(1));
    tab.tell(Input::Page(PageState::Active));
    assert_eq!(tab.visible(), "0-2000 2000-2000");
    tab.answer(kept(2));
    tab.pass(9_000);
    tab.tell(Input::BeatNow);
    assert!(tab.visible().starts_with("2000-"), "{}", tab.visible());
}

#[test]
fn a_beat_without_answer_is_tried_again_with_growing_jitter() {
    let mut tab = Tab::open(every(10));
    tab.pass(3_600_000);
    let gaps: Vec<u64> = tab.sent.windows(2).map(|pair| pair[1].t.0 - pair[0].t.0).collect();
    let longest = limits::ANSWER_WITHIN.0 + limits::RETRY_LAST.0;
    assert!(gaps.iter().all(|&gap| gap <= longest + 1), "{gaps:?}");
    assert!(gaps[0] <= limits::ANSWER_WITHIN.0 + limits::RETRY_BASE.0 + 1);
    assert!(gaps.iter().any(|&gap| gap > limits::ANSWER_WITHIN.0 + limits::RETRY_LAST.0 / 2), "{gaps:?}");
    assert!(gaps.len() > 60 && gaps.len() < 360, "{} tries in an hour", gaps.len());
    let jitter = |gap: &u64| gap % 1000;
    assert!(gaps.iter().map(jitter).collect::<alloc::collections::BTreeSet<_>>().len() > gaps.len() / 2);
    assert_eq!(tab.visible(), format!("0-{}", tab.last().t.0), "nothing that happened meanwhile is lost");
}

/// A tab that knows the pace, and whose next beats were all refused, `times` of them.
fn refused(seed: u8, times: usize, after: u64) -> Tab {
    let mut tab = Tab::seeded(seed, every(10), None);
    tab.tell(Input::Page(PageState::Active));
    tab.answer(accepted(10));
    for sent in 2..2 + times {
        while tab.sent.len() < sent {
            tab.pass(1);
        }
        tab.answer(Outcome::Retry { after: Millis::seconds(after) });
    }
    tab
}

#[test]
fn a_beat_that_is_lost_alone_is_tried_again_at_once() {
    for seed in 0..50 {
        let tab = refused(seed, 1, 0);
        assert_eq!(tab.wait.1, Why::Retry);
        assert!(tab.wait.0.0 - tab.last().t.0 <= limits::RETRY_AT_ONCE.0 + 1, "{:?}", tab.wait);
    }
}

#[test]
fn what_is_tried_again_at_once_moves_no_later_beat() {
    for seed in 0..50 {
        let mut tab = refused(seed, 1, 0);
        let missed = tab.last().t.0;
        while tab.sent.len() < 3 {
            tab.pass(1);
        }
        tab.answer(accepted(10));
        assert_eq!(tab.wait, (Instant(missed + 10_000), Why::Interval));
    }
}

#[test]
fn who_fails_twice_waits_for_their_turn_so_a_crowd_stays_as_spread_as_it_was() {
    for seed in 0..50 {
        let mut tab = refused(seed, 2, 0);
        let missed = tab.sent[1].t.0;
        assert_eq!((tab.wait.0, tab.wait.1), (Instant(missed + 10_000), Why::Retry));
        while tab.sent.len() < 4 {
            tab.pass(1);
        }
        tab.answer(accepted(10));
        assert_eq!(tab.wait.0, Instant(missed + 20_000), "and keeps its step from then on");
    }
}

#[test]
fn a_tab_shown_between_the_two_tries_does_not_wait_for_a_hidden_tabs_turn() {
    let mut tab = Tab::open(every(10));
    tab.answer(accepted(10));
    tab.tell(Input::Page(PageState::Hidden));
    tab.answer(Outcome::Retry { after: Millis::ZERO });
    tab.tell(Input::Page(PageState::Active));
    tab.answer(Outcome::Retry { after: Millis::ZERO });
    assert_eq!((tab.wait.0, tab.wait.1), (Instant(tab.last().t.0 + 10_000), Why::Retry));
}

#[test]
fn who_fails_then_too_tries_again_soon_as_the_lease_may_be_short() {
    let waits: alloc::collections::BTreeSet<u64> = (0..50)
        .map(|seed| {
            let tab = refused(seed, 3, 0);
            tab.wait.0.0 - tab.last().t.0
        })
        .collect();
    assert!(waits.len() > 40 && waits.iter().all(|wait| *wait <= 4_001), "{waits:?}");
}

#[test]
fn tabs_that_came_back_together_after_that_are_not_in_step_from_then_on() {
    let gaps: alloc::collections::BTreeSet<u64> = (0..50)
        .map(|seed| {
            let mut tab = refused(seed, 3, 0);
            while tab.sent.len() < 5 {
                tab.pass(1);
            }
            tab.answer(accepted(10));
            tab.wait.0.0 - tab.last().t.0
        })
        .collect();
    assert!(gaps.len() > 45 && gaps.iter().all(|gap| (5_000..=10_000).contains(gap)), "{gaps:?}");
}

#[test]
fn a_server_that_says_when_is_asked_soon_after_that_when_a_beat_is_due_by_then() {
    for seed in 0..50 {
        let tab = refused(seed, 1, 30);
        let wait = tab.wait.0.0 - tab.last().t.0;
        assert!((30_000..=31_100).contains(&wait), "{wait} ms");
    }
}

#[test]
fn a_server_that_says_when_is_obeyed() {
    let mut tab = Tab::open(every(10));
    tab.answer(Outcome::Retry { after: Millis::seconds(30) });
    assert!(tab.wait.0 >= Instant(30_000) && tab.wait.0 <= Instant(31_001) && tab.wait.1 == Why::Retry);
    tab.tell(Input::Online);
    assert!(tab.wait.0 <= Instant(1_000), "a network that is back makes it try soon");
}

#[test]
fn a_refusal_that_cannot_be_mended_ends_the_trying() {
    let mut tab = Tab::open(every(10));
    tab.answer(Outcome::Refused);
    assert_eq!(tab.wait, (Instant::NEVER, Why::Refused));
    tab.tell(Input::BeatNow);
    assert_eq!(tab.sent.len(), 2);
}

#[test]
fn a_session_that_ended_is_followed_by_a_new_one() {
    let mut tab = Tab::open(every(10));
    tab.pass(5_000);
    let old = tab.last().session;
    tab.answer(Outcome::Ended);
    assert_eq!(tab.ended, [old]);
    let new = tab.last();
    assert_ne!(new.session, old);
    assert_eq!((new.seq, new.t), (1, Millis(0)));
    tab.tell(Input::Answered { session: old, seq: 1, outcome: Outcome::Refused });
    assert_ne!(tab.wait.1, Why::Refused, "an answer for the old session says nothing about the new one");
}

#[test]
fn a_page_that_flickers_does_not_flood() {
    let mut tab = Tab::open(every(10));
    for _ in 0..100 {
        tab.tell(Input::Page(PageState::Hidden));
        tab.tell(Input::Page(PageState::Active));
    }
    assert_eq!(tab.sent.len() as u64, limits::BEAT_BURST);
    assert_eq!(tab.wait.1, Why::Throttled);
    tab.pass(1_000);
    assert_eq!(tab.sent.len() as u64, limits::BEAT_BURST + 1);
}

#[test]
fn a_server_that_ends_every_session_is_not_flooded() {
    let mut tab = Tab::open(every(10));
    for _ in 0..100 {
        tab.answer(Outcome::Ended);
    }
    assert_eq!(tab.sent.len(), 8, "the burst, and then one a second");
    tab.pass(2_500);
    assert_eq!((tab.sent.len(), tab.last().seq, tab.last().t), (9, 1, Millis(1_000)));
    assert_eq!(tab.visible(), "0-1000", "the session began when it was ended, with somebody looking");
}

#[test]
fn a_session_whose_first_beat_had_to_wait_may_begin_with_its_last_word() {
    let mut tab = Tab::open(every(10));
    for _ in 0..8 {
        tab.answer(Outcome::Ended);
    }
    tab.pass(500);
    tab.tell(Input::Page(PageState::Frozen));
    assert_eq!((tab.last().seq, tab.last().t, tab.visible().as_str()), (1, Millis(500), "0-500"));
}

#[test]
fn a_stopped_tab_says_closed_once_and_is_silent() {
    let mut tab = Tab::open(every(10));
    tab.pass(2_000);
    tab.tell(Input::Stop);
    tab.tell(Input::Stop);
    tab.tell(Input::Page(PageState::Hidden));
    tab.tell(Input::Page(PageState::Active));
    tab.tell(Input::BeatNow);
    tab.pass(100_000);
    assert_eq!(tab.sent.len(), 2);
    assert_eq!((tab.last().state, tab.visible().as_str()), (PageState::Closed, "0-2000"));
    assert_eq!(tab.wait, (Instant::NEVER, Why::Stopped));
}

#[test]
fn who_signs_out_of_a_tab_that_stopped_a_month_ago_needs_no_word() {
    let mut tab = Tab::open(every(10));
    tab.tell(Input::Stop);
    tab.ms += limits::SESSION_AGE.0 + 1;
    tab.tell(Input::SignOut);
    assert_eq!(tab.sent.len(), 2, "the server would refuse so long a session, and has long ended it");
}

#[test]
fn a_stopped_tab_begins_no_session_however_long_it_stays_open() {
    let mut tab = Tab::open(every(10));
    tab.tell(Input::Stop);
    tab.ms += limits::SESSION_AGE.0 + 1;
    tab.tell(Input::Page(PageState::Hidden));
    assert_eq!((tab.ended.len(), tab.sent.len()), (0, 2), "on load, and the last word");
}

#[test]
fn a_tab_whose_answers_are_lost_keeps_its_promises_all_the_same() {
    let mut tab = Tab::open(every(10));
    tab.pass(3_600_000);
    let at_least = limits::ANSWER_WITHIN.plus(limits::RETRY_BASE).0;
    for pair in tab.sent.windows(2) {
        let promise = pair[0].next.expect("the pace is known").0.max(at_least);
        assert!(pair[1].t.0 - pair[0].t.0 <= promise + 1, "{:?} then {:?}", pair[0], pair[1]);
    }
}

#[test]
fn a_tab_that_never_hears_the_pace_promises_how_long_it_tries() {
    let mut tab = Tab::open(Options::default());
    tab.pass(60_000);
    assert!(tab.last().next >= Some(limits::ANSWER_WITHIN.plus(limits::RETRY_BASE)));
    let promised = tab.last().t.plus(tab.last().next.expect("a promise"));
    tab.answer(accepted(600));
    assert!(tab.wait.0 <= Instant(promised.0), "a longer pace begins with the next beat");
    tab.tell(Input::Page(PageState::Hidden));
    assert!(tab.last().next.is_some());
}

#[test]
fn signing_out_is_a_last_word_of_its_own_also_after_a_stop() {
    let mut tab = Tab::open(every(10));
    tab.pass(2_000);
    tab.tell(Input::SignOut);
    tab.tell(Input::SignOut);
    tab.tell(Input::Stop);
    tab.pass(100_000);
    assert_eq!(tab.sent.len(), 2);
    assert_eq!((tab.last().state, tab.last().sign_out, tab.visible().as_str()), (PageState::Closed, true, "0-2000"));
    assert_eq!((tab.sent[0].sign_out, tab.wait), (false, (Instant::NEVER, Why::Stopped)));
    let mut tab = Tab::open(every(10));
    tab.tell(Input::Stop);
    tab.tell(Input::SignOut);
    assert_eq!(tab.sent.iter().map(|beat| beat.sign_out).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn a_page_that_goes_on_with_a_session_tries_again_before_the_server_takes_the_goodbye_for_good() {
    let mut before = Tab::open(every(10));
    before.answer(accepted(10));
    before.tell(Input::Page(PageState::Closed));
    let mut tab = Tab::load(every(10), Some((before.pulse.save(), before.ms + 1_000)));
    tab.tell(Input::Page(PageState::Active));
    tab.pass(limits::RETURN_ANSWER_WITHIN.0 + limits::RETRY_BASE.0 + 1);
    assert_eq!((tab.sent.len(), tab.last().seq), (2, 4), "the first one was lost");
    while tab.sent.len() < 3 {
        tab.pass(100);
    }
    let lost_at = tab.ms + limits::RETURN_ANSWER_WITHIN.0;
    assert!(tab.wait.0.0 > lost_at, "and then it is as patient as ever: {:?}", tab.wait);
}

#[test]
fn a_shown_tab_that_had_left_by_hiding_tries_again_soon_too() {
    let mut tab = Tab::open(Options { when_hidden: Some(WhenHidden::Leave), ..every(10) });
    tab.answer(accepted(10));
    tab.pass(1_000);
    tab.tell(Input::Page(PageState::Hidden));
    tab.answer(accepted(10));
    tab.tell(Input::Page(PageState::Active));
    let shown = tab.sent.len();
    tab.pass(limits::RETURN_ANSWER_WITHIN.0 + limits::RETRY_BASE.0 + 1);
    assert_eq!(tab.sent.len(), shown + 1);
    tab.answer(accepted(10));
    tab.pass_online(10_000);
    let sent = tab.sent.len();
    tab.tell(Input::BeatNow);
    tab.pass(limits::ANSWER_WITHIN.0 - 1);
    assert_eq!(tab.sent.len(), sent + 1, "once it is heard, it is as patient as ever");
}
