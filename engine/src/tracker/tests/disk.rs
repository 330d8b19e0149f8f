//! What reaches the disk, and what a crash leaves.

use super::*;

#[test]
fn a_first_beat_is_a_join_and_is_on_disk_before_it_is_answered() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    let accepted = server.beat("ann", tab.at(0)).expect("taken");
    assert_eq!((accepted.status.as_str(), accepted.interval_ms), ("online", Millis::seconds(10)));
    assert_eq!(server.news(), "join ann online in site");
    assert_eq!(server.row(&tab).started_at, Timestamp(START));
}

#[test]
fn an_end_that_is_not_on_disk_yet_is_an_end_all_the_same() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.is_down = true;
    server.pass(60_000);
    assert_eq!(server.beat("ann", tab.at(60_000)), Err(Refusal::SessionEnded));
}

#[test]
fn a_restart_is_not_a_departure() {
    let (mut server, mut tab, mut gone) = (Server::start(), Tab::new(1), Tab::new(2));
    server.beat("ann", Tab::seen(tab.at(0), &[(0, 0)])).expect("taken");
    server.beat("bob", gone.at(0)).expect("taken");
    server.pass(12_000);
    server.beat("ann", Tab::seen(tab.at(12_000), &[(0, 12_000)])).expect("taken");
    server.pass(1_100);
    server.news();
    server.crash_for(600_000);
    assert_eq!((server.news(), server.members()), (String::new(), "ann online in site, bob online in site".into()));
    server.pass(60_000);
    let back = Tab::seen(tab.at(673_100), &[(0, 673_100)]);
    assert_eq!(server.beat("ann", back).expect("the same session").saved_seq, 2);
    server.pass(17_000);
    server.beat("ann", tab.at(690_100)).expect("taken");
    server.pass(25_000);
    assert_eq!(server.news(), "leave bob from site timeout", "who never came back leaves once");
    assert_eq!(server.row(&tab).visible, Millis(673_100));
    assert_eq!(server.row(&tab).started_at, Timestamp(START));
}

#[test]
fn a_second_crash_right_after_the_first_is_no_departure_either() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.pass(1_100);
    server.crash_for(600_000);
    server.pass(1_100);
    server.crash_for(1_000);
    server.pass(60_000);
    assert_eq!((server.news().contains("leave"), server.tracker.live().users), (false, 1));
}

#[test]
fn a_tab_that_closed_before_the_crash_ends_after_it() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.pass(5_000);
    server.beat("ann", tab.closed(5_000)).expect("on disk, as it was answered");
    server.crash_for(60_000);
    server.pass(120_000);
    let end = server.row(&tab).end.expect("ended");
    assert_eq!((end.reason, end.ended_at), (EndReason::Closed, Timestamp(START + 5_000)));
}

#[test]
fn a_session_whose_disk_was_lost_is_rebuilt_and_marked() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.now += 1_000_000;
    tab.0.seq = 90;
    server.beat("ann", tab.at(900_000)).expect("taken");
    assert_eq!(server.row(&tab).started_at, Timestamp(START + 100_000));
    assert!(server.row(&tab).recovered);
    let mut fresh = Tab::new(2);
    server.beat("ann", fresh.at(300)).expect("taken");
    assert!(!server.row(&fresh).recovered);
}

#[test]
fn nobody_was_here_before_his_token() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.now += 1_000_000;
    let user = UserId::parse("ann").expect("a name");
    let issued_at = Some(Timestamp(START + 900_000));
    let spans = [(0, 890_000), (895_000, 1_000_000)];
    let beat = Beat { active: Millis(999_000), ..Tab::seen(tab.at(1_000_000), &spans) };
    let report = Report { ticket: Ticket(1), user, issued_at, beat, past: None };
    server.tell(Input::Beat(Box::new(report)));
    let row = server.row(&tab);
    assert_eq!((row.started_at, row.visible), (Timestamp(START + 900_000), Millis(100_000)));
    assert_eq!(
        row.active,
        Millis(100_000).plus(limits::UNDER_WAY_MOST),
        "as long as the session, and as long as its first beat may have been under way"
    );
    let placed: Vec<_> = server.spans.values().map(|row| (row.start_at.0 - START, row.end_at.0 - START)).collect();
    assert_eq!(placed, [(900_000, 900_000), (900_000, 1_000_000)]);
}

#[test]
fn a_first_beat_that_was_long_under_way_costs_no_time_in_view() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    let late = Tab::seen(tab.at(0), &[(0, 0)]);
    server.now += 65_000;
    server.beat("ann", late).expect("taken");
    server.pass(5_000);
    server.beat("ann", Tab::seen(tab.at(70_000), &[(0, 70_000)])).expect("taken");
    server.pass(1_000);
    assert_eq!(server.row(&tab).visible, Millis(70_000));
}

#[test]
fn a_clock_that_leaps_makes_no_overtime() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    for hour in 1..=3 {
        server.pass(5_000);
        let t = hour * 3_600_000;
        let beat = Beat { active: Millis(t), ..Tab::seen(tab.at(t), &[(0, t)]) };
        server.beat("ann", beat).expect("taken");
    }
    server.pass(1_000);
    let most = Millis(15_000).plus(limits::UNDER_WAY_MOST);
    assert_eq!((server.row(&tab).visible, server.row(&tab).active), (most, most));
    assert!(server.spans.values().all(|row| row.start_at >= server.row(&tab).started_at));
}

#[test]
fn a_store_that_is_down_loses_nothing_and_heals() {
    let (mut server, mut tab) = (Server::alone(), Tab::new(1));
    server.is_down = true;
    assert_eq!(server.beat("ann", Tab::seen(tab.at(0), &[(0, 0)])), Err(Refusal::StoreDown));
    assert_eq!(server.members(), "ann online in site", "presence is live from memory");
    server.pass(5_000);
    server.send("ann", Tab::seen(tab.at(5_000), &[(1_000, 5_000)]));
    server.pass(limits::STORE_RETRY.0);
    assert_eq!(server.answers.pop(), Some(Err(Refusal::StoreDown)), "its start is still not on disk");
    assert_eq!(server.members(), "ann online in site");
    server.is_down = false;
    server.pass(2_000);
    assert_eq!((server.row(&tab).seq, server.row(&tab).visible), (2, Millis(4_000)));
    let spans: Vec<u64> = server.spans.keys().map(|(_, start)| *start).collect();
    assert_eq!(spans, [0, 1_000], "those of the failed write too");
    assert_eq!(server.beat("ann", tab.at(7_000)).expect("taken").saved_seq, 2);
}

#[test]
fn what_is_dirty_is_written_within_a_second_and_on_demand() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.beat("ann", tab.at(100)).expect("taken");
    assert_eq!(server.row(&tab).seq, 1);
    server.pass(1_000);
    assert_eq!(server.row(&tab).seq, 2);
    server.beat("ann", tab.at(1_200)).expect("taken");
    server.news();
    server.tell(Input::Settle(Ticket(5)));
    assert_eq!((server.row(&tab).seq, server.news()), (3, "done 5".into()));
    server.is_down = true;
    server.tell(Input::Settle(Ticket(6)));
    assert_eq!(server.news(), "done 6", "a store that is down makes nobody wait");
}

/// So many people, each with a session of their own whose row is on disk.
fn crowd(server: &mut Server, count: usize) -> Vec<Tab> {
    let tabs = (0..count).map(|number| {
        let mut tab = Tab::new(0);
        tab.0.session = SessionId((number as u128).to_be_bytes());
        server.beat(&format!("user{number}"), tab.at(0)).expect("taken");
        tab
    });
    tabs.collect()
}

#[test]
fn who_waits_for_everything_waits_for_the_last_piece_of_it() {
    let mut server = Server::alone();
    let people = limits::CHECKPOINT_ROWS + limits::BATCH_ROWS + 1;
    crowd(&mut server, people);
    server.crash_for(1_000);
    server.news();
    server.tracker.handle_input(Input::Settle(Ticket(5)), Timestamp(server.now));
    let mut rows = Vec::new();
    loop {
        match server.tracker.poll_output() {
            Output::Record(batch) => {
                rows.push((batch.sessions.len(), batch.alive_at.is_some()));
                server.tracker.handle_input(Input::Recorded, Timestamp(server.now));
            }
            Output::Done { .. } => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rows, [(limits::BATCH_ROWS, false), (1, true)]);
}

#[test]
fn longer_leases_are_written_in_pieces_after_a_restart_and_not_for_those_who_have_beaten() {
    let mut server = Server::alone();
    let mut tabs = crowd(&mut server, 2 * limits::CHECKPOINT_ROWS + 1);
    let before = server.rows.clone();
    let written = |server: &Server| server.rows.iter().filter(|(id, row)| before[*id] != **row).count();
    let alive_at = server.alive_at;
    server.crash_for(600_000);
    assert_eq!(
        (written(&server), server.alive_at),
        (limits::CHECKPOINT_ROWS, alive_at),
        "a downtime would be forgotten"
    );
    server.beat("user0", tabs[0].at(600_000)).expect("taken");
    server.pass(limits::RESTORED_EVERY.0);
    assert_eq!(
        (written(&server), server.alive_at),
        (tabs.len(), alive_at),
        "a beat goes along with those whose turn it is"
    );
    server.tracker.handle_input(Input::Timer, Timestamp(server.now + limits::RESTORED_EVERY.0));
    let Output::Record(last) = server.tracker.poll_output() else { panic!("a sign of life is due") };
    assert_eq!((last.sessions.len(), last.alive_at.is_some()), (0, true), "who has beaten is not written for it again");
}

#[test]
fn a_last_word_that_could_not_be_written_is_not_taken_for_written_when_said_again() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.is_down = true;
    assert_eq!(server.beat("ann", tab.closed(1_000)), Err(Refusal::StoreDown));
    server.now += 2_000;
    assert_eq!(server.beat("ann", tab.closed(3_000)), Err(Refusal::StoreDown));
}

#[test]
fn a_hold_that_a_restart_extended_survives_the_next_crash() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.hidden(0, None)).expect("taken");
    server.crash_for(3_600_000);
    server.pass(1_100);
    server.crash_for(1_000);
    server.pass(25 * 60_000);
    assert_eq!(server.members(), "ann away in site");
}

#[test]
fn a_closed_session_that_is_read_back_is_nobody_online() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.beat("ann", tab.closed(1_000)).expect("taken");
    server.crash_for(1_000);
    assert_eq!(server.members(), "ann away in site");
}

#[test]
fn an_answer_from_the_store_that_is_out_of_date_brings_nobody_back() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.closed(0)).expect("taken");
    server.pass(1_000);
    let user = UserId::parse("ann").expect("a name");
    let past = Some(Past::NeverSeen);
    server.tell(Input::Beat(Box::new(Report { ticket: Ticket(9), user, issued_at: None, beat: tab.at(1), past })));
    assert_eq!(server.answers.pop(), Some(Err(Refusal::SessionEnded)));
    assert_eq!(server.members(), "");
}

#[test]
fn closing_a_tab_just_after_a_restart_is_no_leave_of_who_has_another_that_still_waits_to_be_heard() {
    let (mut server, mut one, mut two) = (Server::start(), Tab::new(1), Tab::new(2));
    server.beat("ann", one.at(0)).expect("taken");
    server.news();
    // The other tab was opened while the server was down.
    server.crash_for(30_000);
    server.beat("ann", one.closed(30_000)).expect("taken");
    server.pass(60_000);
    server.beat("ann", two.at(70_000)).expect("taken");
    assert!(!server.news().contains("leave"), "a retry may take a minute");
    server.pass(20_000);
    server.beat("ann", two.at(90_000)).expect("taken");
    let end = server.row(&one).end.expect("ended");
    assert_eq!((end.reason, end.ended_at), (EndReason::Closed, Timestamp(START + 30_000)));
    server.beat("ann", two.closed(91_000)).expect("taken");
    server.pass(6_000);
    assert_eq!(server.news(), "update ann online in site, leave ann from site closed", "and then it is as ever");
}

#[test]
fn a_tab_that_falls_silent_is_on_disk_before_it_is_answered_and_held_after_a_crash() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.beat("ann", Beat { state: PageState::Frozen, next: None, ..tab.at(5_000) }).expect("taken");
    assert_eq!(server.row(&tab).state, PageState::Frozen);
    server.crash_for(500);
    server.pass(20 * 60_000);
    assert_eq!(server.members(), "ann away in site");
    server.is_down = true;
    let paused = tab.hidden(20 * 60_000, None);
    assert_eq!(server.beat("ann", paused), Err(Refusal::StoreDown), "the tab tries again");
}
