//! What only several nodes can go through.

use stillhere_engine::{
    policy::{Policy, Punching},
    time::Millis,
    tracker::Way,
};

use super::ground::{Ground, heard};
use crate::{
    driver::tests::{beat, user},
    feed::{Picture, Topic},
};

#[tokio::test]
async fn tabs_of_one_person_on_two_nodes_at_once_lose_nothing() {
    let servers = Ground::nodes(false).servers(Policy::default()).await;
    let ann = user("ann");
    let beats = (1..=40).map(|id| servers.next().beat(ann.clone(), None, beat(id, 1)));
    let answers = futures_util::future::join_all(beats).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let person = servers.next().person(ann).await.unwrap();
    assert_eq!((person.explained.len(), person.members[0].sessions), (40, 40));
}

#[tokio::test]
async fn nodes_follow_one_clock() {
    let servers = Ground::nodes(false).servers(Policy::default()).await;
    let [one, other] = [servers.next().clock().now(), servers.next().clock().now()];
    assert!(one.since(other).max(other.since(one)) < Millis::seconds(1), "{one:?} and {other:?}");
}

#[tokio::test]
async fn a_redis_that_forgets_everything_is_put_together_again_and_nobody_is_out() {
    let ground = Ground::alone();
    let policy = Policy { punching: Punching::OnRequest, ..Policy::default() };
    let servers = ground.servers(policy).await;
    let mut watch = servers.watch(Topic::Presence).await;
    for (name, id) in [("ann", 1), ("bob", 2)] {
        servers.beat(&user(name), beat(id, 1)).await.unwrap();
        assert_eq!(heard(&mut watch).await, format!("join {name}"));
    }
    servers.next().punch(user("ann"), Way::In).await.unwrap();
    let began = servers.next().person(user("ann")).await.unwrap().explained[0].row.started_at;
    ground.forget();
    // Beats are told to try again, never that their session is over.
    let mut seq = 2;
    while let Err(why) = servers.beat(&user("ann"), beat(1, seq)).await {
        assert!(["store_down", "busy"].contains(&why), "{why}");
        seq += 1;
    }
    assert_eq!(heard(&mut watch).await, "the end", "watchers come back for a snapshot");
    let person = servers.next().person(user("ann")).await.unwrap();
    assert_eq!((person.explained[0].row.started_at, person.stay.is_some()), (began, true));
    let snapshot = servers.watch(Topic::Presence).await.snapshot.unwrap();
    let Picture::Members(members) = snapshot.picture else { panic!("nobody asked for counts") };
    let mut names: Vec<_> = members.iter().map(|member| member.user.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ann", "bob"], "bob has not said a word since");
    assert_eq!(servers.log().await.len(), 1, "nobody was punched out");
}

#[tokio::test]
async fn a_node_whose_redis_is_gone_says_that_it_is_not_ready_and_is_again_with_it() {
    let mut ground = Ground::alone();
    let servers = ground.servers(Policy::default()).await;
    servers.beat(&user("ann"), beat(1, 1)).await.unwrap();
    ground.redis().kill();
    assert_eq!(servers.next().ready().await.map_err(|why| why.code()), Err("store_down"));
    assert_eq!(servers.beat(&user("ann"), beat(1, 2)).await, Err("store_down"));
    ground.redis().start_again();
    while servers.next().ready().await.is_err() {}
    while servers.beat(&user("ann"), beat(1, 3)).await.is_err() {}
    // What is in its own memory is shown for as long as it cannot find the feed.
    while servers.next().members(None).await.unwrap().members.len() != 1 {}
}
