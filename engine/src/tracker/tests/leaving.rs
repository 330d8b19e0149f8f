//! Leaving on purpose: signing out, and being removed.

use super::*;

fn signing_out(beat: Beat) -> Beat {
    Beat { sign_out: true, ..beat }
}

#[test]
fn who_signs_out_is_gone_at_once_and_their_other_tab_keeps_them_in() {
    let (mut server, mut one, mut two) = (Server::start(), Tab::new(1), Tab::new(2));
    server.beat("ann", one.at(0)).expect("taken");
    server.beat("ann", two.at(0)).expect("taken");
    server.news();
    server.pass(2_000);
    server.beat("ann", signing_out(one.closed(2_000))).expect("taken");
    assert_eq!(server.news(), "update ann online in site");
    let end = server.row(&one).end.expect("it has ended");
    assert_eq!(
        (end.reason, end.ended_at, end.detected_at),
        (EndReason::SignedOut, Timestamp(START + 2_000), end.ended_at)
    );
    server.pass(1_000);
    let spans = Tab::seen(signing_out(two.closed(3_000)), &[(0, 3_000)]);
    server.beat("ann", spans).expect("taken");
    assert_eq!(server.news(), "leave ann from site signed_out", "no grace: nobody waits for a next page");
    assert_eq!(server.row(&two).visible, Millis(3_000));
    assert_eq!(server.beat("ann", two.at(4_000)), Err(Refusal::SessionEnded));
}

#[test]
fn signing_out_by_request_ends_the_session_and_is_no_error_when_it_is_over() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    let sign_out = |user: &str| Input::SignOut {
        ticket: Ticket(9),
        user: UserId::parse(user).expect("a name"),
        session: SessionId([1; 16]),
    };
    server.tell(sign_out("ann"));
    assert_eq!(server.news(), "done 9", "nobody knows it");
    server.beat("ann", tab.at(0)).expect("taken");
    server.news();
    server.tell(sign_out("eve"));
    assert_eq!(server.news(), "session_of_another 9");
    server.pass(4_000);
    server.tell(sign_out("ann"));
    assert_eq!(server.news(), "leave ann from site signed_out, done 9");
    let end = server.row(&tab).end.expect("it has ended");
    assert_eq!((end.reason, end.ended_at), (EndReason::SignedOut, Timestamp(START + 4_000)));
    server.tell(sign_out("ann"));
    assert_eq!(server.news(), "done 9");
}

#[test]
fn a_sign_out_that_could_not_be_written_is_to_be_tried_again_and_is_not_lost() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.is_down = true;
    let session = tab.0.session;
    let user = UserId::parse("ann").expect("a name");
    server.tell(Input::SignOut { ticket: Ticket(9), user, session });
    assert!(server.news().ends_with("leave ann from site signed_out, store_down 9"));
    server.is_down = false;
    server.pass(2_000);
    assert_eq!(server.row(&tab).end.expect("written with the next try").reason, EndReason::SignedOut);
}

#[test]
fn who_is_removed_leaves_every_channel_and_nobody_else_does() {
    let policy = Policy { punching: crate::policy::Punching::WithPresence, ..Policy::default() };
    let (mut server, mut one, mut two, mut other) = (Server::with(policy), Tab::new(1), Tab::new(2), Tab::new(3));
    server.beat("ann", Tab::within(one.at(0), "pms")).expect("taken");
    server.beat("ann", Tab::within(two.at(0), "crm")).expect("taken");
    server.beat("bob", Tab::within(other.at(0), "crm")).expect("taken");
    server.news();
    server.tell(Input::Remove { ticket: Ticket(9), user: UserId::parse("ann").expect("a name") });
    assert_eq!(server.news(), "leave ann from crm removed, leave ann from pms removed, done 9");
    assert_eq!(server.members(), "bob online in crm");
    assert_eq!(server.row(&one).end.map(|end| end.reason), Some(EndReason::Removed));
    server.pass(1_000_000);
    assert!(!server.log().contains("ann AUTO_OUT"), "whoever is removed leaves no punch behind");
    assert_eq!(server.beat("ann", one.at(9_000)), Err(Refusal::Busy), "until the store has deleted the rest");
    server.tell(Input::Removed(UserId::parse("ann").expect("a name")));
    assert_eq!(server.beat("ann", one.at(9_000)), Err(Refusal::SessionEnded));
}

#[test]
fn a_session_that_begins_before_a_removal_is_done_is_refused_and_not_deleted_with_the_rest() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    let user = UserId::parse("ann").expect("a name");
    let report =
        |beat| Report { ticket: Ticket(8), user: user.clone(), issued_at: None, beat, past: Some(Past::NeverSeen) };
    server.tell(Input::Remove { ticket: Ticket(9), user: user.clone() });
    // It was being looked up when the removal came.
    server.tell(Input::Beat(Box::new(report(tab.at(0)))));
    assert_eq!(server.answers.pop(), Some(Err(Refusal::Busy)));
    server.tell(Input::Removed(user.clone()));
    server.beat("ann", tab.at(1_000)).expect("somebody new, as far as anybody knows");
}
