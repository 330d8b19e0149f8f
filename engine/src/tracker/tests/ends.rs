//! Ends: when they are, what proves them, and what does not.

use super::*;

#[test]
fn a_tab_that_keeps_its_promises_never_leaves() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    for i in 0..1_000 {
        server.beat("ann", tab.at(i * 10_000)).expect("taken");
        server.pass(10_000);
    }
    assert_eq!(server.news(), "join ann online in site, update ann away in site", "away, as nobody touched it");
    for i in 0..100 {
        server.beat("ann", tab.hidden(10_000_000 + i * 75_000, Some(75_000))).expect("taken");
        server.pass(75_000);
    }
    assert_eq!(server.news(), "");
}

#[test]
fn silence_beyond_the_lease_is_a_leave_once() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.news();
    server.pass(29_999);
    assert_eq!(server.news(), "");
    server.pass(17);
    assert_eq!(server.news(), "leave ann from site timeout");
    server.pass(1_000_000);
    assert_eq!(server.news(), "");
    let end = server.row(&tab).end.expect("ended");
    assert_eq!((end.reason, end.ended_at), (EndReason::Timeout, Timestamp(START)));
    assert!(end.error_bound >= Millis(30_000) && end.error_bound < Millis(30_100));
}

#[test]
fn a_paused_tab_is_held() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.beat("ann", tab.hidden(1_000, None)).expect("taken");
    server.pass(29 * 60_000);
    assert_eq!(server.members(), "ann away in site");
    server.pass(2 * 60_000);
    assert_eq!(server.members(), "");
}

#[test]
fn an_idle_tab_is_held_as_a_paused_one_is() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.beat("ann", Beat { idle: true, next: None, ..tab.at(1_000) }).expect("taken");
    server.pass(29 * 60_000);
    assert_eq!(server.members(), "ann away in site", "away by the ladder, as nobody touched it");
    let active = Millis(5_000);
    server.beat("ann", Beat { active, ..tab.at(29 * 60_000) }).expect("taken");
    assert_eq!(server.members(), "ann online in site");
    server.beat("ann", Beat { idle: true, next: None, active, ..tab.at(29 * 60_000) }).expect("taken");
    server.pass(31 * 60_000);
    assert_eq!(server.members(), "", "and no longer than that");
}

#[test]
fn that_a_tab_is_idle_is_on_disk_before_it_is_answered() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.is_down = true;
    server.send("ann", Beat { idle: true, next: None, ..tab.at(1_000) });
    assert_eq!(server.answers.pop().map(|answer| answer.map_err(|why| why.code())), Some(Err("store_down")));
}

/// A last word as the origin's next page brings it: said when the tab had lived for `t`, and long under way.
fn late(tab: &mut Tab, t: u64, ago: u64, spans: &[(u64, u64)]) -> Beat {
    Beat { ago: Millis(ago), ..Tab::seen(tab.closed(t), spans) }
}

#[test]
fn a_last_word_that_comes_late_ends_a_session_when_it_was_said() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.hidden(0, None)).expect("taken");
    server.pass(20 * 60_000);
    server.beat("ann", late(&mut tab, 60_000, 19 * 60_000, &[(30_000, 60_000)])).expect("taken");
    server.pass(5_017);
    let row = server.row(&tab);
    let end = row.end.expect("ended");
    assert_eq!((end.ended_at, end.reason), (Timestamp(START + 60_000), EndReason::Closed));
    assert_eq!((end.error_bound, row.visible), (limits::LAST_WORD_DELAY, Millis(30_000)));
    let span = server.spans.values().next().expect("a span");
    assert_eq!((span.start_at, span.end_at), (Timestamp(START + 30_000), Timestamp(START + 60_000)));
}

#[test]
fn a_last_word_that_comes_late_extends_a_session_that_has_timed_out() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", Tab::seen(tab.at(0), &[(0, 0)])).expect("taken");
    server.pass(60 * 60_000);
    assert_eq!(server.row(&tab).end.expect("timed out").ended_at, Timestamp(START));
    let word = late(&mut tab, 15 * 60_000, 45 * 60_000, &[(0, 15 * 60_000)]);
    assert_eq!(server.beat("ann", word.clone()).expect_err("over").code(), "session_ended");
    let row = server.row(&tab);
    let end = row.end.expect("ended");
    assert_eq!((end.ended_at, row.visible), (Timestamp(START + 15 * 60_000), Millis::minutes(15)));
    assert_eq!(end.error_bound, limits::LAST_WORD_DELAY);
    assert_eq!(server.beat("ann", word).expect_err("over").code(), "session_ended", "said twice it changes nothing");
    assert_eq!(server.row(&tab).visible, Millis::minutes(15));
}

#[test]
fn a_session_of_which_only_a_late_last_word_arrives_was_where_it_says() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.pass(60 * 60_000);
    server.beat("ann", late(&mut tab, 10 * 60_000, 30 * 60_000, &[(0, 10 * 60_000)])).expect("taken");
    let row = server.row(&tab);
    assert_eq!(row.started_at, Timestamp(START + 20 * 60_000));
    assert_eq!(row.end.expect("ended").ended_at, Timestamp(START + 30 * 60_000));
    assert_eq!(server.members(), "", "nobody is here for that");
}

#[test]
fn a_late_last_word_of_a_tab_that_has_gone_on_ends_nothing() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    let word = late(&mut tab, 5_000, 10_000, &[(0, 5_000)]);
    server.pass(15_000);
    server.beat("ann", tab.at(15_000)).expect("taken");
    server.beat("ann", word).expect("taken");
    server.pass(10_000);
    assert_eq!(server.members(), "ann online in site");
}

#[test]
fn closing_one_of_two_tabs_keeps_the_user_in() {
    let (mut server, mut one, mut two) = (Server::start(), Tab::new(1), Tab::new(2));
    server.beat("ann", one.at(0)).expect("taken");
    server.pass(2_000);
    server.beat("ann", two.at(0)).expect("taken");
    server.news();
    let since = server.tracker.members(None)[0].since_at;
    server.beat("ann", one.closed(3_000)).expect("taken");
    server.pass(6_000);
    assert_eq!(server.news(), "update ann online in site");
    assert_eq!(server.tracker.members(None)[0].since_at, since, "here since the first tab came");
    server.beat("ann", two.closed(8_000)).expect("taken");
    server.pass(6_000);
    assert_eq!(server.news(), "leave ann from site closed");
}

#[test]
fn a_reload_within_the_grace_is_no_leave() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.news();
    server.beat("ann", tab.closed(4_000)).expect("taken");
    server.pass(4_900);
    server.beat("ann", tab.at(8_900)).expect("the same session");
    server.pass(20_000);
    assert_eq!(server.news(), "");
    assert_eq!(server.row(&tab).end, None);
}

#[test]
fn a_closed_tab_ends_when_it_said_so_not_when_the_grace_is_over() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.pass(4_000);
    server.beat("ann", Tab::seen(tab.closed(4_000), &[(0, 4_000)])).expect("taken");
    server.pass(10_000);
    let row = server.row(&tab);
    let end = row.end.expect("ended");
    assert_eq!((end.reason, end.ended_at), (EndReason::Closed, Timestamp(START + 4_000)));
    assert_eq!((end.error_bound, row.visible), (limits::LAST_WORD_DELAY, Millis(4_000)));
}

#[test]
fn a_late_last_word_states_how_late_it_may_be() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.pass(7_000);
    server.beat("ann", tab.closed(4_000)).expect("taken");
    server.pass(10_000);
    assert_eq!(server.row(&tab).end.expect("ended").error_bound, limits::LAST_WORD_DELAY.plus(Millis(3_000)));
}

#[test]
fn a_last_word_said_again_may_be_as_late_as_both_together() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.pass(7_000);
    server.beat("ann", tab.closed(4_000)).expect("taken");
    server.pass(2_000);
    server.beat("ann", tab.closed(4_000)).expect("taken");
    server.pass(10_000);
    assert_eq!(server.row(&tab).end.expect("ended").error_bound, limits::LAST_WORD_DELAY.plus(Millis(5_000)));
}

#[test]
fn a_last_word_just_after_a_restart_may_be_as_late_as_can_be() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.crash_for(9_000);
    server.beat("ann", tab.closed(8_000)).expect("taken");
    server.pass(100_000);
    assert_eq!(server.row(&tab).end.expect("ended").error_bound, limits::LAST_WORD_DELAY.plus(Millis(9_000)));
}

#[test]
fn a_last_word_that_overtakes_nothing_is_not_undone_by_an_older_beat() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    let late = tab.at(3_000);
    server.beat("ann", tab.closed(4_000)).expect("taken");
    server.beat("ann", late).expect("taken, and older");
    server.pass(10_000);
    assert_eq!(server.members(), "");
}

#[test]
fn a_last_word_alone_is_a_session_that_nobody_saw() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", Tab::seen(tab.closed(4_000), &[(0, 4_000)])).expect("taken");
    assert_eq!(server.news(), "");
    assert_eq!(server.row(&tab).end.map(|end| end.reason), Some(EndReason::Closed));
    assert_eq!(server.row(&tab).visible, Millis(4_000));
}

#[test]
fn a_beat_after_the_end_is_told_so() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.pass(60_000);
    server.is_down = false;
    assert_eq!(server.beat("ann", tab.at(60_000)), Err(Refusal::SessionEnded));
    assert_eq!(server.members(), "");
}

#[test]
fn evidence_from_an_offline_tab_extends_the_end() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.pass(100_000);
    let beat = Tab::seen(tab.at(100_000), &[(0, 80_000)]);
    assert_eq!(server.beat("ann", beat.clone()), Err(Refusal::SessionEnded));
    let row = server.row(&tab).clone();
    assert_eq!(row.end.map(|end| end.ended_at), Some(Timestamp(START + 80_000)));
    assert_eq!(row.visible, Millis(80_000));
    assert_eq!(server.beat("ann", beat), Err(Refusal::SessionEnded));
    assert_eq!(*server.row(&tab), row, "the same evidence again adds nothing");
    let more = Tab::seen(tab.at(110_000), &[(0, 80_000), (90_000, 95_000)]);
    server.pass(10_000);
    assert_eq!(server.beat("ann", more), Err(Refusal::SessionEnded));
    assert_eq!(server.row(&tab).visible, Millis(85_000), "and what is new adds only what is new");
}

#[test]
fn an_old_beat_that_comes_again_is_no_evidence() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    let first = Tab::seen(tab.at(0), &[(0, 0)]);
    server.beat("ann", first.clone()).expect("taken");
    server.pass(60_000);
    let row = server.row(&tab).clone();
    assert_eq!(server.beat("ann", first), Err(Refusal::SessionEnded));
    assert_eq!(*server.row(&tab), row);
}

#[test]
fn order_and_repetition_do_not_matter() {
    let mut tab = Tab::new(1);
    let beats = [
        Tab::seen(tab.at(0), &[(0, 0)]),
        Tab::seen(tab.at(10_000), &[(0, 10_000)]),
        Tab::seen(tab.hidden(15_000, Some(75_000)), &[(0, 15_000)]),
        Tab::seen(Tab::within(tab.at(20_000), "desk"), &[(0, 15_000), (20_000, 20_000)]),
        Tab::seen(Tab::within(tab.at(30_000), "desk"), &[(0, 15_000), (20_000, 30_000)]),
    ];
    let run = |order: &[usize]| {
        let mut server = Server::start();
        server.beat("ann", Beat { next: Some(Millis::seconds(60)), ..beats[0].clone() }).expect("taken");
        server.pass(30_000);
        for &at in order {
            server.beat("ann", beats[at].clone()).expect("taken");
        }
        server.pass(1_500);
        let row = server.row(&tab).clone();
        (row.visible, row.seq, row.state, row.channel, server.members())
    };
    let straight = run(&[1, 2, 3, 4]);
    assert_eq!(straight.0, Millis(25_000));
    for order in [[4, 3, 2, 1].as_slice(), &[2, 4, 1, 3], &[1, 1, 2, 2, 4, 3, 4], &[4]] {
        assert_eq!(run(order), straight, "{order:?}");
    }
}

#[test]
fn a_move_is_a_leave_and_a_join_at_once() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", Tab::within(tab.at(0), "pms")).expect("taken");
    server.beat("ann", Tab::within(tab.at(1_000), "crm")).expect("taken");
    assert_eq!(server.news(), "join ann online in pms, join ann online in crm, leave ann from pms moved");
    assert_eq!(server.members(), "ann online in crm");
    assert_eq!(server.tracker.live(), Live { sessions: 1, users: 1, channels: 1 });
}

#[test]
fn a_million_ends_at_once_let_beats_through() {
    let mut server = Server::alone();
    for number in 0..5_000_u32 {
        let mut tab = Tab::new(0);
        tab.0.session = SessionId((u128::from(number) << 32).to_le_bytes());
        server.beat(&format!("user{number}"), tab.at(0)).expect("taken");
    }
    server.news();
    server.now += 31_000;
    server.tracker.handle_input(Input::Timer, Timestamp(server.now));
    assert_eq!(server.tracker.outputs.len(), limits::EXPIRE_AT_ONCE);
    assert!(server.tracker.has_more_due);
    server.tell(Input::Timer);
    server.pass(100);
    assert_eq!(server.told.len(), 5_000);
    assert_eq!(server.tracker.live(), Live { sessions: 0, users: 0, channels: 0 });
}

#[test]
fn a_tab_that_comes_back_after_the_end_does_not_stretch_it() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.beat("ann", Tab::seen(tab.closed(4_000), &[(0, 4_000)])).expect("taken");
    server.pass(600_000);
    let row = server.row(&tab).clone();
    let back = Tab::seen(tab.at(604_000), &[(0, 4_000), (604_000, 604_000)]);
    assert_eq!(server.beat("ann", back).map(|_| ()), Err(Refusal::SessionEnded));
    assert_eq!(server.row(&tab).end, row.end);
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.pass(600_000);
    let woken = Tab::seen(tab.at(600_000), &[(0, 9_000), (590_000, 600_000)]);
    assert_eq!(server.beat("ann", woken).map(|_| ()), Err(Refusal::SessionEnded));
    assert_eq!(server.row(&tab).end.map(|end| end.ended_at), Some(Timestamp(START + 9_000)), "the machine slept");
    assert_eq!(server.row(&tab).visible, Millis(19_000), "and no time is lost");
}

#[test]
fn a_late_copy_of_an_old_beat_moves_no_end() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    let first = tab.at(0);
    server.beat("ann", first.clone()).expect("taken");
    server.pass(20_000);
    server.beat("ann", first).expect("taken, and old");
    server.pass(20_000);
    assert_eq!(server.row(&tab).end.map(|end| end.ended_at), Some(Timestamp(START)));
}

#[test]
fn a_session_that_will_not_end_ends_after_seven_weeks_and_its_tab_begins_another() {
    let (mut server, mut tab) = (Server::alone(), Tab::new(1));
    let day = 24 * 60 * 60 * 1_000;
    let beat = |tab: &mut Tab| Beat { next: Some(Millis(day)), ..tab.at(0) };
    let policy = Policy { hidden_hold: limits::LEASE_MAX, ..Policy::default() };
    server.tracker.policy = policy.into();
    for _ in 0..49 {
        server.beat("ann", beat(&mut tab)).expect("taken");
        server.pass(day);
    }
    server.beat("ann", beat(&mut tab)).expect("taken");
    server.pass(day);
    assert_eq!(server.beat("ann", beat(&mut tab)), Err(Refusal::SessionEnded));
    assert_eq!(server.news(), "join ann online in site, update ann away in site, leave ann from site timeout");
}
