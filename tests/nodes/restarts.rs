//! Nodes come and go.

use std::collections::BTreeMap;

use serde_json::Value;
use stillhere_test_redis::Redis;
use stillhere_tests::endpoint::Endpoint;

use crate::{
    ground::{Ground, in_full_swing},
    onlooker::Onlooker,
    tabs::{Tabs, nobody_was_out},
};

/// Enough of them that something of each kind is under way at any moment.
const PEOPLE: usize = 40;

/// Longer than any node is away.
const GRACE_MS: u32 = 10_000;

async fn three_nodes(redis: &Redis) -> (Ground, Tabs, Onlooker) {
    in_full_swing(&[redis.url(), redis.url(), redis.url()], PEOPLE, GRACE_MS).await
}

/// Everybody is here, everybody came once, and nobody has left.
async fn nobody_noticed(ground: &Ground, tabs: Tabs, onlooker: &mut Onlooker) {
    let list = ground.nodes[0].get("/v1/channels/site").await;
    assert_eq!(list["members"].as_array().map(Vec::len), Some(PEOPLE), "{list}");
    // Whatever was told until now is heard before this one comes.
    let last = Tabs::open(PEOPLE + 1, &ground.proxy.url("/v1/beat"));
    onlooker.hear("join", PEOPLE + 1).await;
    nobody_was_out(&tabs.end().await);
    last.end().await;
    assert_eq!((onlooker.count("leave"), onlooker.count("join")), (0, PEOPLE + 1), "{:?}", onlooker.heard);
    assert_eq!(onlooker.count("snapshot"), 1, "another node knows where it was: {:?}", onlooker.heard);
}

#[tokio::test]
async fn a_node_that_is_killed_takes_nobody_along_and_takes_its_share_again_when_it_is_back() {
    let redis = Redis::start();
    let (mut ground, tabs, mut onlooker) = three_nodes(&redis).await;
    for number in [0, 1, 2] {
        ground.nodes[number].kill().await;
        tabs.answered(4).await;
        ground.nodes[number].restart().await;
        tabs.answered(2).await;
    }
    nobody_noticed(&ground, tabs, &mut onlooker).await;
}

#[tokio::test]
async fn a_rolling_restart_of_all_nodes_under_load_is_noticed_by_nobody() {
    let redis = Redis::start();
    let (mut ground, tabs, mut onlooker) = three_nodes(&redis).await;
    for number in [0, 1, 2] {
        assert!(ground.nodes[number].stop().await, "it stops well");
        ground.nodes[number].restart().await;
        tabs.answered(2).await;
    }
    nobody_noticed(&ground, tabs, &mut onlooker).await;
}

#[tokio::test]
async fn a_node_that_is_added_knows_everybody_at_once() {
    let redis = Redis::start();
    let (ground, tabs, mut onlooker) = three_nodes(&redis).await;
    let another = ground.another(&redis.url()).await;
    let list = another.get("/v1/channels/site").await;
    assert_eq!(list["members"].as_array().map(Vec::len), Some(PEOPLE), "{list}");
    let direct = Tabs::open(PEOPLE, &another.url("/v1/beat"));
    direct.answered(2).await;
    nobody_was_out(&direct.end().await);
    nobody_noticed(&ground, tabs, &mut onlooker).await;
}

#[tokio::test]
async fn whoever_falls_silent_while_nodes_are_killed_is_punched_out_once() {
    let redis = Redis::start();
    let mut ground = Ground::start(&[redis.url(), redis.url(), redis.url()], 2_000).await;
    let mut onlooker = Onlooker::follow(ground.proxy.url("/v1/feed"));
    onlooker.hear("snapshot", 1).await;
    let tabs = Tabs::open(PEOPLE, &ground.proxy.url("/v1/beat"));
    onlooker.hear("IN", PEOPLE).await;
    let silent = PEOPLE / 2;
    tabs.silence(silent);
    for times in 1..=3 {
        // While the leases of those run out, whoever looks at them goes.
        let number = times % ground.nodes.len();
        onlooker.hear("AUTO_OUT", silent * (times - 1) / 3 + 1).await;
        ground.nodes[number].kill().await;
        ground.nodes[number].restart().await;
    }
    onlooker.hear("AUTO_OUT", silent).await;
    tabs.answered(2).await;
    nobody_was_out(&tabs.end().await);
    // Whoever still had a word to say has ended by now, too: of everybody there is one row, and not two.
    onlooker.hear("AUTO_OUT", PEOPLE).await;
    let log = ground.nodes[1].get("/v1/punches?kind=AUTO_OUT&limit=1000").await;
    let rows = log["punches"].as_array().expect("rows");
    let mut users: Vec<&Value> = rows.iter().map(|row| &row["user"]).collect();
    users.sort_by_key(ToString::to_string);
    let count = users.len();
    users.dedup();
    assert_eq!((count, users.len()), (PEOPLE, PEOPLE), "each of them once");
    assert_eq!((onlooker.count("AUTO_OUT"), onlooker.count("leave")), (PEOPLE, PEOPLE), "{:?}", onlooker.heard);
}

#[tokio::test]
async fn each_departure_is_one_letter_whichever_node_is_killed() {
    let (redis, mut endpoint) = (Redis::start(), Endpoint::start().await);
    let hook = format!(
        "[[webhook]]\nname = \"chat\"\nurl = \"{}\"\nevents = [\"auto-out\", \"leave\"]\nformat = \"slack\"\n",
        endpoint.url()
    );
    let all = [redis.url(), redis.url(), redis.url()];
    let mut ground = Ground::start_with(&all, 1_000, &hook).await;
    let tabs = Tabs::open(PEOPLE, &ground.proxy.url("/v1/beat"));
    tabs.answered(2).await;
    let mut letters = BTreeMap::<String, usize>::new();
    // One of the three is in office. All of them go, one after the other, while people leave.
    for number in 0..3 {
        tabs.silence((number + 1) * PEOPLE / 4);
        ground.nodes[number].kill().await;
        while letters.len() < 2 * (number + 1) * PEOPLE / 4 {
            *letters.entry(endpoint.next().await.body["text"].to_string()).or_default() += 1;
        }
        ground.nodes[number].restart().await;
    }
    tabs.end().await;
    while letters.len() < 2 * PEOPLE {
        *letters.entry(endpoint.next().await.body["text"].to_string()).or_default() += 1;
    }
    assert_eq!(letters.len(), 2 * PEOPLE, "a leave and a punch of each: {letters:?}");
    // What was delivered and not noted when its node was killed comes again: at most one piece for each node.
    let again = letters.values().sum::<usize>() - letters.len();
    assert!(again <= 3 * 16, "{letters:?}");
}
