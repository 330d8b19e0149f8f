//! What lasts: nothing is said that is not on disk.

use std::sync::atomic::Ordering::SeqCst;

use stillhere_engine::{
    policy::{Policy, Punching},
    time::Millis,
    tracker::{PunchKind, Way},
    wire::{Beat, SessionId},
};

use super::ground::{Ground, heard};
use crate::{
    driver::tests::{beat, user},
    feed::Topic,
};

pub(super) async fn a_session_is_on_disk_before_its_first_beat_is_answered(ground: Ground) {
    let servers = ground.servers(Policy::default()).await;
    for id in 1..=20 {
        servers.beat(&user("ann"), beat(id, 1)).await.unwrap();
        assert_eq!(servers.seq_on_disk(SessionId([id; 16])).await, Some(1));
    }
}

pub(super) async fn a_store_that_is_down_refuses_who_is_new_and_keeps_who_is_known(ground: Ground) {
    let servers = ground.servers(Policy::default()).await;
    servers.beat(&user("ann"), beat(1, 1)).await.unwrap();
    servers.store.is_down.store(true, SeqCst);
    assert_eq!(servers.beat(&user("bob"), beat(2, 1)).await, Err("store_down"));
    for seq in 2..6 {
        assert_eq!(servers.beat(&user("ann"), beat(1, seq)).await.as_deref(), Ok("online"));
    }
    servers.store.is_down.store(false, SeqCst);
    assert_eq!(servers.beat(&user("bob"), beat(2, 1)).await.as_deref(), Ok("online"));
    assert_eq!(servers.seq_on_disk(SessionId([2; 16])).await, Some(1));
}

pub(super) async fn a_punch_is_on_disk_before_anybody_hears_of_it_and_the_last_silence_punches_out_once(
    ground: Ground,
) {
    let policy = Policy { grace: Millis(50), punching: Punching::OnRequest, ..Policy::default() };
    let servers = ground.servers(policy).await;
    let ann = user("ann");
    let mut watch = servers.watch(Topic::User(ann.clone())).await;
    servers.beat(&ann, beat(1, 1)).await.unwrap();
    assert_eq!(heard(&mut watch).await, "join ann");
    let row = servers.next().punch(ann.clone(), Way::In).await.unwrap();
    assert_eq!((row.kind, servers.log().await.len()), (PunchKind::In, 1));
    assert_eq!(heard(&mut watch).await, "punch ann");
    let again = servers.next().punch(ann.clone(), Way::In).await;
    assert_eq!(again.map_err(|why| why.code()), Err("punched_already"));
    servers.beat(&ann, Beat { next: Some(Millis(500)), ..beat(1, 2) }).await.unwrap();
    assert_eq!([heard(&mut watch).await, heard(&mut watch).await], ["leave ann", "punch ann"]);
    let kinds: Vec<_> = servers.log().await.into_iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [PunchKind::In, PunchKind::AutoOut]);
}

pub(super) async fn a_beat_after_the_end_is_told_so(ground: Ground) {
    let servers = ground.servers(Policy::default()).await;
    servers.beat(&user("ann"), beat(1, 1)).await.unwrap();
    servers.next().sign_out(user("ann"), SessionId([1; 16])).await.unwrap();
    for _ in 0..2 {
        assert_eq!(servers.beat(&user("ann"), beat(1, 1)).await, Err("session_ended"));
    }
}

pub(super) async fn what_can_wait_is_told_as_kept_by_a_later_answer(ground: Ground) {
    let servers = ground.servers(Policy::default()).await;
    let mut saved = Vec::new();
    for seq in 1..=6 {
        saved.push(servers.next().beat(user("ann"), None, beat(1, seq)).await.unwrap().saved_seq);
        servers.settle().await;
        assert_eq!(servers.seq_on_disk(SessionId([1; 16])).await, Some(seq));
    }
    assert!(saved.is_sorted() && saved[5] >= 3, "two nodes in turn know of every other beat: {saved:?}");
}
