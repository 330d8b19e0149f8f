//! Stories of a server: what arrives, and what is answered, told and written.

use alloc::{format, string::String, vec, vec::Vec};
use std::collections::BTreeMap;

use super::*;
use crate::{
    policy::Policy,
    spans::Span,
    time::Millis,
    wire::{Accepted, Beat, ChannelName, SessionId, UserId},
};

/// A tracker with a store that writes at once, unless it is down.
struct Server {
    tracker: Tracker,
    now: u64,
    rows: BTreeMap<SessionId, SessionRow>,
    spans: BTreeMap<(SessionId, u64), SpanRow>,
    alive_at: Timestamp,
    is_down: bool,
    answers: Vec<Result<Accepted, Refusal>>,
    told: Vec<String>,
    wait: Timestamp,
    tickets: u64,
}

const START: u64 = 1_000_000;

impl Server {
    fn start() -> Self {
        Self::with(Policy::default())
    }

    fn with(policy: Policy) -> Self {
        policy.check().expect("a policy without contradiction");
        let mut server = Self {
            tracker: Tracker::new(policy, 7, Timestamp(START)),
            now: START,
            rows: BTreeMap::new(),
            spans: BTreeMap::new(),
            alive_at: Timestamp(START),
            is_down: false,
            answers: Vec::new(),
            told: Vec::new(),
            wait: Timestamp(0),
            tickets: 0,
        };
        server.tell(Input::Timer);
        server
    }

    /// SIGKILL, and a new process on the same store after `ms`.
    fn crash_for(&mut self, ms: u64) {
        self.now += ms;
        let policy = self.tracker.policy.clone();
        self.tracker = Tracker::new(policy, 8, Timestamp(self.now));
        let rows = self.rows.values().filter(|row| row.end.is_none()).cloned().collect();
        self.tell(Input::Restore { rows, alive_at: self.alive_at });
    }

    fn tell(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            self.tracker.handle_input(input, Timestamp(self.now));
            self.wait = loop {
                match self.tracker.poll_output() {
                    Output::Answer { answer, .. } => self.answers.push(answer),
                    Output::LookUp(mut report) => {
                        let stored = self.rows.get(&report.beat.session);
                        let stored = stored.map_or(Past::NeverSeen, |row| Past::Stored(Box::new(row.clone())));
                        report.past = Some(stored);
                        inputs.push(Input::Beat(report));
                    }
                    Output::Record(batch) if self.is_down => inputs.push(Input::RecordFailed(batch)),
                    Output::Record(batch) => {
                        self.write(*batch);
                        inputs.push(Input::Recorded);
                    }
                    Output::Publish(change) => self.told.push(in_words(&change)),
                    Output::Settled(ticket) => self.told.push(format!("settled {}", ticket.0)),
                    Output::Wait { until, .. } => break until,
                }
            };
        }
    }

    fn write(&mut self, batch: Batch) {
        for row in batch.sessions {
            self.rows.insert(row.session, row);
        }
        for span in batch.spans {
            self.spans.insert((span.session, span.span.start.0), span);
        }
        self.alive_at = batch.alive_at.unwrap_or(self.alive_at);
    }

    fn beat(&mut self, user: &str, beat: Beat) -> Result<Accepted, Refusal> {
        self.tickets += 1;
        let user = UserId::parse(user).expect("a name");
        let report = Report { ticket: Ticket(self.tickets), user, issued_at: None, beat, past: None };
        self.tell(Input::Beat(Box::new(report)));
        self.answers.pop().expect("every beat is answered")
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.wait.0 <= end {
            self.now = self.now.max(self.wait.0);
            self.tell(Input::Timer);
        }
        self.now = end;
    }

    /// What was told since the last time somebody asked.
    fn news(&mut self) -> String {
        core::mem::take(&mut self.told).join(", ")
    }

    fn members(&self) -> String {
        let mut members: Vec<String> = self.tracker.members(None).iter().map(in_short).collect();
        members.sort();
        members.join(", ")
    }

    fn row(&self, tab: &Tab) -> &SessionRow {
        &self.rows[&tab.0.session]
    }
}

fn in_short(member: &Member) -> String {
    format!("{} {} in {}", member.user.as_str(), member.status, member.channel.as_str())
}

fn in_words(change: &Change) -> String {
    match change {
        Change::Join(member) => format!("join {}", in_short(member)),
        Change::Update(member) => format!("update {}", in_short(member)),
        Change::Leave { channel, user, reason, .. } => {
            format!("leave {} from {} {}", user.as_str(), channel.as_str(), reason.as_str())
        }
    }
}

/// A tab that says what it is told to say.
#[derive(Clone)]
struct Tab(Beat);

impl Tab {
    fn new(number: u8) -> Self {
        Self(Beat {
            session: SessionId([number; 16]),
            seq: 0,
            t: Millis(0),
            state: PageState::Active,
            next: Some(Millis::seconds(10)),
            visible: Vec::new(),
            active: Millis(0),
            channel: ChannelName::default(),
            page: None,
        })
    }

    fn at(&mut self, t: u64) -> Beat {
        self.0.seq += 1;
        self.0.t = Millis(t);
        self.0.clone()
    }

    fn hidden(&mut self, t: u64, next: Option<u64>) -> Beat {
        Beat { state: PageState::Hidden, next: next.map(Millis), ..self.at(t) }
    }

    fn closed(&mut self, t: u64) -> Beat {
        Beat { state: PageState::Closed, next: None, ..self.at(t) }
    }

    fn seen(beat: Beat, spans: &[(u64, u64)]) -> Beat {
        let visible = spans.iter().map(|&(start, end)| Span { start: Millis(start), end: Millis(end) }).collect();
        Beat { visible, ..beat }
    }

    fn within(beat: Beat, channel: &str) -> Beat {
        Beat { channel: ChannelName::parse(channel).expect("a channel"), ..beat }
    }
}

#[test]
fn a_first_beat_is_a_join_and_is_on_disk_before_it_is_answered() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    let accepted = server.beat("ann", tab.at(0)).expect("taken");
    assert_eq!((accepted.status.as_str(), accepted.interval_ms), ("online", Millis::seconds(10)));
    assert_eq!(server.news(), "join ann online in site");
    assert_eq!(server.row(&tab).started_at, Timestamp(START));
}

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
fn an_end_that_is_not_on_disk_yet_is_an_end_all_the_same() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    server.is_down = true;
    server.pass(60_000);
    assert_eq!(server.beat("ann", tab.at(60_000)), Err(Refusal::SessionEnded));
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
fn a_session_of_another_is_out_of_reach() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.beat("ann", tab.at(0)).expect("taken");
    assert_eq!(server.beat("eve", tab.closed(1_000)), Err(Refusal::SessionOfAnother));
    server.pass(60_000);
    assert_eq!(server.beat("eve", tab.at(2_000)), Err(Refusal::SessionOfAnother));
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
        server.beat("ann", beats[0].clone()).expect("taken");
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
    let report = Report { ticket: Ticket(1), user, issued_at, beat: tab.at(1_000_000), past: None };
    server.tell(Input::Beat(Box::new(report)));
    assert_eq!(server.row(&tab).started_at, Timestamp(START + 900_000));
}

#[test]
fn a_store_that_is_down_loses_nothing_and_heals() {
    let (mut server, mut tab) = (Server::start(), Tab::new(1));
    server.is_down = true;
    assert_eq!(server.beat("ann", Tab::seen(tab.at(0), &[(0, 0)])), Err(Refusal::StoreDown));
    assert_eq!(server.members(), "ann online in site", "presence is live from memory");
    server.pass(5_000);
    assert_eq!(server.beat("ann", Tab::seen(tab.at(5_000), &[(1_000, 5_000)])).expect("taken").saved_seq, 0);
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
    assert_eq!((server.row(&tab).seq, server.news()), (3, "settled 5".into()));
    server.is_down = true;
    server.tell(Input::Settle(Ticket(6)));
    assert_eq!(server.news(), "settled 6", "a store that is down makes nobody wait");
}

#[test]
fn who_waits_for_everything_waits_for_the_last_piece_of_it() {
    let mut server = Server::start();
    let mut tabs: Vec<Tab> = (0..=limits::BATCH_ROWS as u32)
        .map(|number| {
            let mut tab = Tab::new(0);
            tab.0.session = SessionId((u128::from(number) << 32).to_le_bytes());
            tab
        })
        .collect();
    for t in 0..2 {
        for (number, tab) in tabs.iter_mut().enumerate() {
            server.beat(&format!("user{number}"), tab.at(t)).expect("taken");
        }
    }
    server.news();
    server.tracker.handle_input(Input::Settle(Ticket(5)), Timestamp(server.now));
    let mut rows = Vec::new();
    loop {
        match server.tracker.poll_output() {
            Output::Record(batch) => {
                rows.push(batch.sessions.len());
                server.tracker.handle_input(Input::Recorded, Timestamp(server.now));
            }
            Output::Settled(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rows, [limits::BATCH_ROWS, 1]);
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
fn a_million_ends_at_once_let_beats_through() {
    let mut server = Server::start();
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
