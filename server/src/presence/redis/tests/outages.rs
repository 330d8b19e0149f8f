//! What a Redis that is not well does to whoever needs it.

use stillhere_engine::time::Timestamp;
use stillhere_test_redis::{Cluster, PASSWORD, Redis, Reply, Watched};
use tokio::time::timeout;

use super::{Ground, arrival, commit, ground::settings, load, over, shard};
use crate::{
    limits,
    presence::redis::{Outcome, RedisError, Shards, Write},
};

pub(super) async fn a_redis_that_does_not_answer_is_slow_and_serves_again_when_it_does(ground: Ground) {
    let mut ground = ground.alone();
    let shards = ground.shards().await;
    let shard = shard(&shards);
    ground.each(Redis::pause);
    let write = arrival("ann", 5);
    let commit_in_vain = shards.commit(shard, vec![write.clone()]);
    assert_eq!(timeout(limits::REDIS_WITHIN * 2, commit_in_vain).await, Ok(Err(RedisError::Slow)));
    assert_eq!(shards.position().await, Err(RedisError::Slow));
    ground.each(Redis::resume);
    // It may have been done or not; to do it again does no harm.
    assert_eq!(commit(&shards, shard, write).await, Outcome::Written);
    assert_eq!(ground.tell("XLEN {$:3}:outbox").number(), 1);
}

pub(super) async fn a_full_redis_writes_nothing_and_still_lets_people_go(ground: Ground) {
    let mut ground = ground.alone();
    let shards = ground.shards().await;
    let shard = shard(&shards);
    let ann = arrival("ann", 5);
    commit(&shards, shard, ann.clone()).await;
    ground.each(|redis| redis.fill());
    assert_eq!(shards.commit(shard, vec![arrival("bob", 5), arrival("cleo", 5)]).await, Err(RedisError::Full));
    assert_eq!(shards.relay(shard).await, Err(RedisError::Full));
    assert!(shards.position().await.is_ok());
    let due = shards.due(shard, Timestamp(9), Timestamp(20), 9).await;
    assert_eq!(due, Err(RedisError::Full), "whoever cannot be heard is not judged");
    let known = load(&shards, shard, "ann").await.unwrap();
    let removal = Write { after: None, due: None, ..over(&known, ann) };
    assert_eq!(commit(&shards, shard, removal).await, Outcome::Written);
    assert_eq!(ground.tell("EXISTS {$:3}:users {$:3}:leases").number(), 0);
    ground.each(|redis| redis.empty_out());
    assert_eq!(shards.relay(shard).await, Ok(2));
    assert_eq!(commit(&shards, shard, arrival("bob", 5)).await, Outcome::Written);
}

pub(super) async fn a_redis_that_throws_people_out_when_it_is_full_is_refused(ground: Ground) {
    let mut ground = ground.alone();
    for (policy, is_taken) in [("allkeys-lru", false), ("volatile-ttl", true), ("noeviction", true)] {
        ground.each(|redis| {
            redis.tell(&["CONFIG", "SET", "maxmemory", "100mb"]);
            redis.tell(&["CONFIG", "SET", "maxmemory-policy", policy]);
        });
        match ground.open(None).await {
            Ok(_) => assert!(is_taken, "{policy}"),
            Err(why) => assert!(!is_taken && why.to_string().contains("maxmemory-policy noeviction"), "{why}"),
        }
    }
}

pub(super) async fn a_redis_that_has_forgotten_the_scripts_is_told_them(ground: Ground) {
    let mut ground = ground.alone();
    let shards = ground.shards().await;
    let shard = shard(&shards);
    for round in 0..2 {
        assert_eq!(commit(&shards, shard, arrival(&format!("user-{round}"), 5)).await, Outcome::Written);
        assert_eq!(shards.relay(shard).await, Ok(1));
        assert_eq!(shards.due(shard, Timestamp(9), Timestamp(9), 9).await.unwrap().people.len(), round + 1);
        ground.each(|redis| assert_eq!(redis.tell(&["SCRIPT", "FLUSH"]), Reply::Text("OK".into())));
    }
}

pub(super) async fn a_redis_that_has_forgotten_everything_begins_a_greater_epoch_and_has_no_shard_that_is_built(
    ground: Ground,
) {
    let mut ground = ground.alone();
    let shards = ground.shards().await;
    let shard = shard(&shards);
    let before = shards.position().await.unwrap();
    let attempt = shards.build(shard).await.unwrap();
    assert_eq!(shards.set_built(shard, attempt).await, Ok(true));
    ground.each(|redis| drop(redis.tell(&["FLUSHALL"])));
    assert_eq!(shards.is_built(shard).await, Ok(false));
    let after = shards.position().await.unwrap();
    assert!(after.epoch > before.epoch && after.offset == 0, "{after:?}");
}

#[tokio::test]
async fn a_redis_that_is_gone_is_unreachable_and_serves_again_when_it_is_back() {
    let mut redis = Redis::start();
    let shards = Shards::open(&settings(&redis.url(), "p", None)).await.unwrap();
    let before = shards.position().await.unwrap();
    redis.kill();
    for _ in 0..2 {
        let why = shards.commit(shard(&shards), vec![arrival("ann", 5)]).await.unwrap_err();
        assert!(matches!(why, RedisError::Unreachable(_)), "{why:?}");
    }
    let nobody = Shards::open(&settings(&redis.url(), "p", None)).await.err().unwrap();
    assert_eq!(nobody.to_string(), "Redis cannot be reached: nobody listens there");
    redis.start_again();
    assert_eq!(commit(&shards, shard(&shards), arrival("ann", 5)).await, Outcome::Written);
    assert!(shards.position().await.unwrap().epoch > before.epoch);
}

#[tokio::test]
async fn a_sentinel_says_who_serves_after_a_failover() {
    let mut watched = Watched::start();
    let shards = Shards::open(&settings(&watched.url(), "p", None)).await.unwrap();
    commit(&shards, shard(&shards), arrival("ann", 5)).await;
    watched.wait_for_replica();
    let before = shards.position().await.unwrap();
    watched.fail_over();
    let why = shards.now().await.unwrap_err();
    assert!(matches!(why, RedisError::Unreachable(_)), "{why:?}");
    assert!(load(&shards, shard(&shards), "ann").await.is_some());
    assert_eq!(commit(&shards, shard(&shards), arrival("bob", 5)).await, Outcome::Written);
    assert!(shards.position().await.unwrap().epoch > before.epoch);
}

#[tokio::test]
async fn a_cluster_goes_on_after_a_failover() {
    let mut cluster = Cluster::start(3).with_replicas();
    let shards = Shards::open(&settings(&cluster.url(), "p", None)).await.unwrap();
    let before = shards.position().await.unwrap();
    for shard in shards.all() {
        assert_eq!(commit(&shards, shard, arrival("ann", 5)).await, Outcome::Written);
    }
    cluster.wait_for_replicas();
    cluster.fail_over(0);
    for shard in shards.all() {
        assert!(load(&shards, shard, "ann").await.is_some(), "{shard:?}");
        assert_eq!(commit(&shards, shard, arrival("bob", 5)).await, Outcome::Written);
        assert_eq!(shards.relay(shard).await, Ok(2));
    }
    assert!(shards.position().await.unwrap() > before);
}

#[tokio::test]
async fn who_has_no_right_to_come_is_told_so_and_the_password_is_in_no_error() {
    let redis = Redis::start();
    let wrong = redis.url().replace(PASSWORD, "no-such-password-77");
    let none = redis.url().replace(&format!(":{PASSWORD}@"), "");
    for url in [wrong, none] {
        let why = Shards::open(&settings(&url, "p", None)).await.err().unwrap();
        assert_eq!(why, RedisError::Denied);
        assert!(!format!("{why:?} {why}").contains("password-77"));
    }
    redis.tell(&["ACL", "SETUSER", "limited", "on", &format!(">{PASSWORD}"), "~*", "+@all", "-eval", "-evalsha"]);
    let limited = redis.url().replace("://:", "://limited:");
    assert_eq!(Shards::open(&settings(&limited, "p", None)).await.err(), Some(RedisError::Denied));
}
