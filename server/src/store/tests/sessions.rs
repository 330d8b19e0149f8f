//! What becomes of sessions and spans, in whatever order they are told.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use stillhere_engine::{
    spans::Span,
    tracker::{PunchKind, PunchRow, SpanRow, ViewRow, VisitRow},
};

use super::*;
use crate::{
    limits,
    store::{ChannelTotals, Course, Entry, PunchQuery, Viewed},
};

pub(super) async fn a_row_comes_back_as_it_was_written(ground: &Ground) {
    let store = &*ground.store().await;
    let mut rows = [row(1, 3), ended(row(2, 9), 9_000, EndReason::Closed), row(3, 1)];
    rows[2].lease_until = Timestamp::NEVER;
    rows[2].page = None;
    rows[2].recovered = true;
    record(store, &rows).await;
    for row in rows {
        assert_eq!(stored(store, row.session.0[0]).await, row);
    }
    assert_eq!(store.session(SessionId([9; 16])).await.unwrap(), None);
}

pub(super) async fn an_older_row_never_overwrites_a_newer_one(ground: &Ground) {
    let store = &*ground.store().await;
    let mut older = row(1, 3);
    older.state = PageState::Hidden;
    older.channel = ChannelName::parse("elsewhere").unwrap();
    for order in [[row(1, 7), older.clone()], [older.clone(), row(1, 7)]] {
        record(store, &order[..1]).await;
        record(store, &order[1..]).await;
        assert_eq!(stored(store, 1).await, row(1, 7));
    }
}

pub(super) async fn an_end_is_extended_and_never_undone(ground: &Ground) {
    let store = &*ground.store().await;
    record(store, &[ended(row(1, 3), 9_000, EndReason::Timeout)]).await;
    record(store, &[row(1, 3)]).await;
    record(store, &[row(1, 4)]).await;
    let at_first = stored(store, 1).await;
    assert_eq!(at_first.end, ended(row(1, 4), 9_000, EndReason::Timeout).end);
    assert_eq!(at_first.seq, 4, "the rest of late evidence counts");
    record(store, &[ended(row(1, 5), 12_000, EndReason::Closed)]).await;
    record(store, &[ended(row(1, 4), 9_000, EndReason::Timeout)]).await;
    assert_eq!(stored(store, 1).await, ended(row(1, 5), 12_000, EndReason::Closed));
}

pub(super) async fn a_lease_may_shrink_with_a_newer_beat_and_grow_with_a_restart(ground: &Ground) {
    let store = &*ground.store().await;
    let lease = |seq, ms| {
        let mut row = row(1, seq);
        row.lease_until = row.started_at.after(Millis(ms));
        row
    };
    record(store, &[lease(1, 1_800_000)]).await;
    record(store, &[lease(2, 30_000)]).await;
    assert_eq!(stored(store, 1).await.lease_until, lease(2, 30_000).lease_until);
    record(store, &[lease(2, 90_000)]).await;
    record(store, &[lease(2, 30_000)]).await;
    assert_eq!(stored(store, 1).await.lease_until, lease(2, 90_000).lease_until);
}

pub(super) async fn a_span_told_again_stays_one_span(ground: &Ground) {
    let store = &*ground.store().await;
    let span = |start, end, start_at| SpanRow {
        session: SessionId([1; 16]),
        span: Span { start: Millis(start), end: Millis(end) },
        start_at: Timestamp(start_at),
        end_at: Timestamp(start_at + end - start),
    };
    let told = [span(0, 500, 1_000), span(0, 900, 1_003), span(0, 500, 1_000), span(2_000, 2_000, 3_000)];
    for spans in told {
        let batch = Batch { sessions: vec![row(1, 1)], spans: vec![spans], ..Batch::default() };
        store.record(&batch.into()).await.unwrap();
    }
    assert_eq!(ground.spans().await, [(0, 900, 1_000, 1_903), (2_000, 2_000, 3_000, 3_000)]);
}

pub(super) async fn a_batch_is_written_whole_or_not_at_all(ground: &Ground) {
    let store = &*ground.store().await;
    let mut impossible = row(2, 1);
    impossible.end = ended(row(2, 1), 1, EndReason::Closed).end;
    ground.break_spans().await;
    let span = SpanRow {
        session: SessionId([1; 16]),
        span: Span { start: Millis(0), end: Millis(1) },
        start_at: Timestamp(0),
        end_at: Timestamp(1),
    };
    let batch = Batch {
        sessions: vec![row(1, 1), impossible],
        spans: vec![span],
        alive_at: Some(Timestamp(5)),
        ..Batch::default()
    };
    let refusal = store.record(&batch.into()).await.unwrap_err().to_string();
    assert!(refusal.contains("disk full"), "{refusal}");
    assert_eq!(store.session(SessionId([1; 16])).await.unwrap(), None);
    assert_eq!(store.alive_at().await.unwrap(), None);
}

pub(super) async fn a_restart_reads_back_what_is_open_and_when_it_last_lived(ground: &Ground) {
    let store = ground.store().await;
    let mut first = batch((1..=5).map(|id| row(id, 1)).collect());
    first.alive_at = Some(Timestamp(77));
    store.record(&first.into()).await.unwrap();
    record(&*store, &[ended(row(3, 1), 10, EndReason::Closed)]).await;
    store.record(&Batch { alive_at: Some(Timestamp(70)), ..Batch::default() }.into()).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = ground.store().await;
    assert_eq!(store.alive_at().await.unwrap(), Some(Timestamp(77)));
    let open = store.open_sessions(None).await.unwrap();
    assert_eq!(open.next, None);
    assert_eq!(open.rows.make().unwrap(), [row(1, 1), row(2, 1), row(4, 1), row(5, 1)]);
    assert_eq!(store.open_count().await.unwrap(), 4);
}

pub(super) async fn open_sessions_come_in_pieces_and_each_comes_once(ground: &Ground) {
    let store = &*ground.store().await;
    let count = limits::RESTORE_ROWS + 7;
    let many = (0..count).map(|number| {
        let mut row = row(1, 1);
        row.session = SessionId(u128::from(number).to_be_bytes());
        row.lease_until = Timestamp::NEVER;
        row
    });
    let many: Vec<_> = many.collect();
    record(store, &many).await;
    let first = store.open_sessions(None).await.unwrap();
    let second = store.open_sessions(first.next).await.unwrap();
    assert_eq!(second.next, None);
    let (first, second) = (first.rows.make().unwrap(), second.rows.make().unwrap());
    assert_eq!((first.len(), second.len()), (limits::RESTORE_ROWS as usize, 7));
    assert!(first.iter().chain(&second).eq(&many));
}

pub(super) async fn a_second_server_is_refused_until_the_first_has_gone(ground: &Ground) {
    let first = ground.store().await;
    let refusal = ground.open().await.err().expect("it is taken").to_string();
    let holder = match ground {
        Ground::Sqlite(_) => format!("(process {})", std::process::id()),
        Ground::Postgres(_) => "(connection ".to_owned(),
    };
    assert!(refusal.contains(&format!("another stillhere server is using it {holder}")), "{refusal}");
    assert!(refusal.contains("; stop that one, or give this one another"), "{refusal}");
    first.close().await.unwrap();
    drop(first);
    assert!(ground.open().await.is_ok());
}

/// While the disk is slow a batch gathers all that happens meanwhile.
pub(super) async fn a_batch_may_tell_of_one_thing_more_than_once(ground: &Ground) {
    let store = &*ground.store().await;
    let user = || row(1, 1).user;
    let span = |end, start_at| SpanRow {
        session: SessionId([1; 16]),
        span: Span { start: Millis(0), end: Millis(end) },
        start_at: Timestamp(start_at),
        end_at: Timestamp(start_at + end),
    };
    let visit = |at| VisitRow { channel: ChannelName::default(), user: user(), at: Timestamp(at) };
    let punch = |kind, epoch, at| PunchRow {
        user: user(),
        epoch,
        kind,
        at: Timestamp(at),
        detected_at: Timestamp(at),
        reason: None,
        error_bound: Millis(0),
    };
    let batch = Batch {
        new_ends: 0,
        sessions: vec![row(1, 7), row(2, 1), row(1, 3), ended(row(1, 8), 9_000, EndReason::Closed), row(1, 9)],
        spans: vec![span(500, 1_000), span(900, 1_003), span(700, 9_000)],
        visits: vec![visit(500), visit(90), visit(300)],
        punches: vec![punch(In, 7, 100), punch(In, 7, 101), punch(Out, 7, 200), punch(In, 8, 300), punch(In, 9, 400)],
        views: Vec::new(),
        alive_at: None,
    };
    store.record(&batch.into()).await.unwrap();
    let mut expected = row(1, 9);
    expected.end = ended(row(1, 8), 9_000, EndReason::Closed).end;
    assert_eq!(stored(store, 1).await, expected);
    assert_eq!(ground.spans().await, [(0, 900, 1_000, 1_903)]);
    let once = ChannelTotals { channel: ChannelName::default(), ever: 1, today: 1 };
    assert_eq!(store.channels(Timestamp(400)).await.unwrap(), [once]);
    let log = store.punches(&PunchQuery { limit: 9, ..PunchQuery::default() }).await.unwrap().rows;
    let log: Vec<_> = log.iter().map(|row| (row.kind, row.at.0)).collect();
    use PunchKind::{In, Out};
    assert_eq!(log, [(In, 400), (In, 300), (Out, 200), (In, 100)]);
    let open = store.open_punches().await.unwrap();
    assert_eq!(open.iter().map(|open| (open.epoch, open.proven_until.0)).collect::<Vec<_>>(), [(9, 400)]);
}

/// The heart of "written twice or out of order does no harm", over any history of one session.
pub(super) async fn the_order_of_writes_makes_no_difference(ground: &Ground) {
    let store = &*ground.store().await;
    let histories = proptest::collection::vec((1_u32..6, 0_u64..50, proptest::option::of(0_u64..20)), 1..6);
    let stories = (histories, any::<u64>());
    let mut runner = TestRunner::default();
    for case in 0..24_u128 {
        let (history, seed) = stories.new_tree(&mut runner).unwrap().current();
        let rows: Vec<_> = history
            .iter()
            .map(|&(seq, longer, end)| {
                let mut row = row(1, seq);
                row.lease_until = row.lease_until.after(Millis(longer));
                end.map_or(row.clone(), |ms| ended(row, ms, EndReason::Timeout))
            })
            .collect();
        let mut shuffled = rows.clone();
        shuffled.extend(rows.iter().take(2).cloned());
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, (seed >> at) as usize % (at + 1));
        }
        let mut results = Vec::new();
        for (told, rows) in [rows, shuffled].into_iter().enumerate() {
            let session = SessionId((2 * case + told as u128).to_be_bytes());
            for row in rows {
                record(store, &[SessionRow { session, ..row }]).await;
            }
            let result = store.session(session).await.unwrap().expect("it was written");
            results.push(SessionRow { session: SessionId([1; 16]), ..result });
        }
        assert_eq!(results[0], results[1], "{history:?}, shuffled by {seed}");
    }
}

pub(super) async fn a_session_keeps_the_pages_that_it_was_on_and_each_once(ground: &Ground) {
    let store = &*ground.store().await;
    let page = |seq: u32| PagePath::parse(&format!("/orders/{seq}")).ok();
    let view = |id: u8, seq: u32| ViewRow {
        session: SessionId([id; 16]),
        seq,
        channel: ChannelName::parse("pms").unwrap(),
        page: page(seq).filter(|_| seq != 9),
        until_at: Timestamp(1_000 * u64::from(seq)),
    };
    let span = |start, end| SpanRow {
        session: SessionId([1; 16]),
        span: Span { start: Millis(start), end: Millis(end) },
        start_at: Timestamp(start + 5),
        end_at: Timestamp(end + 5),
    };
    let sessions = vec![row(1, 9), row(2, 1)];
    let views = vec![view(1, 9), view(1, 3), view(2, 1)];
    let entry: Entry = Batch { sessions, views, spans: vec![span(0, 10), span(20, 30)], ..Batch::default() }.into();
    store.record(&entry).await.unwrap();
    store.record(&entry).await.unwrap();
    let viewed =
        |seq| Viewed { channel: view(1, seq).channel, page: view(1, seq).page, until_at: view(1, seq).until_at };
    let at = |start, end| (Timestamp(start), Timestamp(end));
    let course = store.course(SessionId([1; 16])).await.unwrap();
    assert_eq!(course, Course { views: vec![viewed(3), viewed(9)], spans: vec![at(5, 15), at(25, 35)] });
    assert_eq!(store.course(SessionId([7; 16])).await.unwrap(), Course::default());
}
