//! The punch clock.

use super::*;
use crate::policy::Punching;

fn clock(punching: Punching) -> Server {
    Server::with(Policy { punching, ..Policy::default() })
}

fn ask(server: &mut Server, user: &str, way: Way) -> String {
    server.tell(Input::Punch { ticket: Ticket(9), user: UserId::parse(user).expect("a name"), way });
    server.news()
}

#[test]
fn in_and_out_are_on_disk_before_anybody_hears_of_them() {
    let (mut server, mut tab) = (clock(Punching::OnRequest), Tab::new(1));
    assert_eq!(ask(&mut server, "ann", Way::In), "no_session");
    server.beat("ann", tab.at(0)).expect("taken");
    server.news();
    assert_eq!(ask(&mut server, "ann", Way::Out), "punched_already");
    server.is_down = true;
    assert_eq!(ask(&mut server, "ann", Way::In), "store_down");
    assert_eq!(server.log(), "");
    server.is_down = false;
    server.pass(2_000);
    assert_eq!((server.log(), server.news()), ("ann IN at 0s".into(), "told ann IN at 0s".into()));
    assert_eq!(ask(&mut server, "ann", Way::In), "punched_already");
    assert_eq!(ask(&mut server, "ann", Way::Out), "asked ann OUT at 2s, told ann OUT at 2s");
    server.pass(100_000);
    assert_eq!(server.log(), "ann OUT at 2s", "who has punched out is not punched out once more");
}

#[test]
fn two_stays_within_a_millisecond_are_two() {
    let (mut server, mut tab) = (clock(Punching::OnRequest), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    for way in [Way::In, Way::Out, Way::In] {
        ask(&mut server, "ann", way);
    }
    assert_eq!(server.log(), "ann IN at 0s, ann OUT at 0s, ann IN at 0s");
}

#[test]
fn without_a_punch_clock_nothing_is_punched() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.news();
    assert_eq!(ask(&mut server, "ann", Way::In), "punches_off");
    server.pass(100_000);
    assert_eq!(server.log(), "");
}

#[test]
fn closing_one_of_two_tabs_keeps_the_user_in_and_the_last_silence_punches_out_once() {
    let (mut server, mut one, mut two) = (clock(Punching::OnRequest), Tab::new(1), Tab::new(2));
    server.beat("ann", one.at(0)).expect("taken");
    server.beat("ann", two.at(0)).expect("taken");
    ask(&mut server, "ann", Way::In);
    server.beat("ann", one.closed(0)).expect("taken");
    server.pass(10_000);
    server.beat("ann", two.at(10_000)).expect("taken");
    assert_eq!(server.log(), "ann IN at 0s");
    server.pass(10_000);
    assert_eq!(server.log(), "");
    server.pass(500_000);
    assert_eq!(server.log(), "ann AUTO_OUT at 10s timeout");
    assert!(server.news().ends_with("leave ann from site timeout, told ann AUTO_OUT at 10s timeout"));
    let row = server.punches.last().expect("a row");
    assert_eq!((row.detected_at.since(row.at).0 / 1_000, row.error_bound), (30, row.detected_at.since(row.at)));
    let mut next = Tab::new(3);
    server.beat("ann", next.at(0)).expect("taken");
    ask(&mut server, "ann", Way::In);
    assert_ne!(server.punches[0].epoch, server.punches.last().expect("a row").epoch);
}

#[test]
fn a_reload_is_no_punch() {
    let (mut server, mut tab) = (clock(Punching::WithPresence), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    assert_eq!(server.log(), "ann IN at 0s");
    server.beat("ann", tab.closed(1_000)).expect("taken");
    server.pass(3_000);
    server.beat("ann", tab.at(4_000)).expect("taken");
    server.pass(10_000);
    assert_eq!(server.log(), "");
    server.beat("ann", tab.closed(14_000)).expect("taken");
    server.pass(10_000);
    assert_eq!(server.log(), "ann AUTO_OUT at 13s closed");
}

#[test]
fn a_restart_neither_ends_a_stay_nor_ends_it_twice() {
    let (mut server, mut tab) = (clock(Punching::WithPresence), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.log();
    server.crash_for(60_000);
    server.beat("ann", tab.at(60_000)).expect("taken");
    assert_eq!(server.log(), "");
    server.pass(100_000);
    assert_eq!(server.log(), "ann AUTO_OUT at 60s timeout");
    server.crash_for(1_000);
    server.pass(500_000);
    assert_eq!(server.log(), "");
}

#[test]
fn a_stay_whose_sessions_are_all_gone_ends_when_the_server_starts() {
    let (mut server, mut tab) = (clock(Punching::WithPresence), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.rows.clear();
    server.crash_for(5_000);
    assert_eq!(server.log(), "ann IN at 0s, ann AUTO_OUT at 0s timeout");
}

#[test]
fn late_evidence_corrects_an_auto_out_by_a_further_row() {
    let (mut server, mut tab) = (clock(Punching::WithPresence), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.pass(100_000);
    assert_eq!(server.log(), "ann IN at 0s, ann AUTO_OUT at 0s timeout");
    let late = Tab::seen(tab.at(100_000), &[(0, 80_000)]);
    assert_eq!(server.beat("ann", late), Err(Refusal::SessionEnded));
    assert_eq!(server.log(), "ann CORRECTION at 80s timeout");
    let later = Tab::seen(tab.at(100_000), &[(0, 70_000)]);
    assert_eq!(server.beat("ann", later), Err(Refusal::SessionEnded));
    assert_eq!(server.log(), "", "it proves nothing new");
}

#[test]
fn late_evidence_of_a_stay_that_goes_on_is_remembered_for_its_end() {
    let (mut server, mut one, mut two) = (clock(Punching::WithPresence), Tab::new(1), Tab::new(2));
    server.beat("ann", one.at(0)).expect("taken");
    server.beat("ann", two.at(0)).expect("taken");
    server.pass(20_000);
    server.beat("ann", two.at(20_000)).expect("taken");
    server.pass(15_000);
    let late = Tab::seen(one.at(35_000), &[(0, 33_000)]);
    assert_eq!(server.beat("ann", late), Err(Refusal::SessionEnded));
    server.pass(100_000);
    assert_eq!(server.log(), "ann IN at 0s, ann AUTO_OUT at 33s timeout");
}

#[test]
fn a_stay_of_which_only_the_last_word_came_is_logged_all_the_same() {
    let (mut server, mut tab) = (clock(Punching::WithPresence), Tab::new(1));
    server.pass(30_000);
    server.beat("ann", tab.closed(20_000)).expect("taken");
    assert_eq!(server.log(), "ann IN at 10s, ann AUTO_OUT at 30s closed");
}
