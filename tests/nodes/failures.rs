//! Something is wrong with Redis, or with the way to it. Beats are told to try again; nobody is out by that.

use reqwest::Method;
use stillhere_test_redis::{Redis, Watched};
use stillhere_tests::server::PATIENCE;
use tokio::time::timeout;

use crate::{
    ground::{Ground, in_full_swing},
    onlooker::Onlooker,
    relay::Relay,
    tabs::{Tabs, nobody_was_out},
};

const PEOPLE: usize = 30;

/// A lease is two seconds: none of the failures is over before it has run out.
const GRACE_MS: u32 = 1_000;

/// Two nodes with everybody in.
async fn two_nodes(redis: [String; 2]) -> (Ground, Tabs, Onlooker) {
    in_full_swing(&redis, PEOPLE, GRACE_MS).await
}

/// It is over: every tab goes on with its session, which nobody has seen end.
async fn all_is_well_again(ground: &Ground, tabs: Tabs, onlooker: &mut Onlooker) {
    tabs.answered(3).await;
    for node in &ground.nodes {
        let list = node.get("/v1/channels/site").await;
        assert_eq!(list["members"].as_array().map(Vec::len), Some(PEOPLE), "{list}");
    }
    let newcomer = Tabs::open(PEOPLE + 1, &ground.proxy.url("/v1/beat"));
    newcomer.answered(1).await;
    let told = tabs.end().await;
    newcomer.end().await;
    nobody_was_out(&told);
    onlooker.hear("snapshot", 1).await;
    assert!(onlooker.left.is_empty(), "left: {:?}, told: {told:?}", onlooker.left);
    let sessions = ground.nodes[0].get("/v1/admin/sessions?limit=1000").await;
    let sessions = sessions["sessions"].as_array().expect("a list").clone();
    assert_eq!(sessions.len(), PEOPLE + 1, "each session is the one that it was");
    assert!(sessions.iter().all(|session| session["endedAt"].is_null()), "{sessions:?}");
}

#[tokio::test]
async fn a_redis_that_says_nothing_for_a_while_ends_no_session() {
    let mut redis = Redis::start();
    let (ground, tabs, mut onlooker) = two_nodes([redis.url(), redis.url()]).await;
    redis.pause();
    tabs.refused(3).await;
    redis.resume();
    all_is_well_again(&ground, tabs, &mut onlooker).await;
}

#[tokio::test]
async fn a_redis_that_is_full_ends_no_session() {
    let redis = Redis::start();
    let (ground, tabs, mut onlooker) = two_nodes([redis.url(), redis.url()]).await;
    redis.fill();
    tabs.refused(20).await;
    redis.empty_out();
    all_is_well_again(&ground, tabs, &mut onlooker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_comes_back_with_nothing_is_put_together_from_the_store() {
    let mut redis = Redis::start();
    let (ground, tabs, mut onlooker) = two_nodes([redis.url(), redis.url()]).await;
    tokio::task::block_in_place(|| redis.kill());
    tabs.refused(20).await;
    tokio::task::block_in_place(|| redis.start_again());
    onlooker.hear("snapshot", 2).await;
    all_is_well_again(&ground, tabs, &mut onlooker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_redis_that_takes_over_goes_on_with_everybody() {
    let mut redis = Watched::start();
    let (ground, tabs, mut onlooker) = two_nodes([redis.url(), redis.url()]).await;
    tokio::task::block_in_place(|| {
        redis.wait_for_replica();
        redis.fail_over();
    });
    all_is_well_again(&ground, tabs, &mut onlooker).await;
}

#[tokio::test]
async fn a_node_that_is_cut_off_from_redis_is_passed_over_and_finds_back() {
    let redis = Redis::start();
    let relay = Relay::before(redis.address()).await;
    let (ground, tabs, mut onlooker) = two_nodes([redis.url(), relay.url(&redis.url())]).await;
    let is_ready = async |node: usize| ground.nodes[node].status(Method::GET, "/readyz", &[]).await == 200;
    relay.cut();
    tabs.answered(8).await;
    assert_eq!([is_ready(0).await, is_ready(1).await], [true, false]);
    relay.mend();
    let finds_back = async { while !is_ready(1).await {} };
    timeout(PATIENCE, finds_back).await.expect("it finds back");
    all_is_well_again(&ground, tabs, &mut onlooker).await;
}
