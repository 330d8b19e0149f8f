//! What a history is fed with.

use stillhere_engine::{
    spans::Span,
    tracker::{PunchKind, PunchRow, SpanRow},
};

use super::*;
use crate::store::{AutoOuts, ChannelShare, Event, Range, Shares, Trace};

const DAY: u64 = 86_400_000;

fn range(from: u64, to: u64) -> Range {
    Range::new(Timestamp(from), Timestamp(to)).unwrap()
}

/// A session of a user, in a channel, from a moment until its last evidence.
fn stay(id: u8, user: &str, channel: &str, started_at: u64, until: u64) -> SessionRow {
    let mut row = row(id, 1);
    row.user = UserId::parse(user).unwrap();
    row.channel = ChannelName::parse(channel).unwrap();
    (row.started_at, row.last_seen_at) = (Timestamp(started_at), Timestamp(until));
    row
}

fn over(row: SessionRow, reason: EndReason) -> SessionRow {
    let length = row.last_seen_at.since(row.started_at);
    ended(row, length.0, reason)
}

fn auto_out(user: &str, at: u64) -> PunchRow {
    PunchRow {
        user: UserId::parse(user).unwrap(),
        epoch: at,
        kind: PunchKind::AutoOut,
        at: Timestamp(at),
        detected_at: Timestamp(at + 30),
        reason: Some(EndReason::Timeout),
        error_bound: Millis(30),
    }
}

/// One line for each thing that happened.
async fn told(store: &dyn Store, range: Range) -> (Vec<String>, Shares) {
    let mut lines = Vec::new();
    let mut note = |event: Event<'_>| {
        lines.push(match event {
            Event::Here { user } => format!("here {}", user.name),
            Event::Begin { at, user } => format!("{} begin {}", at.0, user.name),
            Event::AutoOut { at } => format!("{} auto-out", at.0),
            Event::End { at, user, started_at, reason } => {
                format!("{} end {} since {} {}", at.0, user.name, started_at.0, reason.as_str())
            }
        });
    };
    let shares = store.history(range, &mut note).await.unwrap();
    (lines, shares)
}

pub(super) async fn what_happened_is_told_in_order_and_who_was_there_already_before_it(ground: &Ground) {
    use EndReason::{Closed, SignedOut, Timeout};
    let store = &*ground.store().await;
    let now = 100 * DAY;
    let batch = Batch {
        sessions: vec![
            over(stay(1, "gone", "pms", now - 900, now - 1), Closed),
            over(stay(2, "ann", "pms", now - 500, now + 40), Timeout),
            over(stay(3, "bob", "pms", now - 3 * DAY, now + 30), SignedOut),
            stay(4, "eve", "pms", now - 9 * DAY, now - 100),
            stay(5, "kim", "pms", now - DAY, now + 500),
            over(stay(6, "ann", "pms", now + 30, now + 50), Closed),
            over(stay(7, "bob", "pms", now + 99, now + 100), Closed),
            stay(8, "late", "pms", now + 100, now + 110),
            over(stay(9, "long gone", "pms", now - 9 * DAY, now - 5 * DAY), Closed),
        ],
        punches: vec![auto_out("ann", now + 30), auto_out("ann", now + 100), auto_out("bob", now - 1)],
        ..Batch::default()
    };
    store.record(&batch.into()).await.unwrap();
    let (mut lines, _) = told(store, range(now, now + 100)).await;
    // Among those who were there already no order is promised.
    lines[..4].sort();
    let at = |ms: u64| now + ms;
    let expected = [
        "here ann".to_owned(),
        "here bob".to_owned(),
        "here eve".to_owned(),
        "here kim".to_owned(),
        format!("{} begin ann", at(30)),
        format!("{} auto-out", at(30)),
        format!("{} end bob since {} signed_out", at(30), now - 3 * DAY),
        format!("{} end ann since {} timeout", at(40), now - 500),
        format!("{} end ann since {} closed", at(50), at(30)),
        format!("{} begin bob", at(99)),
    ];
    assert_eq!(lines, expected);
}

pub(super) async fn a_range_is_spread_over_channels_and_users(ground: &Ground) {
    let store = &*ground.store().await;
    let now = 100 * DAY;
    let batch = Batch {
        sessions: vec![
            over(stay(1, "ann", "pms", now - 900, now + 40), EndReason::Closed),
            over(stay(2, "ann", "pms", now + 20, now + 60), EndReason::Closed),
            over(stay(3, "bob", "crm", now - 3 * DAY, now + 30), EndReason::Closed),
            stay(4, "eve", "crm", now - 2 * DAY, now - DAY),
            over(stay(5, "eve", "crm", now - 900, now - 1), EndReason::Closed),
            over(stay(6, "eve", "old", now + 100, now + 130), EndReason::Closed),
        ],
        punches: vec![
            auto_out("bob", now),
            auto_out("ann", now + 1),
            auto_out("bob", now + 2),
            auto_out("zed", now + 3),
            auto_out("zed", now + 100),
            PunchRow { kind: PunchKind::In, ..auto_out("ann", now + 4) },
        ],
        ..Batch::default()
    };
    store.record(&batch.into()).await.unwrap();
    let share = |channel: &str, sessions, users, duration| ChannelShare {
        channel: ChannelName::parse(channel).unwrap(),
        sessions,
        users,
        duration: Millis(duration),
    };
    let auto_outs = |user: &str, count| AutoOuts { user: UserId::parse(user).unwrap(), count };
    let (_, shares) = told(store, range(now, now + 100)).await;
    let expected = Shares {
        sessions: 4,
        users: 3,
        duration: Millis(210),
        channels_in_all: 2,
        channels: vec![share("crm", 2, 2, 130), share("pms", 2, 1, 80)],
        auto_outs: vec![auto_outs("bob", 2), auto_outs("ann", 1), auto_outs("zed", 1)],
    };
    assert_eq!(shares, expected);
    assert_eq!(told(store, range(5, 6)).await, (vec![], Shares::default()), "nobody was there");
}

pub(super) async fn of_one_user_the_sessions_are_told_and_then_the_spans_each_in_order(ground: &Ground) {
    let store = &*ground.store().await;
    let now = 100 * DAY;
    let span = |id: u8, start: u64, start_at: u64, end_at: u64| SpanRow {
        session: SessionId([id; 16]),
        span: Span { start: Millis(start), end: Millis(start + end_at - start_at) },
        start_at: Timestamp(start_at),
        end_at: Timestamp(end_at),
    };
    let batch = Batch {
        sessions: vec![
            stay(1, "ann", "pms", now + 20, now + 80),
            over(stay(2, "ann", "crm", now - 30 * DAY, now + 50), EndReason::Closed),
            over(stay(3, "ann", "crm", now - 900, now - 1), EndReason::Closed),
            stay(4, "bob", "pms", now, now + 80),
            stay(5, "ann", "pms", now - 900, now - 1),
            stay(6, "ann", "pms", now + 100, now + 120),
        ],
        spans: vec![
            span(1, 0, now + 20, now + 40),
            span(1, 30, now + 50, now + 99),
            span(2, 500, now - 50, now + 30),
            span(2, 10, now - 900, now - 800),
            span(2, 900, now + 45, now + 48),
            span(4, 0, now, now + 80),
            span(6, 0, now + 100, now + 120),
        ],
        ..Batch::default()
    };
    store.record(&batch.into()).await.unwrap();
    let mut traces = Vec::new();
    let ann = UserId::parse("ann").unwrap();
    store.user_history(&ann, range(now, now + 100), &mut |trace| traces.push(trace)).await.unwrap();
    let at = Timestamp;
    let session = |start, end| Trace::Session { started_at: at(start), until: at(end), active: row(1, 1).active };
    let visible = |start, end| Trace::Span { start_at: at(start), end_at: at(end) };
    let expected = [
        session(now - 30 * DAY, now + 50),
        session(now + 20, now + 80),
        visible(now - 50, now + 30),
        visible(now + 20, now + 40),
        visible(now + 45, now + 48),
        visible(now + 50, now + 99),
    ];
    assert_eq!(traces, expected);
}
