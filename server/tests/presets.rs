//! The five systems' rules as the presets that ship say them, played by the engine that ships, in virtual time.
#![allow(clippy::expect_used, clippy::panic, reason = "a story that cannot be told is a test that is wrong")]

use serde_json::{Value, json};
use stillhere_engine::{
    label::Ago,
    page::PageState,
    time::{Millis, Timestamp},
    tracker::{Change, Input, Output, Past, PunchKind, Report, Ticket, Tracker, Way},
    wire::{RawBeat, UserId},
};
use stillhere_server::settings::{Settings, Typed, preset};

/// Long after the server has started: nothing is held for a restart any more.
const START: u64 = 1_790_000_000_000;

/// A server of one of the systems, and what its watchers have been told, each with the seconds since the start.
struct Story {
    tracker: Tracker,
    now: Timestamp,
    told: Vec<(u64, String)>,
    beats: u64,
}

impl Story {
    fn of(name: &str) -> Self {
        let settings = Settings::parse(preset(name).expect("a preset"), None).expect("settings that can be followed");
        let now = Timestamp(START);
        Self { tracker: Tracker::new(settings.policy().clone(), 7, now), now, told: Vec::new(), beats: 0 }
    }

    /// The tab of this letter reports, with a person at it all the time; `next_ms` is what it promises, or nothing.
    fn beat(&mut self, letter: char, user: &str, state: &str, next_ms: Option<u64>) {
        let active_ms = self.now.0 - START;
        self.say(letter, user, json!({ "state": state, "nextMs": next_ms, "activeMs": active_ms }));
    }

    /// The tab reports, with nobody at it since the start.
    fn idle_beat(&mut self, letter: char, user: &str, next_ms: u64) {
        self.say(letter, user, json!({ "state": "passive", "nextMs": next_ms, "activeMs": 0 }));
    }

    fn say(&mut self, letter: char, user: &str, mut beat: Value) {
        self.beats += 1;
        let beat_of = beat.as_object_mut().expect("an object");
        beat_of.retain(|_, value| !value.is_null());
        beat_of.insert("session".into(), (letter.to_string().repeat(21) + "A").into());
        beat_of.insert("seq".into(), self.beats.into());
        beat_of.insert("t".into(), (self.now.0 - START).into());
        beat_of.insert("channel".into(), "crm".into());
        let beat = serde_json::from_value::<RawBeat>(beat).expect("a beat").parse().expect("a good beat");
        let user = UserId::parse(user).expect("a user");
        let report = Report { ticket: Ticket(self.beats), user, issued_at: None, beat, past: None };
        self.tracker.handle_input(Input::Beat(Box::new(report)), self.now);
        self.drain();
    }

    fn punch_in(&mut self, user: &str) {
        let user = UserId::parse(user).expect("a user");
        self.tracker.handle_input(Input::Punch { ticket: Ticket(u64::MAX), user, way: Way::In }, self.now);
        self.drain();
    }

    /// Time passes, and all timers go off when they are due.
    fn seconds(&mut self, seconds: u64) {
        let end = self.now.after(Millis::seconds(seconds));
        loop {
            let until = self.drain();
            if until > end {
                break;
            }
            self.now = self.now.max(until);
            self.tracker.handle_input(Input::Timer, self.now);
        }
        self.now = end;
        self.tracker.handle_input(Input::Timer, self.now);
        self.drain();
    }

    fn drain(&mut self) -> Timestamp {
        loop {
            match self.tracker.poll_output() {
                Output::LookUp(mut report) => {
                    report.past = Some(Past::NeverSeen);
                    self.tracker.handle_input(Input::Beat(report), self.now);
                }
                Output::Record(_) => self.tracker.handle_input(Input::Recorded, self.now),
                Output::Publish(change) => self.told.push(((self.now.0 - START) / 1_000, in_words(&change))),
                Output::Wait { until, .. } => return until,
                Output::Answer { answer, .. } => assert!(answer.is_ok(), "{answer:?}"),
                Output::Done { .. } | Output::Punched { .. } => {}
            }
        }
    }

    fn status(&self, user: &str) -> String {
        let members = self.tracker.members_of(&UserId::parse(user).expect("a user"));
        members.first().map_or_else(|| "gone".to_owned(), |member| member.status.clone())
    }
}

fn in_words(change: &Change) -> String {
    match change {
        Change::Join(member) => format!("join {} {}", member.user.as_str(), member.status),
        Change::Update(member) => format!("update {} {}", member.user.as_str(), member.status),
        Change::Leave { user, reason, .. } => format!("leave {} {}", user.as_str(), reason.as_str()),
        Change::Punch(row) if row.kind == PunchKind::AutoOut => {
            format!("AUTO_OUT {} as of {} s", row.user.as_str(), (row.at.0 - START) / 1_000)
        }
        Change::Punch(row) => format!("{} {}", row.kind.as_str(), row.user.as_str()),
    }
}

fn told(story: &Story) -> Vec<(u64, &str)> {
    story.told.iter().map(|(at, words)| (*at, words.as_str())).collect()
}

#[test]
fn session_duration_beat_is_paused_while_hidden_and_the_session_is_there_on_return() {
    let mut story = Story::of("session-duration");
    story.beat('A', "ann@example.com", "active", Some(180_000));
    story.seconds(60);
    story.beat('A', "ann@example.com", "hidden", None);
    story.seconds(29 * 60);
    assert_eq!(story.status("ann@example.com"), "away");
    story.beat('A', "ann@example.com", "active", Some(180_000));
    assert_eq!(story.status("ann@example.com"), "online", "the same session goes on");
    assert!(!story.told.iter().any(|(_, words)| words.starts_with("leave")), "{:?}", story.told);
}

#[test]
fn punch_clock_stale_is_thirty_seconds_after_the_last_beat_and_said_once() {
    let mut story = Story::of("punch-clock");
    story.beat('A', "ann", "active", Some(10_000));
    story.punch_in("ann");
    for _ in 0..6 {
        story.seconds(10);
        story.beat('A', "ann", "active", Some(10_000));
    }
    story.seconds(29);
    assert!(!told(&story).iter().any(|(_, words)| words.starts_with("AUTO_OUT")), "{:?}", story.told);
    story.seconds(3_600);
    let outs: Vec<_> = told(&story).into_iter().filter(|(_, words)| words.starts_with("AUTO_OUT")).collect();
    assert_eq!(outs, [(90, "AUTO_OUT ann as of 60 s")]);
}

#[test]
fn punch_clock_trap_a_tab_in_the_background_that_keeps_a_throttled_promise_is_not_punched_out() {
    let mut story = Story::of("punch-clock");
    story.beat('A', "ann", "active", Some(10_000));
    story.punch_in("ann");
    story.beat('A', "ann", "hidden", Some(75_000));
    for _ in 0..60 {
        story.seconds(75);
        story.beat('A', "ann", "hidden", Some(75_000));
    }
    assert!(!told(&story).iter().any(|(_, words)| words.starts_with("AUTO_OUT")), "{:?}", story.told);
}

#[test]
fn punch_clock_multi_tab_an_employee_is_out_only_when_every_tab_is_stale() {
    let mut story = Story::of("punch-clock");
    story.beat('A', "ann", "active", Some(10_000));
    story.beat('B', "ann", "active", Some(10_000));
    story.punch_in("ann");
    for _ in 0..10 {
        story.seconds(10);
        story.beat('B', "ann", "active", Some(10_000));
    }
    assert!(!told(&story).iter().any(|(_, words)| words.starts_with("AUTO_OUT")), "{:?}", story.told);
    story.seconds(60);
    assert!(told(&story).contains(&(130, "AUTO_OUT ann as of 100 s")), "{:?}", story.told);
}

#[test]
fn who_is_online_status_is_online_then_away_then_offline_and_forgotten_after_five_minutes() {
    let mut story = Story::of("who-is-online");
    story.beat('A', "ann", "active", Some(5_000));
    assert_eq!(story.status("ann"), "online");
    // The person has gone for coffee; the tab beats on, and says that nobody has touched anything.
    let mut statuses = vec![(0, story.status("ann"))];
    for _ in 0..20 {
        story.seconds(5);
        story.idle_beat('A', "ann", 5_000);
        let status = story.status("ann");
        if statuses.last().is_some_and(|(_, last)| *last != status) {
            statuses.push(((story.now.0 - START) / 1_000, status));
        }
    }
    let statuses: Vec<_> = statuses.iter().map(|(at, status)| (*at, status.as_str())).collect();
    assert_eq!(statuses, [(0, "online"), (15, "away"), (65, "offline")]);
    story.beat('A', "ann", "hidden", None);
    story.seconds(299);
    assert_eq!(story.status("ann"), "offline", "still on the list");
    story.seconds(10);
    assert_eq!(story.status("ann"), "gone", "forgotten");
}

#[test]
fn module_users_rules_a_session_expires_five_minutes_after_its_last_beat() {
    let mut story = Story::of("module-users");
    story.beat('A', "ann", "active", Some(45_000));
    story.seconds(299);
    assert_eq!(story.status("ann"), "active");
    story.seconds(2);
    assert_eq!(told(&story), [(0, "join ann active"), (300, "leave ann timeout")]);
}

#[test]
fn availability_socket_a_connection_is_stale_after_ninety_seconds_and_the_label_says_since_when() {
    let mut story = Story::of("availability");
    story.beat('A', "ann", "active", Some(30_000));
    story.seconds(89);
    assert_eq!(story.status("ann"), "online");
    story.seconds(2);
    assert_eq!(told(&story), [(0, "join ann online"), (90, "leave ann timeout")]);
    let labels = [119, 300, 3_599, 3_600].map(|seconds| Ago(Millis::seconds(seconds)).to_string());
    assert_eq!(labels, ["1m ago", "5m ago", "59m ago", "1h ago"]);
}

#[test]
fn availability_status_is_online_for_two_minutes_recent_for_an_hour_then_available() {
    let mut story = Story::of("availability");
    story.beat('A', "ann", "active", Some(30_000));
    // The browser has frozen the tab: it is held for an hour without a beat.
    story.beat('A', "ann", "frozen", None);
    let mut statuses = Vec::new();
    for seconds in [119, 2, 3_400] {
        story.seconds(seconds);
        statuses.push(story.status("ann"));
    }
    assert_eq!(statuses, ["online", "recent", "recent"]);
    let settings = Settings::parse(preset("availability").expect("a preset"), None).expect("settings");
    let ladder = &settings.policy().ladder;
    assert_eq!(ladder.remembers_for(), Millis::minutes(60), "and who has left is remembered for as long");
    let status = |seconds: u64| ladder.remembered(Timestamp(0), Timestamp(0), Timestamp(seconds * 1_000)).to_owned();
    assert_eq!([status(120), status(121), status(3_600), status(3_601)], ["online", "recent", "recent", "offline"]);
}

#[test]
fn punch_clock_tuning_the_threshold_follows_the_interval_by_the_formula() {
    // An office, the preset itself, and the two ends of what a bad network needs.
    for (seconds, expected) in [(5, 20), (10, 30), (15, 40), (20, 50)] {
        let tuned = Typed { interval_ms: Some(seconds * 1_000), ..Typed::default() };
        let settings = Settings::parse(tuned.over(preset("punch-clock").expect("a preset")), None).expect("settings");
        let lease = settings.policy().lease(PageState::Active, Some(Millis::seconds(seconds)));
        assert_eq!(lease, Millis::seconds(expected), "2 x {seconds} s + 10 s of grace");
    }
}
