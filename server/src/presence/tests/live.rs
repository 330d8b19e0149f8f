//! What is live: who is here, and what watchers are told.

use stillhere_engine::{
    page::PageState,
    policy::Policy,
    time::{Millis, Timestamp},
    wire::{Beat, ChannelName, SessionId},
};

use super::ground::{Ground, heard};
use crate::{
    driver::tests::{beat, user},
    feed::{Picture, Topic},
};

/// One that is over in no time: what is waited for is what is told, not the clock.
fn hasty() -> Policy {
    Policy { leave_grace: Millis(50), grace: Millis(50), ..Policy::default() }
}

fn closed(id: u8, seq: u32) -> Beat {
    Beat { state: PageState::Closed, next: None, ..beat(id, seq) }
}

pub(super) async fn who_comes_moves_and_goes_is_told_once_and_in_order(ground: Ground) {
    let servers = ground.servers(hasty()).await;
    let mut watch = servers.watch(Topic::Presence).await;
    let (ann, bob) = (user("ann"), user("bob"));
    assert_eq!(servers.beat(&ann, beat(1, 1)).await.as_deref(), Ok("online"));
    assert_eq!(heard(&mut watch).await, "join ann");
    servers.beat(&bob, beat(2, 1)).await.unwrap();
    assert_eq!(heard(&mut watch).await, "join bob");
    for seq in 2..6 {
        servers.beat(&ann, beat(1, seq)).await.unwrap();
    }
    servers.beat(&ann, Beat { channel: ChannelName::parse("desk").unwrap(), ..beat(1, 6) }).await.unwrap();
    assert_eq!([heard(&mut watch).await, heard(&mut watch).await], ["join ann", "leave ann"], "beats are no news");
    servers.beat(&bob, closed(2, 2)).await.unwrap();
    assert_eq!(heard(&mut watch).await, "leave bob");
    assert_eq!(servers.next().members(None).await.unwrap().members.len(), 1);
}

pub(super) async fn closing_one_of_two_tabs_keeps_the_user_in(ground: Ground) {
    let servers = ground.servers(hasty()).await;
    let mut watch = servers.watch(Topic::Presence).await;
    let ann = user("ann");
    servers.beat(&ann, beat(1, 1)).await.unwrap();
    servers.beat(&ann, beat(2, 1)).await.unwrap();
    servers.beat(&ann, closed(1, 2)).await.unwrap();
    assert_eq!([heard(&mut watch).await, heard(&mut watch).await], ["join ann", "update ann"], "a second tab is told");
    assert_eq!(heard(&mut watch).await, "update ann", "and that it is one again");
    assert_eq!(servers.next().members(None).await.unwrap().members[0].sessions, 1);
    servers.beat(&ann, closed(2, 2)).await.unwrap();
    assert_eq!(heard(&mut watch).await, "leave ann");
}

pub(super) async fn silence_ends_a_session_once(ground: Ground) {
    let servers = ground.servers(hasty()).await;
    let mut watches = [servers.watch(Topic::Presence).await, servers.watch(Topic::Presence).await];
    let beat = Beat { next: Some(Millis(500)), ..beat(1, 1) };
    servers.beat(&user("ann"), beat.clone()).await.unwrap();
    servers.beat(&user("bob"), Beat { next: Some(Millis(2_000)), session: SessionId([2; 16]), ..beat }).await.unwrap();
    for watch in &mut watches {
        let told = [heard(watch).await, heard(watch).await, heard(watch).await, heard(watch).await];
        assert_eq!(told, ["join ann", "join bob", "leave ann", "leave bob"]);
    }
}

pub(super) async fn who_comes_back_to_the_feed_is_told_what_they_missed(ground: Ground) {
    let servers = ground.servers(hasty()).await;
    let mut watch = servers.watch(Topic::Presence).await;
    let at = watch.snapshot.take().unwrap().position;
    servers.beat(&user("ann"), beat(1, 1)).await.unwrap();
    servers.beat(&user("bob"), beat(2, 1)).await.unwrap();
    assert_eq!([heard(&mut watch).await, heard(&mut watch).await], ["join ann", "join bob"]);
    // Each node has heard of it: the one that is asked next, too.
    let mut other = servers.watch(Topic::Presence).await;
    servers.beat(&user("cid"), beat(3, 1)).await.unwrap();
    assert_eq!(heard(&mut other).await, "join cid");
    assert_eq!(heard(&mut watch).await, "join cid");
    for _ in 0..2 {
        let back = servers.next().watch(Topic::Presence, Some(at)).await.unwrap();
        let missed: Vec<_> = back.missed.iter().map(|news| news.user.as_str()).collect();
        assert_eq!((missed, back.snapshot.is_some()), (vec!["ann", "bob", "cid"], false));
    }
}

pub(super) async fn everybody_is_listed_with_when_they_were_seen_last(ground: Ground) {
    let servers = ground.servers(Policy::default()).await;
    let mut watch = servers.watch(Topic::Presence).await;
    let desk = ChannelName::parse("desk").unwrap();
    for (name, id) in [("ann", 1), ("bob", 2), ("cid", 3)] {
        let channel = if id == 3 { desk.clone() } else { ChannelName::default() };
        servers.beat(&user(name), Beat { channel, ..beat(id, 1) }).await.unwrap();
        assert_eq!(heard(&mut watch).await, format!("join {name}"));
    }
    // What one node has heard the other hears within its next look: a change after them says that it has.
    let mut both = [servers.watch(Topic::Presence).await, servers.watch(Topic::Presence).await];
    servers.beat(&user("dan"), beat(4, 1)).await.unwrap();
    for watch in &mut both {
        assert_eq!(heard(watch).await, "join dan");
    }
    let before = servers.next().person(user("ann")).await.unwrap().members[0].last_seen_at;
    let mut seq = 1;
    while servers.next().person(user("ann")).await.unwrap().members[0].last_seen_at == before {
        seq += 1;
        servers.beat(&user("ann"), beat(1, seq)).await.unwrap();
    }
    for _ in 0..2 {
        let members = servers.next().members(None).await.unwrap().members;
        assert_eq!(members.len(), 4);
        let ann = members.iter().find(|member| member.user == user("ann")).unwrap();
        assert!(ann.last_seen_at > before, "a list knows of beats that nobody was told of");
        assert_eq!(servers.next().members(Some(desk.clone())).await.unwrap().members.len(), 1);
        let counts = servers.next().channels(Timestamp(0)).await.unwrap();
        let mut counts: Vec<_> = counts.iter().map(|count| (count.channel.as_str(), count.users)).collect();
        counts.sort_unstable();
        assert_eq!(counts, [("desk", 1), ("site", 3)]);
        let snapshot = servers.next().watch(Topic::Channel(desk.clone()), None).await.unwrap().snapshot.unwrap();
        let Picture::Members(members) = snapshot.picture else { panic!("nobody asked for counts") };
        assert_eq!(members[0].user, user("cid"));
    }
}

pub(super) async fn a_session_of_another_is_out_of_reach(ground: Ground) {
    let servers = ground.servers(Policy::default()).await;
    servers.beat(&user("ann"), beat(1, 1)).await.unwrap();
    assert_eq!(servers.beat(&user("bob"), beat(1, 2)).await, Err("session_of_another"));
    let answer = servers.next().sign_out(user("bob"), SessionId([1; 16])).await;
    assert_eq!(answer.map_err(|why| why.code()), Err("session_of_another"));
    assert_eq!(servers.next().is_open(user("ann"), SessionId([1; 16])).await, Ok(true));
    assert_eq!(servers.next().sign_out(user("ann"), SessionId([1; 16])).await, Ok(()));
    assert_eq!(servers.next().is_open(user("ann"), SessionId([1; 16])).await, Ok(false));
    assert_eq!(servers.next().sign_out(user("ann"), SessionId([1; 16])).await, Ok(()), "over already");
}
