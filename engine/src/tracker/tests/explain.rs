//! Why somebody stands where they stand.

use super::*;

fn explained(server: &Server, user: &str) -> Vec<String> {
    let sessions = server.tracker.explain(&UserId::parse(user).expect("a name"));
    let words = sessions.iter().map(|one| {
        let changes_in = one.changes_at.since(Timestamp(server.now)).0 / 1_000;
        format!("{} because {}; {} in {changes_in} s", one.status, one.because, one.then)
    });
    words.collect()
}

#[test]
fn an_explanation_names_the_rule_and_what_comes_next() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    let online = "online because the page is visible (active), and its last input came just now, within 300 s";
    assert_eq!(explained(&server, "ann"), [format!("{online}; ended in 30 s")]);
    server.beat("ann", Beat { next: Some(Millis::minutes(20)), ..tab.at(0) }).expect("taken");
    assert_eq!(explained(&server, "ann"), [format!("{online}; away in 300 s")]);
    server.pass(60_000);
    server.beat("ann", tab.hidden(60_000, None)).expect("taken");
    let away = "away because the session lasts, and nothing better holds: the page is hidden, active 1m ago";
    assert_eq!(explained(&server, "ann"), [format!("{away}; ended in 1800 s")]);
    server.beat("ann", tab.closed(61_000)).expect("taken");
    let closed = "away because its page has said goodbye, and a next one of the tab may follow; ended in 5 s";
    assert_eq!(explained(&server, "ann"), [closed]);
    assert_eq!(explained(&server, "eve"), [""; 0]);
}

#[test]
fn where_no_rung_holds_that_is_the_explanation() {
    let rung = crate::policy::Rung { status: "online".into(), visible: true, ..crate::policy::Rung::default() };
    let ladder = crate::policy::Ladder { rungs: vec![rung] };
    let (mut server, mut tab) = (Server::with(Policy { ladder, ..Policy::default() }), Tab::new(1));
    server.beat("ann", tab.hidden(0, Some(75_000))).expect("taken");
    let none = "no status of the ladder holds: the page is hidden, seen just now, active just now";
    assert_eq!(explained(&server, "ann"), [format!("offline because {none}; ended in 160 s")]);
}
