use std::collections::BTreeSet;

use stillhere_engine::{
    time::Millis,
    tracker::{LeaveReason, PunchKind, PunchRow},
    wire::UserId,
};

use super::*;
use crate::limits;

fn channel(name: &str) -> ChannelName {
    ChannelName::parse(name).unwrap()
}

fn leave(from: &str, user: usize) -> Change {
    Change::Leave {
        channel: channel(from),
        user: UserId::parse(&user.to_string()).unwrap(),
        reason: LeaveReason::Closed,
        last_seen_at: Timestamp(0),
    }
}

fn feed() -> Feed {
    Feed::new(Timestamp(1_790_000_000_000), Vec::new(), Arc::new(Metrics::new()))
}

fn watch(feed: &mut Feed, name: Option<&str>, after: Option<Position>) -> Watch {
    let topic = name.map_or(Topic::Presence, |name| Topic::Channel(channel(name)));
    feed.watch(&topic, after, Timestamp(0), |_| Picture::Members(Vec::new()))
}

/// What was missed; `None`: there is a snapshot instead.
fn offsets(watch: &Watch) -> Option<Vec<u64>> {
    assert!(watch.snapshot.is_none() || watch.missed.is_empty());
    let offsets = || watch.missed.iter().map(|news| news.position.offset).collect();
    watch.snapshot.is_none().then(offsets)
}

#[test]
fn a_position_is_read_as_it_was_written() {
    let position = Position { epoch: 255, offset: 7 };
    assert_eq!(position.to_string(), "ff-7");
    assert_eq!(Position::parse("ff-7"), Some(position));
    for text in ["", "-", "7", "x-7", "ff-", "ff-7-1", "ff--7", "\u{1F980}-1"] {
        assert_eq!(Position::parse(text), None, "{text}");
    }
}

#[test]
fn a_watcher_hears_of_its_channel_only() {
    let mut feed = feed();
    let mut site = watch(&mut feed, Some("site"), None);
    let mut all = watch(&mut feed, None, None);
    feed.publish(&leave("orders", 1), Timestamp(5));
    feed.publish(&leave("site", 2), Timestamp(5));
    assert_eq!(site.messages.try_recv().unwrap().position().unwrap().offset, 2);
    assert!(site.messages.try_recv().is_err());
    assert_eq!(all.messages.try_recv().unwrap().position().unwrap().offset, 1);
    assert_eq!(all.messages.try_recv().unwrap().position().unwrap().offset, 2);
}

#[test]
fn a_punch_is_between_its_user_and_the_admins() {
    let mut feed = feed();
    let user = |name| UserId::parse(name).unwrap();
    let topics = [Topic::Everything, Topic::User(user("1")), Topic::User(user("2")), Topic::Presence];
    let mut watches = topics.map(|topic| feed.watch(&topic, None, Timestamp(0), |_| Picture::Members(Vec::new())));
    let at = Timestamp(5);
    let row = PunchRow {
        user: user("1"),
        epoch: 7,
        kind: PunchKind::In,
        at,
        detected_at: at,
        reason: None,
        error_bound: Millis::ZERO,
    };
    feed.publish(&Change::Punch(row), at);
    feed.publish(&leave("site", 1), at);
    let heard = watches.each_mut().map(|watch| {
        std::iter::from_fn(|| watch.messages.try_recv().ok().map(|message| message.name())).collect::<Vec<_>>()
    });
    assert_eq!(heard, [vec!["punch", "leave"], vec!["punch", "leave"], vec![], vec!["leave"]]);
    let everything = feed
        .watch(&Topic::Presence, Some(Position { offset: 0, ..feed.position() }), at, |_| Picture::Members(Vec::new()));
    assert_eq!(offsets(&everything), Some(vec![2]), "nor is it told to who comes back");
}

#[test]
fn who_comes_back_soon_is_told_what_was_missed_and_nothing_twice() {
    let mut feed = feed();
    let before = feed.position();
    for i in 0..3 {
        feed.publish(&leave(["site", "orders"][i % 2], i), Timestamp(5));
    }
    let now = feed.position();
    assert_eq!(offsets(&watch(&mut feed, None, Some(before))), Some(vec![1, 2, 3]));
    assert_eq!(offsets(&watch(&mut feed, Some("site"), Some(before))), Some(vec![1, 3]));
    assert_eq!(offsets(&watch(&mut feed, None, Some(now))), Some(vec![]));
}

#[test]
fn who_was_removed_is_told_to_nobody_who_comes_back() {
    let mut feed = feed();
    let before = feed.position();
    for user in [1, 2, 3] {
        feed.publish(&leave("site", user), Timestamp(5));
    }
    let between = Position { offset: 2, ..before };
    feed.forget(&UserId::parse("2").unwrap());
    assert_eq!(offsets(&watch(&mut feed, None, Some(before))), None, "they begin anew");
    assert_eq!(offsets(&watch(&mut feed, None, Some(between))), Some(vec![3]));
}

#[test]
fn who_was_away_for_too_long_or_was_never_told_that_position_gets_a_snapshot() {
    let mut feed = feed();
    let before = feed.position();
    let of_another_start = Position { epoch: before.epoch - 1, ..before };
    let from_the_future = Position { offset: 1, ..before };
    for position in [of_another_start, from_the_future] {
        assert_eq!(offsets(&watch(&mut feed, None, Some(position))), None);
    }
    for i in 0..limits::RING {
        feed.publish(&leave("site", i), Timestamp(5));
    }
    assert!(offsets(&watch(&mut feed, None, Some(before))).is_some());
    feed.publish(&leave("site", 0), Timestamp(5));
    assert_eq!(offsets(&watch(&mut feed, None, Some(before))), None);
    assert_eq!(feed.ring.len(), limits::RING);
}

/// A feed that goes on from the log, and what it had published until then.
fn restarted(log: &[Arc<News>]) -> Feed {
    let log = log.iter().map(|news| News::clone(news)).collect();
    Feed::new(Timestamp(1_790_000_000_000), log, Arc::new(Metrics::new()))
}

fn publish(feed: &mut Feed, from: &str, user: usize) -> Arc<News> {
    feed.publish(&leave(from, user), Timestamp(5)).unwrap()
}

/// Of which users whoever comes back after `after` is told before the snapshot.
fn missed(feed: &mut Feed, name: Option<&str>, after: Position) -> Vec<String> {
    let watch = watch(feed, name, Some(after));
    let snapshot = watch.snapshot.expect("a restart is settled by who is here");
    assert_eq!(snapshot.position, feed.position());
    watch.missed.iter().map(|news| news.user.as_str().to_owned()).collect()
}

#[test]
fn over_a_restart_who_comes_back_is_told_what_was_before_it_and_after_it_and_then_who_is_here() {
    let mut first = feed();
    let start = first.position();
    let log: Vec<_> = (1..=4).map(|i| publish(&mut first, ["site", "orders"][i % 2], i)).collect();
    // The same moment, as far as the clock can tell.
    let mut second = restarted(&log);
    assert!(second.position() > log[3].position, "each start has its own positions");
    publish(&mut second, "site", 5);
    publish(&mut second, "orders", 6);
    assert_eq!(missed(&mut second, None, start), ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(missed(&mut second, None, log[1].position), ["3", "4", "5", "6"]);
    assert_eq!(missed(&mut second, Some("site"), log[1].position), ["4", "5"]);
    assert_eq!(missed(&mut second, None, log[3].position), ["5", "6"]);
    let never_written = Position { offset: 5, ..log[3].position };
    assert!(missed(&mut second, None, never_written).is_empty(), "the crash took it along");
}

#[test]
fn a_log_with_a_gap_is_known_only_after_it() {
    let mut first = feed();
    let start = first.position();
    let mut log: Vec<_> = (1..=5).map(|i| publish(&mut first, "site", i)).collect();
    let lost = log.remove(2);
    let mut second = restarted(&log);
    assert!(missed(&mut second, None, start).is_empty());
    assert_eq!(missed(&mut second, None, lost.position), ["4", "5"]);
    let mut of_second = vec![publish(&mut second, "site", 6), publish(&mut second, "site", 7)];
    // The first of a start is missing, so nothing before that start is known either.
    of_second.remove(0);
    log.append(&mut of_second);
    let mut third = restarted(&log);
    assert!(missed(&mut third, None, log[2].position).is_empty());
    assert_eq!(missed(&mut third, None, Position { offset: 1, ..log[4].position }), ["7"]);
}

#[test]
fn a_slow_watcher_reads_the_end_of_its_queue_and_is_not_silently_behind() {
    let mut feed = feed();
    let mut slow = watch(&mut feed, Some("site"), None);
    for i in 0..=limits::WATCHER_QUEUE {
        feed.publish(&leave("site", i), Timestamp(5));
    }
    for _ in 0..limits::WATCHER_QUEUE {
        assert!(slow.messages.try_recv().is_ok());
    }
    assert_eq!(slow.messages.try_recv().unwrap_err(), mpsc::error::TryRecvError::Disconnected);
}

#[test]
fn watchers_who_have_gone_are_forgotten_even_if_nothing_ever_happens() {
    let mut feed = feed();
    for i in 0..limits::WATCHER_QUEUE * 4 {
        watch(&mut feed, Some(&format!("channel-{i}")), None);
    }
    assert!(feed.lines.len() <= limits::WATCHER_QUEUE, "{}", feed.lines.len());
}

fn users(names: &[&str]) -> BTreeSet<UserId> {
    names.iter().map(|name| UserId::parse(name).unwrap()).collect()
}

#[test]
fn a_list_of_users_is_told_of_them_and_of_the_punches_that_are_allowed() {
    let mut feed = feed();
    let start = feed.position();
    let topic = Topic::Users(users(&["1", "2"]), users(&["2"]));
    let mut live = feed.watch(&topic, None, Timestamp(5), |_| Picture::Members(Vec::new()));
    for user in 1..=3 {
        feed.publish(&leave("site", user), Timestamp(5));
        let user = UserId::parse(&user.to_string()).unwrap();
        let at = Timestamp(5);
        let row = PunchRow {
            user,
            epoch: 1,
            kind: PunchKind::In,
            at,
            detected_at: at,
            reason: None,
            error_bound: Millis::ZERO,
        };
        feed.publish(&Change::Punch(row), at);
    }
    let heard: Vec<_> = std::iter::from_fn(|| live.messages.try_recv().ok()?.position()).collect();
    let again = feed.watch(&topic, Some(start), Timestamp(5), |_| Picture::Members(Vec::new()));
    assert_eq!(heard.iter().map(|position| position.offset).collect::<Vec<_>>(), [1, 3, 4]);
    assert_eq!(offsets(&again), Some(vec![1, 3, 4]), "live and after a break it is the same");
}

#[test]
fn a_slow_watcher_of_many_users_is_behind_with_all_of_them() {
    let mut feed = feed();
    let topic = Topic::Users(users(&["1", "2"]), users(&[]));
    let mut slow = feed.watch(&topic, None, Timestamp(5), |_| Picture::Members(Vec::new()));
    for _ in 0..=limits::WATCHER_QUEUE {
        feed.publish(&leave("site", 1), Timestamp(5));
    }
    feed.publish(&leave("site", 2), Timestamp(5));
    let heard = std::iter::from_fn(|| slow.messages.try_recv().ok());
    assert!(heard.take(limits::WATCHER_QUEUE).all(|message| message.json().contains("\"1\"")));
    assert_eq!(slow.messages.try_recv().unwrap_err(), mpsc::error::TryRecvError::Disconnected);
}

fn counts(name: &str, here: usize) -> StatusCounts {
    StatusCounts { channel: channel(name), users: here, statuses: vec![("online".into(), here)] }
}

fn count(feed: &mut Feed, now: Timestamp) {
    while let Some(channel) = feed.counts_due(now) {
        feed.publish_counts(&counts(channel.as_str(), 3), now);
    }
}

#[test]
fn counts_are_told_of_channels_that_have_changed_to_those_who_want_to_know() {
    let (mut feed, now) = (feed(), Timestamp(5));
    feed.publish(&leave("site", 1), now);
    assert_eq!(feed.counts_next_at(), Timestamp::NEVER, "nobody wants to know");
    let picture = |_: &Topic| Picture::Counts(Vec::new());
    let topics = [Topic::Counts(None), Topic::Counts(Some(channel("site"))), Topic::Everything];
    let start = feed.position();
    let mut watches = topics.map(|topic| feed.watch(&topic, Some(start), now, picture));
    assert!(watches[0].snapshot.is_some(), "however well the position is known");
    for (name, user) in [("site", 1), ("crm", 2), ("site", 3)] {
        feed.publish(&leave(name, user), now);
    }
    count(&mut feed, now);
    let heard = watches.each_mut().map(|watch| {
        std::iter::from_fn(|| watch.messages.try_recv().ok()).map(|message| message.name()).collect::<Vec<_>>()
    });
    assert_eq!(heard, [vec!["counts"; 2], vec!["counts"], vec!["leave"; 3]]);
}

#[test]
fn who_comes_between_two_counts_is_not_left_with_what_has_passed() {
    let mut feed = feed();
    let picture = |_: &Topic| Picture::Counts(Vec::new());
    let _first = feed.watch(&Topic::Counts(None), None, Timestamp(0), picture);
    feed.publish(&leave("site", 1), Timestamp(0));
    count(&mut feed, Timestamp(0));
    // Two changes that cancel each other, and somebody who has seen the one and not the other.
    feed.publish(&leave("site", 2), Timestamp(10));
    let mut second = feed.watch(&Topic::Counts(None), None, Timestamp(10), picture);
    feed.publish(&leave("site", 3), Timestamp(20));
    let next = feed.counts_next_at();
    count(&mut feed, next);
    assert!(second.messages.try_recv().unwrap().json().contains("\"statuses\":{\"online\":3}"));
}
