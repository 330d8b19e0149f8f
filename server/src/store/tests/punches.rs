//! The punch clock's log.

use stillhere_engine::tracker::{OpenPunch, PunchKind, PunchRow};

use super::*;
use crate::store::PunchQuery;

fn punch(kind: PunchKind, epoch: u64, at: u64) -> PunchRow {
    let user = UserId::parse("zoë \"quoted\" 🫀").unwrap();
    let reason = (kind == PunchKind::AutoOut).then_some(EndReason::Timeout);
    let (at, detected_at) = (Timestamp(at), Timestamp(at + 30));
    PunchRow { user, epoch, kind, at, detected_at, reason, error_bound: Millis(30) }
}

async fn write(store: &dyn Store, punches: &[PunchRow]) {
    store.record(&Batch { punches: punches.to_vec(), ..Batch::default() }.into()).await.unwrap();
}

async fn log(store: &dyn Store) -> Vec<(String, u64, u64)> {
    let all = PunchQuery { limit: 100, ..PunchQuery::default() };
    let rows = store.punches(&all).await.unwrap().rows;
    rows.iter().rev().map(|row| (row.kind.as_str().into(), row.epoch, row.at.0)).collect()
}

pub(super) async fn a_stay_begins_and_ends_once_however_often_it_is_written(ground: &Ground) {
    use PunchKind::{AutoOut, In};
    let store = &*ground.store().await;
    write(store, &[punch(In, 7, 100)]).await;
    let open = OpenPunch { user: punch(In, 7, 100).user, epoch: 7, proven_until: Timestamp(100) };
    assert_eq!(store.open_punches().await.unwrap(), [open]);
    for at in [200, 201] {
        write(store, &[punch(In, 7, 100), punch(AutoOut, 7, at)]).await;
    }
    assert_eq!(store.open_punches().await.unwrap(), []);
    write(store, &[punch(In, 7, 100)]).await;
    assert_eq!(store.open_punches().await.unwrap(), [], "an old batch brings nobody back in");
    assert_eq!(log(store).await, [("IN".into(), 7, 100), ("AUTO_OUT".into(), 7, 200)]);
}

pub(super) async fn a_correction_needs_an_auto_out_and_something_new_to_say(ground: &Ground) {
    use PunchKind::{AutoOut, Correction, In, Out};
    let store = &*ground.store().await;
    write(store, &[punch(In, 7, 100), punch(Correction, 7, 150)]).await;
    write(store, &[punch(Out, 7, 200), punch(Correction, 7, 300)]).await;
    assert_eq!(log(store).await.len(), 2, "who has punched out by themselves knows best");
    write(store, &[punch(In, 8, 400), punch(AutoOut, 8, 500)]).await;
    write(store, &[punch(Correction, 8, 500), punch(Correction, 8, 499)]).await;
    write(store, &[punch(Correction, 8, 700), punch(Correction, 8, 600), punch(Correction, 8, 700)]).await;
    write(store, &[punch(Correction, 8, 650)]).await;
    assert_eq!(log(store).await[4..], [("CORRECTION".into(), 8, 700)]);
}

pub(super) async fn the_database_itself_refuses_to_change_or_delete_a_punch(ground: &Ground) {
    let store = &*ground.store().await;
    write(store, &[punch(PunchKind::In, 7, 100)]).await;
    for sql in ["update punches set at = 1", "delete from punches"] {
        let why = ground.meddle(sql).await.unwrap_err().to_string();
        assert!(why.contains("append-only"), "{why}");
    }
}

pub(super) async fn an_open_stay_is_proven_as_far_as_its_ended_sessions_are(ground: &Ground) {
    let store = &*ground.store().await;
    let mut gone = ended(row(1, 1), 500, EndReason::Timeout);
    gone.punch_epoch = Some(7);
    let batch = Batch { sessions: vec![gone.clone()], punches: vec![punch(PunchKind::In, 7, 100)], ..Batch::default() };
    store.record(&batch.into()).await.unwrap();
    assert_eq!(stored(store, 1).await.punch_epoch, Some(7));
    assert_eq!(store.open_punches().await.unwrap()[0].proven_until, gone.end.unwrap().ended_at);
}

pub(super) async fn the_log_comes_in_pages_newest_first_and_filtered(ground: &Ground) {
    use PunchKind::{AutoOut, In};
    let store = &*ground.store().await;
    let others = PunchRow { user: UserId::parse("bob").unwrap(), ..punch(In, 9, 900) };
    let rows = [punch(In, 7, 100), punch(AutoOut, 7, 200), punch(In, 8, 300), punch(AutoOut, 8, 400), others.clone()];
    write(store, &rows).await;
    let all = PunchQuery { limit: 2, ..PunchQuery::default() };
    let mut found = store.punches(&all).await.unwrap();
    let mut pages = vec![found.rows];
    while let Some(after) = found.next {
        found = store.punches(&PunchQuery { after: Some(after), ..all.clone() }).await.unwrap();
        pages.push(found.rows);
    }
    let newest_first: Vec<PunchRow> = rows.iter().rev().cloned().collect();
    assert_eq!((pages.len(), pages.concat()), (3, newest_first), "as they were written");
    let count = async |query: PunchQuery| store.punches(&PunchQuery { limit: 9, ..query }).await.unwrap().rows.len();
    assert_eq!(count(PunchQuery { user: Some(others.user), ..all.clone() }).await, 1);
    assert_eq!(count(PunchQuery { kind: Some(AutoOut), ..all.clone() }).await, 2);
    assert_eq!(count(PunchQuery { from: Some(Timestamp(200)), to: Some(Timestamp(400)), ..all }).await, 2);
}
