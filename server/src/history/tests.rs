//! The folds against references that look at each millisecond by itself.

use proptest::{collection::vec, option, prelude::*};
use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::EndReason,
};

use super::*;
use crate::{
    moment,
    store::{Event, Range, Someone, Trace},
};

const USERS: [&str; 4] = ["ann", "bob", "eve", "zoë"];
const ANN: Someone<'_> = Someone { number: 0, name: USERS[0] };
const REASONS: [EndReason; 4] = [EndReason::Closed, EndReason::Timeout, EndReason::SignedOut, EndReason::Removed];

/// A session, open without a length.
#[derive(Clone, Copy, Debug)]
struct Stay {
    user: usize,
    start: u64,
    length: Option<u64>,
}

impl Stay {
    fn end(self) -> Option<u64> {
        self.length.map(|length| self.start + length)
    }

    /// Whether it is there at the moment. It was still there at its end: that is the last evidence of it.
    fn is_there(self, ms: u64) -> bool {
        self.start <= ms && self.end().is_none_or(|end| ms <= end)
    }

    /// Whether the millisecond that begins then is part of its length.
    fn lasts(self, ms: u64) -> bool {
        self.start <= ms && self.end().is_none_or(|end| ms < end)
    }
}

fn range(from: u64, to: u64) -> Range {
    Range::new(Timestamp(from), Timestamp(to)).unwrap()
}

/// What a store would feed.
fn feed(range: Range, stays: &[Stay], auto_outs: &[u64], mut into: impl FnMut(&Event<'_>)) {
    let (from, to) = (range.from().0, range.to().0);
    let mut events = Vec::new();
    for stay in stays {
        let user = Someone { number: stay.user as u32, name: USERS[stay.user] };
        if stay.start < from && stay.is_there(from) {
            events.push((from, 0, Event::Here { user }));
        }
        if (from..to).contains(&stay.start) {
            events.push((stay.start, 1, Event::Begin { at: Timestamp(stay.start), user }));
        }
        if let Some(end) = stay.end().filter(|end| (from..to).contains(end)) {
            let (at, started_at) = (Timestamp(end), Timestamp(stay.start));
            events.push((end, 3, Event::End { at, user, started_at, reason: REASONS[stay.user] }));
        }
    }
    let auto_outs = auto_outs.iter().filter(|at| (from..to).contains(at));
    events.extend(auto_outs.map(|&at| (at, 2, Event::AutoOut { at: Timestamp(at) })));
    events.sort_by_key(|&(at, rank, _)| (at, rank));
    events.iter().for_each(|(_, _, event)| into(event));
}

/// The most of `count` from one moment until before another, and the first moment of it.
fn peak(from: u64, to: u64, count: impl Fn(u64) -> u64) -> (u64, u64) {
    let most = (from..to).map(&count).max().unwrap_or(0);
    (most, (from..to).find(|&ms| count(ms) == most).unwrap_or(from))
}

fn users(stays: &[Stay], is: impl Fn(&Stay) -> bool) -> u64 {
    (0..USERS.len()).filter(|&user| stays.iter().any(|stay| stay.user == user && is(stay))).count() as u64
}

/// A bucket as it looks to somebody who goes through all sessions at each millisecond.
fn looked_at(from: u64, to: u64, stays: &[Stay], auto_outs: &[u64]) -> Bucket {
    let is_in = |ms: u64| (from..to).contains(&ms);
    let ended: Vec<_> = stays.iter().filter(|stay| stay.end().is_some_and(is_in)).collect();
    let ended_by = |reason: usize| ended.iter().filter(|stay| stay.user == reason).count() as u64;
    Bucket {
        start: Timestamp(from),
        length: Millis(to - from),
        peak_sessions: peak(from, to, |ms| stays.iter().filter(|stay| stay.is_there(ms)).count() as u64).0,
        peak_users: peak(from, to, |ms| users(stays, |stay| stay.is_there(ms))).0,
        session_time: Millis((from..to).map(|ms| stays.iter().filter(|stay| stay.lasts(ms)).count() as u64).sum()),
        user_time: Millis((from..to).map(|ms| users(stays, |stay| stay.lasts(ms))).sum()),
        begun: stays.iter().filter(|stay| is_in(stay.start)).count() as u64,
        ended: Ends { closed: ended_by(0), timeout: ended_by(1), signed_out: ended_by(2), removed: ended_by(3) },
        ended_length: Millis(ended.iter().filter_map(|stay| stay.length).sum()),
        auto_outs: auto_outs.iter().filter(|&&at| is_in(at)).count() as u64,
    }
}

fn stays() -> impl Strategy<Value = Vec<Stay>> {
    let stay = (0..USERS.len(), 0_u64..120, option::weighted(0.8, 0_u64..60));
    vec(stay.prop_map(|(user, start, length)| Stay { user, start, length }), 0..14)
}

proptest! {
    #[test]
    fn buckets_are_what_is_seen_by_whoever_looks_at_each_moment(
        stays in stays(), auto_outs in vec(0_u64..150, 0..6), from in 20_u64..60, length in 1_u64..80, step in 1_u64..90,
    ) {
        let to = from + length;
        let mut counted = Statistics::new(range(from, to), Millis(step)).unwrap();
        feed(range(from, to), &stays, &auto_outs, |event| counted.take(event));
        let figures = counted.finish();
        let starts = (from..to).step_by(step as usize);
        let expected: Vec<_> =
            starts.map(|start| looked_at(start, to.min(start + step), &stays, &auto_outs)).collect();
        prop_assert_eq!(&figures.buckets, &expected);
        prop_assert_eq!(figures.whole, looked_at(from, to, &stays, &auto_outs));
        let (count, at) = peak(from, to, |ms| stays.iter().filter(|stay| stay.is_there(ms)).count() as u64);
        prop_assert_eq!(figures.peak_sessions, Peak { count, at: Timestamp(at) });
        let (count, at) = peak(from, to, |ms| users(&stays, |stay| stay.is_there(ms)));
        prop_assert_eq!(figures.peak_users, Peak { count, at: Timestamp(at) });
    }

    #[test]
    fn a_person_is_here_and_visible_when_any_tab_is(
        // Some hours each, so that days come into it.
        tabs in vec((0_u64..100, 0_u64..40, 0_u64..30, vec((0_u64..40, 0_u64..20), 0..4)), 0..8),
        from in 0_u64..60, length in 1_u64..80,
    ) {
        const HOUR: u64 = 3_600_000;
        let mut tabs = tabs;
        tabs.sort_by_key(|tab| tab.0);
        let range = range(from * HOUR, (from + length) * HOUR);
        let mut spans = Vec::new();
        let mut counted = Person::new(range, Split::Days).unwrap();
        for (start, length, active, visible) in &tabs {
            let (started_at, until) = (Timestamp(start * HOUR), Timestamp((start + length) * HOUR));
            let active = Millis(active.min(length) * HOUR);
            counted.take(&Trace::Session { started_at, until, active });
            let within = visible.iter().map(|(at, long)| (start + at.min(length), start + length.min(&(at + long))));
            spans.extend(within);
        }
        spans.sort_unstable();
        for &(start, end) in &spans {
            counted.take(&Trace::Span { start_at: Timestamp(start * HOUR), end_at: Timestamp(end * HOUR) });
        }
        let (whole, days) = counted.finish();
        let is_here = |hour: &u64| tabs.iter().any(|tab| (tab.0..tab.0 + tab.1).contains(hour));
        let is_visible = |hour: &u64| spans.iter().any(|span| (span.0..span.1).contains(hour));
        let hours = |from: u64, to: u64, is: &dyn Fn(&u64) -> bool| Millis((from..to).filter(is).count() as u64 * HOUR);
        prop_assert_eq!(whole.here, hours(from, from + length, &is_here));
        prop_assert_eq!(whole.visible, hours(from, from + length, &is_visible));
        let (mut here, mut visible) = (Millis::ZERO, Millis::ZERO);
        for (day, tally) in days {
            let start = day.0 / HOUR;
            let (first, last) = (start.max(from), (start + 24).min(from + length));
            prop_assert_eq!((tally.here, tally.visible), (hours(first, last, &is_here), hours(first, last, &is_visible)));
            prop_assert!(tally.active <= tally.visible && tally.sessions > 0);
            (here, visible) = (here.plus(tally.here), visible.plus(tally.visible));
        }
        prop_assert_eq!((here, visible), (whole.here, whole.visible), "the days are the whole");
    }
}

fn figures_of(from: u64, to: u64, step: u64, events: &[Event<'_>]) -> Figures {
    let mut counted = Statistics::new(range(from, to), Millis(step)).unwrap();
    events.iter().for_each(|event| counted.take(event));
    counted.finish()
}

#[test]
fn a_user_who_goes_from_one_tab_to_another_is_one_at_every_moment() {
    let at = Timestamp;
    let figures = figures_of(
        0,
        100,
        100,
        &[
            Event::Begin { at: at(10), user: ANN },
            Event::Begin { at: at(50), user: ANN },
            Event::End { at: at(50), user: ANN, started_at: at(10), reason: EndReason::Closed },
        ],
    );
    assert_eq!((figures.peak_sessions, figures.peak_users.count), (Peak { count: 2, at: at(50) }, 1));
    assert_eq!((figures.whole.session_time, figures.whole.user_time), (Millis(90), Millis(90)));
    assert_eq!((figures.whole.average_length(), figures.median_length), (Some(Millis(40)), Some(Millis(40))));
}

#[test]
fn who_came_before_the_range_counts_with_the_whole_length_when_it_ends_in_it() {
    let figures = figures_of(
        1_000,
        2_000,
        300,
        &[
            Event::Here { user: ANN },
            Event::End { at: Timestamp(1_100), user: ANN, started_at: Timestamp(0), reason: EndReason::Timeout },
        ],
    );
    assert_eq!(figures.buckets.iter().map(|bucket| bucket.length.0).collect::<Vec<_>>(), [300, 300, 300, 100]);
    let first = figures.buckets[0];
    assert_eq!((first.begun, first.ended.timeout, first.average_length()), (0, 1, Some(Millis(1_100))));
    assert_eq!((first.session_time, figures.buckets[1].peak_users), (Millis(100), 0));
}

#[test]
fn who_asks_for_too_much_is_told_what_to_ask_for() {
    let why = |length: Millis, step| Statistics::new(range(0, length.0), step).err().unwrap_or_default();
    assert_eq!(why(Millis(1_000), Millis(1)), "", "a thousand are not too many");
    assert!(why(Millis(1_001), Millis(1)).contains("1000 steps at most"));
    assert!(why(Millis(1), Millis(0)).contains("`step` must be longer"));
    assert_eq!(why(moment::DAY.times(366), moment::DAY), "");
    assert!(why(moment::DAY.times(367), moment::DAY).contains("366 days"));
    let days = |days, split| Person::new(range(0, moment::DAY.times(days).0), split).err().unwrap_or_default();
    assert_eq!((days(1_000, Split::Days), days(9_000, Split::None)), (String::new(), String::new()));
    assert!(days(1_001, Split::Days).contains("1000 days"));
}

#[test]
fn nobody_is_active_for_longer_than_they_were_visible_or_a_session_reached_into_the_range() {
    let mut person = Person::new(range(100, 200), Split::None).unwrap();
    let session = |started_at, until| Trace::Session {
        started_at: Timestamp(started_at),
        until: Timestamp(until),
        active: Millis(80),
    };
    // Of the eighty, no more than thirty can lie in the range; then two tabs at once.
    for trace in [session(40, 130), session(140, 180), session(140, 180)] {
        person.take(&trace);
    }
    person.take(&Trace::Span { start_at: Timestamp(90), end_at: Timestamp(150) });
    let (whole, _) = person.finish();
    assert_eq!((whole.sessions, whole.here, whole.visible), (3, Millis(70), Millis(50)));
    assert_eq!((whole.active, whole.seen), (Millis(50), Some((Timestamp(100), Timestamp(180)))));
}
