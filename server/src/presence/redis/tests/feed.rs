//! The changes of all shards in one order.

use std::collections::BTreeMap;

use stillhere_engine::random::Rng;

use super::{Ground, arrival, commit, shard};
use crate::{
    feed::Position,
    limits,
    presence::redis::{Shard, Shards, Write},
};

pub(super) async fn each_change_is_in_the_feed_once_and_in_its_order_whoever_relays(ground: Ground) {
    let nodes = [ground.shards().await, ground.shards().await, ground.shards().await];
    let start = nodes[0].position().await.unwrap();
    let some: Vec<_> = nodes[0].all().take(4).collect();
    let work = nodes.iter().zip(0..).map(|(node, number)| {
        let some = &some;
        async move {
            let mut chance = Rng::new([number; 16]);
            for round in 0..60_u64 {
                let shard = some[chance.bits() as usize % some.len()];
                if chance.bits().is_multiple_of(2) {
                    let who = format!("{number}-{round}");
                    commit(
                        node,
                        shard,
                        Write { changes: vec![format!("{} {who}", shard.0).into()], ..arrival(&who, 1) },
                    )
                    .await;
                } else {
                    node.relay(shard).await.unwrap();
                }
            }
        }
    });
    futures_util::future::join_all(work).await;
    for shard in &some {
        while nodes[0].relay(*shard).await.unwrap() > 0 {}
    }
    let told = nodes[1].news(start, 1_000).await.unwrap();
    for (index, (position, _)) in told.iter().enumerate() {
        assert_eq!(*position, Position { offset: start.offset + 1 + index as u64, ..start });
    }
    // Of each node and shard the rounds come in order, each once.
    let mut rounds = BTreeMap::<(String, String), Vec<u64>>::new();
    for (_, change) in &told {
        let change = str::from_utf8(change).unwrap();
        let (shard, who) = change.split_once(' ').unwrap();
        let (number, round) = who.split_once('-').unwrap();
        rounds.entry((shard.into(), number.into())).or_default().push(round.parse().unwrap());
    }
    assert!(rounds.values().all(|rounds| rounds.is_sorted_by(|one, next| one < next)), "{rounds:?}");
    let mut written = 0;
    for shard in &some {
        let people = nodes[0].users(*shard, crate::presence::redis::Cursor::START).await.unwrap();
        written += people.0.len();
    }
    assert_eq!(told.len(), written);
    assert!(written > 60, "{written}");
}

pub(super) async fn a_relayer_that_comes_late_moves_nothing_again(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    change(&shards, shard, &["a", "b"]).await;
    let early = waiting(&shards, shard).await;
    change(&shards, shard, &["c"]).await;
    let late = waiting(&shards, shard).await;
    let after_early = shards.publish(shard, early.clone()).await.unwrap();
    assert_eq!(shards.publish(shard, early.clone()).await, Ok(after_early));
    let after_late = shards.publish(shard, late.clone()).await.unwrap();
    assert_eq!(after_late.offset, after_early.offset + 1);
    for again in [early, late] {
        assert_eq!(shards.publish(shard, again).await, Ok(after_late));
    }
    assert_eq!(texts(shards.newest(9).await.unwrap()), ["a", "b", "c"]);
    assert_eq!(shards.relay(shard).await, Ok(3));
    assert_eq!(shards.position().await, Ok(after_late));
}

pub(super) async fn what_was_relayed_leaves_the_outbox_and_what_was_not_stays(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    assert_eq!(shards.relay(shard).await, Ok(0));
    let many: Vec<_> = (0..=limits::RELAYED_AT_ONCE).map(|number| number.to_string()).collect();
    change(&shards, shard, &many.iter().map(|text| &**text).collect::<Vec<_>>()).await;
    assert_eq!(shards.relay(shard).await, Ok(limits::RELAYED_AT_ONCE));
    assert_eq!(ground.tell("XLEN {$:3}:outbox").number(), 1);
    assert_eq!(shards.relay(shard).await, Ok(1));
    assert_eq!(ground.tell("XLEN {$:3}:outbox").number(), 0);
    assert_eq!(texts(shards.newest(1_000).await.unwrap()), many);
}

pub(super) async fn who_comes_from_a_position_is_told_what_came_after_it(ground: Ground) {
    let (shards, other) = (ground.shards().await, ground.shards().await);
    let start = shards.position().await.unwrap();
    assert_eq!(start.offset, 0);
    assert_eq!(other.position().await, Ok(start));
    for (shard, text) in shards.all().zip(["a", "b", "c", "d"]) {
        change(&shards, shard, &[text]).await;
        shards.relay(shard).await.unwrap();
    }
    assert_eq!(texts(other.news(start, 9).await.unwrap()), ["a", "b", "c", "d"]);
    let two = other.news(start, 2).await.unwrap();
    assert_eq!(texts(other.news(two[1].0, 9).await.unwrap()), ["c", "d"]);
    assert_eq!(other.news(shards.position().await.unwrap(), 9).await, Ok(Vec::new()));
    assert_eq!(texts(other.newest(3).await.unwrap()), ["b", "c", "d"]);
    let long_ago = Position { epoch: 1, offset: 77 };
    assert_eq!(other.news(long_ago, 1).await.unwrap()[0].0, Position { offset: 1, ..start });
}

pub(super) async fn the_feed_keeps_the_newest_and_lets_go_of_the_oldest(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    let start = shards.position().await.unwrap();
    let many = vec!["c"; limits::SHARED_FEED + 1_000];
    let count = many.len() as u64;
    for (some, number) in many.chunks(4_000).zip(0..) {
        let changes = some.iter().map(|&text| text.into()).collect();
        commit(&shards, shard, Write { changes, ..arrival(&format!("user-{number}"), 1) }).await;
    }
    while shards.relay(shard).await.unwrap() > 0 {}
    assert_eq!(shards.position().await.unwrap().offset, start.offset + count);
    let kept = ground.tell("XLEN {$:feed}:stream").number();
    let most = i64::try_from(limits::SHARED_FEED).unwrap();
    assert!((most..most + 200).contains(&kept), "{kept}");
    assert!(shards.news(start, 1).await.unwrap()[0].0.offset > 1);
}

pub(super) async fn an_epoch_is_greater_than_any_that_the_node_has_seen(ground: Ground) {
    let shards = ground.shards().await;
    let far = shards.position().await.unwrap().epoch + 1_000_000_000;
    change(&shards, shard(&shards), &["a"]).await;
    shards.relay(shard(&shards)).await.unwrap();
    // As if Redis' clock had been set back since.
    shards.saw(far);
    let next = shards.position().await.unwrap();
    assert_eq!(next, Position { epoch: far + 1, offset: 0 });
    assert_eq!(shards.position().await, Ok(next));
    change(&shards, shard(&shards), &["b"]).await;
    shards.relay(shard(&shards)).await.unwrap();
    assert_eq!(texts(shards.newest(9).await.unwrap()), ["a", "b"]);
    assert_eq!(shards.newest(1).await.unwrap()[0].0, Position { offset: 1, ..next });
}

pub(super) async fn another_server_begins_another_epoch(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    change(&shards, shard, &["a"]).await;
    shards.relay(shard).await.unwrap();
    let before = shards.position().await.unwrap();
    assert_eq!(before.offset, 1);
    // What is in the feed was written by a process that is not this one.
    ground.tell("HSET {$:feed}:state server 0123456789abcdef");
    change(&shards, shard, &["b"]).await;
    shards.relay(shard).await.unwrap();
    let after = shards.position().await.unwrap();
    assert!(after.epoch > before.epoch && after.offset == 1, "{after:?}");
    assert_eq!(texts(shards.news(before, 9).await.unwrap()), ["b"]);
}

pub(super) async fn nodes_read_one_clock(ground: Ground) {
    let (one, other) = (ground.shards().await, ground.shards().await);
    let (first, second, third) = (one.now().await.unwrap(), other.now().await.unwrap(), one.now().await.unwrap());
    assert!(first <= second && second <= third);
    let epoch = one.position().await.unwrap().epoch;
    assert!(epoch <= first.0 && first.0 - epoch < 600_000, "{epoch} is when this test began");
}

async fn change(shards: &Shards, shard: Shard, texts: &[&str]) {
    let changes = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let who = format!("who changes {}", texts.join(" "));
    let who = who.get(..50).unwrap_or(&who);
    commit(shards, shard, Write { changes, ..arrival(who, 1) }).await;
}

async fn waiting(shards: &Shards, shard: Shard) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut command = redis::cmd("XRANGE");
    command.arg(&shards.keys(shard).outbox).arg("-").arg("+");
    shards.0.line.ask(&command).await.unwrap()
}

fn texts(news: Vec<(Position, Vec<u8>)>) -> Vec<String> {
    news.into_iter().map(|(_, change)| String::from_utf8(change).unwrap()).collect()
}
