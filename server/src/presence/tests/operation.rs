//! What an operator asks for.

use std::sync::atomic::Ordering::SeqCst;

use stillhere_engine::{
    policy::{Policy, Punching},
    time::Millis,
    tracker::Way,
    wire::{Beat, SessionId},
};

use super::ground::{Ground, Servers, heard};
use crate::{
    driver::{
        Writing,
        tests::{beat, user},
    },
    feed::{Message, Picture, Position, Topic, Watch},
};

pub(super) async fn who_is_removed_leaves_nothing_behind_and_comes_back_as_somebody_new(ground: Ground) {
    let policy = Policy { punching: Punching::OnRequest, ..Policy::default() };
    let servers = ground.servers(policy).await;
    let (ann, bob) = (user("ann"), user("bob"));
    let mut watch = servers.watch(Topic::Presence).await;
    servers.beat(&bob, beat(2, 1)).await.unwrap();
    let before = position_of_next(&mut watch).await;
    servers.beat(&ann, beat(1, 1)).await.unwrap();
    servers.next().punch(ann.clone(), Way::In).await.unwrap();
    let open_since = servers.next().person(ann.clone()).await.unwrap().explained[0].row.started_at;

    let removed = servers.next().remove(ann.clone()).await.unwrap();
    assert_eq!((removed.sessions, removed.punches), (1, 1));
    assert_eq!(servers.seq_on_disk(SessionId([1; 16])).await, None);
    assert!(servers.log().await.iter().all(|row| row.user != ann), "what is left of it has no name");
    while servers.next().members(None).await.unwrap().members.iter().any(|member| member.user == ann) {}
    forgotten(&servers, before).await;

    // A tab of hers was open all the time, and tells of the time before.
    let late = Beat { t: Millis::minutes(90), ..beat(3, 1) };
    servers.beat(&ann, late).await.unwrap();
    let row = servers.next().person(ann.clone()).await.unwrap().explained.remove(0).row;
    assert!(row.started_at > open_since, "{row:?}");
    let again = servers.next().remove(user("nobody")).await.unwrap();
    assert_eq!(again.sessions, 0, "whoever was never here is no error");
}

/// Every server has forgotten what it could have told of ann: whoever was away begins with a snapshot.
async fn forgotten(servers: &Servers, before: Position) {
    for _ in 0..2 {
        loop {
            let watch = servers.next().watch(Topic::Presence, Some(before)).await.unwrap();
            if let Some(snapshot) = watch.snapshot {
                assert!(watch.missed.is_empty());
                let Picture::Members(members) = snapshot.picture else { panic!("nobody asked for counts") };
                assert!(members.iter().all(|member| member.user.as_str() == "bob"), "{members:?}");
                break;
            }
        }
    }
}

async fn position_of_next(watch: &mut Watch) -> Position {
    match watch.messages.recv().await {
        Some(Message::News(news, _)) => news.position,
        other => panic!("no news: {other:?}"),
    }
}

pub(super) async fn a_removal_that_the_store_does_not_take_can_be_asked_for_again(ground: Ground) {
    let servers = ground.servers(Policy::default()).await;
    let ann = user("ann");
    servers.beat(&ann, beat(1, 1)).await.unwrap();
    servers.store.is_down.store(true, SeqCst);
    let refused = servers.next().remove(ann.clone()).await;
    assert_eq!(refused.map_err(|why| why.code()), Err("store_down"));
    servers.store.is_down.store(false, SeqCst);
    while servers.next().remove(ann.clone()).await.is_err() {}
    assert_eq!(servers.seq_on_disk(SessionId([1; 16])).await, None);
    servers.beat(&ann, beat(3, 1)).await.unwrap();
}

pub(super) async fn a_sweep_that_finds_nothing_says_so(ground: Ground) {
    let servers = ground.servers(Policy { grace: Millis(50), ..Policy::default() }).await;
    let mut watch = servers.watch(Topic::Presence).await;
    servers.beat(&user("ann"), Beat { next: Some(Millis(500)), ..beat(1, 1) }).await.unwrap();
    assert_eq!(heard(&mut watch).await, "join ann");
    assert_eq!(servers.next().sweep().await.unwrap().ended, 0, "her time is not over");
    // Whoever finds the end says it, and nobody else.
    let mut ended = 0;
    while servers.next().members(None).await.unwrap().members.len() == 1 {
        ended += servers.next().sweep().await.unwrap().ended;
    }
    assert_eq!(heard(&mut watch).await, "leave ann");
    ended += servers.next().sweep().await.unwrap().ended;
    assert!(ended <= 1, "{ended}");
}

pub(super) async fn it_is_ready_as_long_as_it_can_write(ground: Ground) {
    let servers = ground.servers(Policy::default()).await;
    let ready = async || servers.next().ready().await.unwrap();
    assert_eq!([ready().await, ready().await], [Writing::Good; 2]);
    servers.beat(&user("ann"), beat(1, 1)).await.unwrap();
    servers.store.is_down.store(true, SeqCst);
    servers.beat(&user("ann"), beat(1, 2)).await.unwrap();
    servers.settle().await;
    let both = [ready().await, ready().await];
    assert!(both.contains(&Writing::Failing), "{both:?}");
    servers.store.is_down.store(false, SeqCst);
    servers.settle().await;
    while ready().await != Writing::Good || ready().await != Writing::Good {
        servers.settle().await;
    }
    assert_eq!(servers.seq_on_disk(SessionId([1; 16])).await, Some(2));
}
