//! Who is here: users, channels, statuses.

use super::*;
use crate::policy::IdleStep;

#[test]
fn an_idle_tab_never_takes_the_user_down_whom_another_keeps_up() {
    let (mut server, mut one, mut two) = (Server::start(), Tab::new(1), Tab::new(2));
    server.beat("ann", one.at(0)).expect("taken");
    server.beat("ann", two.at(0)).expect("taken");
    server.news();
    server.beat("ann", one.hidden(1_000, None)).expect("taken");
    assert_eq!((server.news(), server.members()), (String::new(), "ann online in site".into()));
    server.beat("ann", one.at(2_000)).expect("taken");
    server.beat("ann", two.hidden(2_000, None)).expect("taken");
    assert_eq!((server.news(), server.members()), (String::new(), "ann online in site".into()));
}

#[test]
fn a_user_is_one_member_of_each_channel_that_they_are_in() {
    let mut server = Server::start();
    for (number, user, channel) in [(1, "ann", "pms"), (2, "ann", "crm"), (3, "ann", "pms"), (4, "bob", "pms")] {
        server.beat(user, Tab::within(Tab::new(number).at(0), channel)).expect("taken");
    }
    let of = |user| {
        let members = server.tracker.members_of(&UserId::parse(user).expect("a name"));
        let mut members: Vec<_> =
            members.iter().map(|member| format!("{} {}", member.channel.as_str(), member.sessions)).collect();
        members.sort();
        members.join(", ")
    };
    assert_eq!([of("ann"), of("bob"), of("eve")], ["crm 1, pms 2", "pms 1", ""]);
}

#[test]
fn users_are_counted_by_their_best_status_in_each_channel() {
    let mut server = Server::start();
    let mut hidden = Tab::new(3);
    for (number, user, channel) in [(1, "ann", "pms"), (2, "ann", "crm"), (4, "bob", "pms"), (5, "bob", "pms")] {
        server.beat(user, Tab::within(Tab::new(number).at(0), channel)).expect("taken");
    }
    server.beat("ann", Tab::within(hidden.hidden(0, None), "pms")).expect("taken");
    server.beat("cid", Tab::within(Tab::new(6).hidden(0, None), "pms")).expect("taken");
    let in_words =
        |counts: &StatusCounts| format!("{} {} {:?}", counts.channel.as_str(), counts.users, counts.statuses);
    let mut all: Vec<_> = server.tracker.counts(None).iter().map(in_words).collect();
    all.sort();
    assert_eq!(all, ["crm 1 [(\"online\", 1)]", "pms 3 [(\"online\", 2), (\"away\", 1)]"]);
    let of = |name| in_words(&server.tracker.counts(Some(&ChannelName::parse(name).expect("a name")))[0]);
    assert_eq!([of("crm"), of("empty")], ["crm 1 [(\"online\", 1)]", "empty 0 []"]);
}

#[test]
fn a_session_of_another_is_out_of_reach() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    assert_eq!(server.beat("eve", tab.closed(1_000)), Err(Refusal::SessionOfAnother));
    server.pass(60_000);
    assert_eq!(server.beat("eve", tab.at(2_000)), Err(Refusal::SessionOfAnother));
}

#[test]
fn an_unknown_channel_is_refused_and_changes_nothing() {
    let policy = Policy { channels: vec![ChannelName::parse("pms").expect("a channel")], ..Policy::default() };
    let (mut server, mut tab) = (Server::with(policy), Tab::new(1));
    server.beat("ann", Tab::within(tab.at(0), "pms")).expect("taken");
    assert_eq!(server.beat("ann", Tab::within(tab.at(1_000), "crm")), Err(Refusal::ChannelUnknown));
    assert_eq!(server.members(), "ann online in pms");
}

#[test]
fn a_status_goes_down_its_ladder_without_a_beat() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    for i in 0..40 {
        server.beat("ann", tab.at(i * 10_000)).expect("taken");
        server.pass(10_000);
    }
    assert_eq!(server.news(), "join ann online in site, update ann away in site");
    let typing = Beat { active: Millis(5_000), ..tab.at(400_000) };
    assert_eq!(server.beat("ann", typing).expect("taken").status, "online");
}

#[test]
fn one_person_has_a_bounded_number_of_sessions() {
    let mut server = Server::start();
    for number in 0..limits::SESSIONS_PER_USER as u8 {
        server.beat("ann", Tab::new(number).at(0)).expect("taken");
    }
    assert_eq!(server.beat("ann", Tab::new(200).at(0)), Err(Refusal::TooManySessions));
    assert!(server.beat("bob", Tab::new(201).at(0)).is_ok());
}

#[test]
fn who_is_idle_for_long_is_asked_to_beat_less_often_and_at_the_first_input_as_before() {
    let step = IdleStep { after: Millis::minutes(2), interval: Millis::minutes(3) };
    let (mut server, mut tab) = (Server::with(Policy { idle_steps: vec![step], ..Policy::default() }), Tab::new(1));
    let interval = |server: &mut Server, beat| server.beat("ann", beat).expect("taken").interval_ms;
    assert_eq!(interval(&mut server, tab.at(0)), Millis::seconds(10));
    for i in 1..12 {
        server.pass(10_000);
        assert_eq!(interval(&mut server, tab.at(i * 10_000)), Millis::seconds(10));
    }
    server.pass(10_000);
    assert_eq!(interval(&mut server, tab.at(120_000)), Millis::minutes(3));
    let untold = Beat { next: None, ..tab.at(120_001) };
    assert_eq!(interval(&mut server, untold), Millis::seconds(10), "a new page's lease is for the usual pace");
    let idle = Beat { next: Some(Millis::minutes(3)), ..tab.at(130_000) };
    server.beat("ann", idle).expect("taken");
    server.pass(5 * 60_000);
    assert_eq!(
        server.news(),
        "join ann online in site, update ann away in site",
        "the longer promise is the longer lease"
    );
    let typing = Beat { active: Millis(1_000), ..tab.at(430_000) };
    assert_eq!(interval(&mut server, typing), Millis::seconds(10));
}

#[test]
fn channels_are_counted_by_user_and_who_came_before_is_known() {
    let mut server = Server::start();
    server.beat("ann", Tab::within(Tab::new(1).at(0), "pms")).expect("taken");
    server.pass(5_000);
    for (number, user, channel) in [(2, "ann", "pms"), (3, "bob", "pms"), (4, "cid", "crm")] {
        server.beat(user, Tab::within(Tab::new(number).at(0), channel)).expect("taken");
    }
    let counts = server.tracker.channels(Timestamp(START + 1_000));
    let counts = counts.iter().map(|count| (count.channel.as_str(), count.users, count.since_before));
    assert_eq!(counts.collect::<Vec<_>>(), [("pms", 2, 1), ("crm", 1, 0)]);
}

#[test]
fn a_visit_is_written_when_somebody_comes_and_when_they_go_and_for_no_beat() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.is_down = true;
    let _ = server.beat("ann", Tab::within(tab.at(0), "pms"));
    server.is_down = false;
    for i in 1..5 {
        server.pass(5_000);
        server.beat("ann", Tab::within(tab.at(i * 5_000), "pms")).expect("taken");
    }
    server.beat("ann", Tab::within(tab.at(20_000), "crm")).expect("taken");
    server.pass(100_000);
    let visits = ["ann in pms at 0s", "ann in crm at 20s", "ann in pms at 20s", "ann in crm at 20s"];
    assert_eq!(server.visits, visits, "also after a batch that failed");
}

#[test]
fn a_session_that_goes_on_says_where_it_was_and_until_when() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    let on = |beat: Beat, page: &str| Beat { page: PagePath::parse(page).ok(), ..beat };
    for (seconds, page) in [(0, "/a"), (10, "/a"), (20, "/b"), (30, "/b"), (40, "/a")] {
        server.now = START + seconds * 1_000;
        let beat = on(tab.at(seconds * 1_000), page);
        server.beat("ann", beat.clone()).expect("taken");
        server.beat("ann", beat).expect("taken a second time");
    }
    server.now = START + 50_000;
    server.beat("ann", Tab::within(on(tab.at(50_000), "/a"), "pms")).expect("taken");
    server.pass(5_000);
    let views: Vec<&str> = server.views.values().map(String::as_str).collect();
    assert_eq!(views, ["/a in site until 20s", "/b in site until 40s", "/a in site until 50s"]);
    let row = server.row(&tab);
    assert_eq!((row.channel.as_str(), row.page.as_ref().map(PagePath::as_str)), ("pms", Some("/a")));
}

#[test]
fn a_page_that_was_left_while_the_store_was_down_is_written_when_it_is_back() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", Beat { page: PagePath::parse("/a").ok(), ..tab.at(0) }).expect("taken");
    server.is_down = true;
    server.beat("ann", Beat { page: PagePath::parse("/b").ok(), ..tab.at(10_000) }).expect("taken");
    server.pass(5_000);
    assert!(server.views.is_empty(), "{:?}", server.views);
    server.is_down = false;
    server.pass(5_000);
    assert_eq!(server.views.values().next().map(String::as_str), Some("/a in site until 0s"));
}
