//! Forgetting what is older than it may be.

use std::sync::Arc;

use stillhere_engine::{
    spans::Span,
    tracker::{PunchKind, PunchRow, SpanRow, VisitRow},
};

use super::*;
use crate::{
    audit::{Audit, Verdict, verify},
    limits,
    retention::Retention,
    store::{Cut, Log, PunchQuery, StorePlace, Wrong},
};

const DAY: Millis = Millis::minutes(24 * 60);
const START: Timestamp = Timestamp(1_790_000_000_000);

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// A session that began at the start and ended so many days later.
fn ended_on(id: u8, day: u64) -> SessionRow {
    let mut row = SessionRow { started_at: START, ..row(id, 1) };
    let ended_at = START.after(DAY.times(day));
    row.end = Some(End { ended_at, detected_at: ended_at, reason: EndReason::Closed, error_bound: Millis(0) });
    row
}

/// Everything that is too old on this day, in as many pieces as it takes; says how many.
async fn forget(store: &dyn Store, retention: Retention, day: u64) -> usize {
    let now = START.after(DAY.times(day));
    let mut pieces = 0;
    while retention.forget_piece(store, now).await.unwrap() > 0 {
        pieces += 1;
    }
    pieces
}

const A_WEEK: Retention = Retention { sessions: Some(DAY.times(7)), punches: None };

pub(super) async fn a_session_is_forgotten_with_its_spans_so_long_after_its_end_and_not_after_its_start(
    ground: &Ground,
) {
    let store = &*ground.store().await;
    let rows = vec![ended_on(1, 0), ended_on(2, 3), SessionRow { started_at: START, ..row(3, 1) }];
    let spans = rows.iter().map(|row| SpanRow {
        session: row.session,
        span: Span { start: Millis(0), end: Millis(u64::from(row.session.0[0])) },
        start_at: START,
        end_at: START,
    });
    let batch = Batch { spans: spans.collect(), sessions: rows, ..Batch::default() };
    store.record(&batch.into()).await.unwrap();
    let left = async || {
        let ids = [1, 2, 3].map(|id| store.session(SessionId([id; 16])));
        let [one, two, three] = ids;
        let found = [one.await.unwrap().is_some(), two.await.unwrap().is_some(), three.await.unwrap().is_some()];
        (found, ground.spans().await.len())
    };
    assert_eq!(forget(store, A_WEEK, 7).await, 0, "a week ago to the moment is not longer ago");
    assert_eq!((forget(store, A_WEEK, 8).await, left().await), (1, ([false, true, true], 2)));
    assert_eq!(forget(store, Retention::default(), 999).await, 0, "for ever, unless somebody says otherwise");
    assert_eq!((forget(store, A_WEEK, 999).await, left().await), (1, ([false, false, true], 1)), "not while it lasts");
}

pub(super) async fn a_visit_is_forgotten_when_nobody_has_come_since_and_is_not_still_there(ground: &Ground) {
    let store = &*ground.store().await;
    let visit = |name: &str, day| VisitRow {
        channel: ChannelName::parse("site").unwrap(),
        user: user(name),
        at: START.after(DAY.times(day)),
    };
    let still_there = SessionRow { user: user("cid"), ..row(3, 1) };
    let visits = vec![visit("ann", 0), visit("bob", 0), visit("bob", 5), visit("cid", 0)];
    store.record(&Batch { visits, sessions: vec![still_there], ..Batch::default() }.into()).await.unwrap();
    forget(store, A_WEEK, 8).await;
    assert_eq!(store.channels(START).await.unwrap()[0].ever, 2, "bob and cid");
}

pub(super) async fn what_is_too_old_goes_in_pieces_and_each_is_bounded(ground: &Ground) {
    let store = &*ground.store().await;
    let many = (0..2 * limits::FORGET_ROWS + 1)
        .map(|number| SessionRow { session: SessionId(u128::from(number).to_be_bytes()), ..ended_on(1, 0) });
    record(store, &many.collect::<Vec<_>>()).await;
    let most = u64::from(limits::FORGET_ROWS);
    let now = START.after(DAY.times(99));
    assert_eq!(A_WEEK.forget_piece(store, now).await.unwrap(), most);
    assert_eq!(A_WEEK.forget_piece(store, now).await.unwrap(), most);
    assert_eq!(A_WEEK.forget_piece(store, now).await.unwrap(), 1);
}

fn punch(day: u64) -> PunchRow {
    let at = START.after(DAY.times(day));
    let (user, kind, error_bound) = (user("ann"), PunchKind::In, Millis(0));
    PunchRow { user, epoch: day, kind, at, detected_at: at, reason: None, error_bound }
}

/// One punch on each of these days.
async fn punched(store: &dyn Store, days: impl Iterator<Item = u64>) {
    store.record(&Batch { punches: days.map(punch).collect(), ..Batch::default() }.into()).await.unwrap();
}

async fn check(place: &StorePlace) -> Verdict {
    verify(&mut Log::open(place).await.unwrap(), None, |_, _| {}).await.unwrap()
}

async fn whole(ground: &Ground) -> Audit {
    match check(&ground.place()).await {
        Verdict::Whole(audit) => audit,
        other => panic!("{other:?}"),
    }
}

const PUNCHES: Retention = Retention { sessions: None, punches: Some(DAY.times(30)) };

pub(super) async fn a_log_that_was_cut_at_its_old_end_is_whole_from_there_and_says_so(ground: &Ground) {
    let store = &*ground.store().await;
    punched(store, 0..10).await;
    let before = whole(ground).await;
    assert_eq!(forget(store, PUNCHES, 30).await, 0);
    assert_eq!(forget(store, PUNCHES, 34).await, 1);
    let cut = whole(ground).await;
    assert_eq!((cut.rows, cut.head), (6, before.head), "the last seal is the same: it is the same log");
    let Some(Cut { mark, at }) = cut.cut else { panic!("it does not say so") };
    assert_eq!((mark.count, mark.id, at), (4, 4, START.after(DAY.times(34))));
    let last_cut = verify(&mut Log::open(&ground.place()).await.unwrap(), Some(mark.chain), |_, _| {}).await.unwrap();
    assert!(matches!(last_cut, Verdict::Whole(_)), "a seal that was written down for the cut part still counts");
    punched(store, 10..12).await;
    assert_eq!(forget(store, PUNCHES, 999).await, 1);
    let rest = whole(ground).await;
    assert_eq!((rest.rows, rest.head.count), (1, 12), "the newest row stays");
    punched(store, 2..3).await;
    let found = store.punches(&PunchQuery { limit: 9, ..PunchQuery::default() }).await.unwrap().rows;
    assert_eq!((whole(ground).await.head.count, found.len()), (13, 2), "its number is not given again");
}

pub(super) async fn a_long_log_is_cut_in_pieces(ground: &Ground) {
    let store = &*ground.store().await;
    let count = u64::from(limits::FORGET_ROWS) + 3;
    store.record(&Batch { punches: (0..count).map(punch).collect(), ..Batch::default() }.into()).await.unwrap();
    assert_eq!(forget(store, PUNCHES, 9_999).await, 2);
    assert_eq!(whole(ground).await.cut.map(|cut| cut.mark.count), i64::try_from(count - 1).ok());
}

pub(super) async fn a_row_that_somebody_has_put_in_front_is_not_cut_off_but_found(ground: &Ground) {
    let store = Arc::<dyn Store>::from(ground.store().await);
    punched(&*store, 0..5).await;
    forget(&*store, PUNCHES, 32).await;
    assert_eq!(whole(ground).await.rows, 3);
    ground
        .attack(match ground {
            Ground::Sqlite(_) => {
                "insert into punches (id, user, epoch, kind, at, detected_at, error_bound_ms) values (1, 'eve', 9, 'IN', 1, 1, 0)"
            }
            Ground::Postgres(_) => {
                "insert into punches (id, user_id, epoch, kind, at, detected_at, error_bound_ms) overriding system value
                    values (1, 'eve', 9, 'IN', 1, 1, 0)"
            }
        })
        .await;
    let why = PUNCHES.forget_piece(&*store, START.after(DAY.times(99))).await.unwrap_err().to_string();
    assert!(why.contains("has no seal"), "{why}");
    let Verdict::Broken(fault) = check(&ground.place()).await else { panic!("it was not found") };
    assert_eq!((fault.id, fault.what), (1, Wrong::Chain));
}
