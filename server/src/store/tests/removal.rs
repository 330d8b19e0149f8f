//! Removing what is kept of a person.

use std::sync::Arc;

use stillhere_engine::{
    spans::Span,
    tracker::{PunchKind, PunchRow, SpanRow, VisitRow},
};

use super::*;
use crate::{
    audit::{Verdict, verify},
    limits,
    store::{ChannelTotals, Entry, Log, News, Position, PunchQuery, Removed, SessionQuery},
};

const ANN: &str = "ann.lee@example.com";

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// A stay of two sessions with a span each, in and out.
fn stay(name: &str, id: u8, epoch: u64) -> Batch {
    let rows = [id, id + 1].map(|id| SessionRow { user: user(name), ..ended(row(id, 1), 500, EndReason::Closed) });
    let spans = rows.each_ref().map(|row| SpanRow {
        session: row.session,
        span: Span { start: Millis(0), end: Millis(5) },
        start_at: row.started_at,
        end_at: row.started_at.after(Millis(5)),
    });
    let punch = |kind| PunchRow {
        user: user(name),
        epoch,
        kind,
        at: Timestamp(epoch),
        detected_at: Timestamp(epoch),
        reason: None,
        error_bound: Millis(0),
    };
    Batch {
        sessions: rows.to_vec(),
        spans: spans.to_vec(),
        visits: vec![VisitRow { channel: ChannelName::default(), user: user(name), at: Timestamp(epoch) }],
        punches: vec![punch(PunchKind::In), punch(PunchKind::Out)],
        ..Batch::default()
    }
}

/// Whose punches are in the log, oldest first.
async fn in_log(store: &dyn Store) -> Vec<String> {
    let all = PunchQuery { limit: 100, ..PunchQuery::default() };
    let rows = store.punches(&all).await.unwrap().rows;
    rows.iter().rev().map(|row| row.user.as_str().to_owned()).collect()
}

pub(super) async fn who_is_removed_is_gone_from_everywhere_and_the_log_is_whole(ground: &Ground) {
    let store = &*ground.store().await;
    for batch in [stay(ANN, 1, 10), stay("bob", 3, 20), stay(ANN, 5, 30)] {
        store.record(&batch.into()).await.unwrap();
    }
    let mut still_in = stay(ANN, 7, 40);
    still_in.punches.truncate(1);
    store.record(&still_in.into()).await.unwrap();
    let removed = store.remove(&user(ANN)).await.unwrap();
    assert_eq!(removed, Removed { sessions: 6, spans: 6, visits: 1, punches: 5 });
    let sessions = store.sessions(&SessionQuery { limit: 100, ..SessionQuery::default() }).await.unwrap();
    assert!(sessions.page.rows.iter().all(|row| row.user == user("bob")) && sessions.page.rows.len() == 2);
    assert_eq!(ground.spans().await.len(), 2);
    let once = ChannelTotals { channel: ChannelName::default(), ever: 1, today: 1 };
    assert_eq!(store.channels(Timestamp(20)).await.unwrap(), [once]);
    assert_eq!(store.open_punches().await.unwrap(), []);
    let log = in_log(store).await;
    let nobody = &log[0];
    assert!(nobody.starts_with("erased-") && nobody.len() > 15, "{nobody}");
    assert_eq!(log, [nobody, nobody, "bob", "bob", nobody, nobody, nobody]);
    let mut log = Log::open(&ground.place()).await.unwrap();
    let Verdict::Whole(audit) = verify(&mut log, None, |_, _| {}).await.unwrap() else { panic!("it is broken") };
    assert_eq!((audit.rows, audit.erased), (7, 5));
}

pub(super) async fn removing_somebody_again_removes_what_has_come_since_and_nothing_else(ground: &Ground) {
    let store = &*ground.store().await;
    assert_eq!(store.remove(&user(ANN)).await.unwrap(), Removed::default(), "nobody knows them");
    store.record(&stay(ANN, 1, 10).into()).await.unwrap();
    store.remove(&user(ANN)).await.unwrap();
    assert_eq!(store.remove(&user(ANN)).await.unwrap(), Removed::default());
    store.record(&stay(ANN, 1, 20).into()).await.unwrap();
    let again = store.remove(&user(ANN)).await.unwrap();
    assert_eq!(again, Removed { sessions: 2, spans: 2, visits: 1, punches: 2 });
    let log = in_log(store).await;
    assert_ne!(log[0], log[2], "nobody can tell that both were the same person");
}

pub(super) async fn a_long_history_is_removed_in_pieces(ground: &Ground) {
    let store = &*ground.store().await;
    let count = 2 * limits::FORGET_ROWS;
    let many = (0..count).map(|number| {
        let mut row = row(1, 1);
        row.session = SessionId(u128::from(number).to_be_bytes());
        row
    });
    let many: Vec<_> = many.collect();
    record(store, &many).await;
    let removed = store.remove(&many[0].user).await.unwrap();
    assert_eq!(removed, Removed { sessions: u64::from(count), ..Removed::default() });
}

pub(super) async fn an_erased_row_can_neither_be_erased_again_nor_changed_nor_given_a_name(ground: &Ground) {
    let store = &*ground.store().await;
    store.record(&stay(ANN, 1, 10).into()).await.unwrap();
    let name = match ground {
        Ground::Sqlite(_) => "user",
        Ground::Postgres(_) => "user_id",
    };
    let refused = async |change: String| {
        let sql: &'static str = Box::leak(format!("update punches set {change}").into_boxed_str());
        let why = ground.meddle(sql).await.unwrap_err().to_string();
        assert!(why.contains("append-only"), "{change}: {why}");
    };
    refused(format!("{name} = 'erased-1'")).await;
    refused(format!("{name} = 'eve', salt = null")).await;
    refused(format!("{name} = 'erased-1', salt = null, at = 1")).await;
    refused(format!("{name} = 'erased-1', salt = null, chain = person")).await;
    store.remove(&user(ANN)).await.unwrap();
    refused(format!("{name} = 'erased-2', salt = null")).await;
    refused(format!("{name} = 'ann'")).await;
}

pub(super) async fn who_comes_back_after_a_removal_and_a_restart_has_no_gap_in_what_they_are_told(ground: &Ground) {
    let store = &*ground.store().await;
    let news = |offset, name: &str| {
        let position = Position { epoch: 1, offset };
        let news =
            News { position, at: Timestamp(0), name: "leave", channel: None, user: user(name), json: "{}".into() };
        Entry { news: vec![Arc::new(news)], ..Entry::default() }
    };
    for (offset, name) in [(1, ANN), (2, "bob"), (3, ANN)] {
        store.record(&news(offset, name)).await.unwrap();
    }
    store.remove(&user(ANN)).await.unwrap();
    store.record(&news(4, "bob")).await.unwrap();
    let kept = store.news().await.unwrap();
    let kept: Vec<_> = kept.iter().map(|news| (news.position.offset, news.user.as_str())).collect();
    assert_eq!(kept, [(4, "bob")], "the leave is not among them, so neither is anything before it");
}
