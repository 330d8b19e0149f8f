//! What is kept of users.

use std::collections::BTreeSet;

use stillhere_engine::time::{Millis, Timestamp};

use super::{Ground, arrival, commit, kept, load, over, shard, user};
use crate::{
    limits,
    presence::redis::{Cursor, Due, Outcome, RedisError, Shards, Write},
};

pub(super) async fn of_two_who_write_after_the_same_reading_one_wins_and_the_other_is_told_what_is_there(
    ground: Ground,
) {
    let (one, other) = (ground.shards().await, ground.shards().await);
    let shard = shard(&one);
    let first = kept("first");
    commit(&one, shard, Write { after: Some(first.clone()), ..arrival("ann", 5) }).await;
    let (mine, theirs) = (over(&first, arrival("ann", 6)), over(&first, arrival("ann", 7)));
    let (my_record, their_record) = (mine.after.clone(), theirs.after.clone());
    let outcomes = tokio::join!(commit(&one, shard, mine), commit(&other, shard, theirs));
    let winner = match outcomes {
        (Outcome::Written, Outcome::Changed(there)) => {
            assert_eq!(there, my_record);
            my_record
        }
        (Outcome::Changed(there), Outcome::Written) => {
            assert_eq!(there, their_record);
            their_record
        }
        neither => panic!("{neither:?}"),
    };
    assert_eq!(load(&one, shard, "ann").await, winner);
}

pub(super) async fn a_write_that_comes_too_late_leaves_record_lease_and_outbox_alone(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    let first = arrival("ann", 5);
    let there = first.after.clone();
    commit(&shards, shard, first).await;
    let removal = Write { after: None, due: None, ..over(&kept("another"), arrival("ann", 0)) };
    for late in [arrival("ann", 9), over(&kept("another"), arrival("ann", 9)), removal] {
        assert_eq!(commit(&shards, shard, late).await, Outcome::Changed(there.clone()));
    }
    assert_eq!(load(&shards, shard, "ann").await, there);
    assert_eq!(ground.tell("ZSCORE {$:3}:leases ann").text(), "5");
    assert_eq!(ground.tell("XLEN {$:3}:outbox").number(), 1);
    // Who is not there cannot have been changed.
    let late = over(&kept("another"), arrival("bob", 9));
    assert_eq!(commit(&shards, shard, late).await, Outcome::Changed(None));
}

pub(super) async fn a_write_whose_lease_cannot_be_kept_writes_no_record_either(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    for key in ["leases", "outbox"] {
        ground.tell(&format!("SET {{$:3}}:{key} of-another-kind"));
        let refused = shards.commit(shard, vec![arrival("ann", 5)]).await;
        assert!(matches!(refused, Err(RedisError::Strange(_))), "{refused:?}");
        assert_eq!(load(&shards, shard, "ann").await, None, "without {key}");
        ground.tell(&format!("DEL {{$:3}}:{key}"));
    }
    assert_eq!(commit(&shards, shard, arrival("ann", 5)).await, Outcome::Written);
}

pub(super) async fn each_write_of_a_call_stands_for_itself(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    let ann = arrival("ann", 1);
    let there = ann.after.clone();
    commit(&shards, shard, ann).await;
    let silent = Write { changes: Vec::new(), due: None, ..arrival("cleo", 0) };
    let loud = Write { changes: vec![b"1".to_vec(), b"2".to_vec()], ..arrival("dan", 4) };
    let outcomes = shards.commit(shard, vec![arrival("bob", 2), arrival("ann", 3), silent, loud]).await.unwrap();
    assert_eq!(outcomes, [Outcome::Written, Outcome::Changed(there), Outcome::Written, Outcome::Written]);
    assert_eq!(ground.tell("XLEN {$:3}:outbox").number(), 4);
    assert_eq!(ground.tell("ZCARD {$:3}:leases").number(), 3);
    assert_eq!(shards.commit(shard, Vec::new()).await, Ok(Vec::new()));
}

pub(super) async fn a_write_that_comes_twice_is_written_once(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    let write = arrival("ann", 5);
    for _ in 0..3 {
        assert_eq!(commit(&shards, shard, write.clone()).await, Outcome::Written);
    }
    assert_eq!(ground.tell("XLEN {$:3}:outbox").number(), 1);
    let removal = Write { after: None, due: None, ..over(&write.after.clone().unwrap(), write) };
    assert_eq!(commit(&shards, shard, removal.clone()).await, Outcome::Written);
    assert_eq!(commit(&shards, shard, removal).await, Outcome::Changed(None));
    assert_eq!(ground.tell("XLEN {$:3}:outbox").number(), 2);
}

pub(super) async fn who_is_removed_is_gone_with_their_lease(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    let write = arrival("ann", 5);
    let there = write.after.clone().unwrap();
    commit(&shards, shard, write.clone()).await;
    let removal = Write { after: None, due: None, ..over(&there, write) };
    assert_eq!(commit(&shards, shard, removal).await, Outcome::Written);
    assert_eq!(load(&shards, shard, "ann").await, None);
    assert_eq!(ground.tell("EXISTS {$:3}:leases {$:3}:users").number(), 0);
    assert_eq!(commit(&shards, shard, arrival("ann", 6)).await, Outcome::Written);
}

pub(super) async fn who_is_due_is_handed_out_once_the_longest_waiting_first(ground: Ground) {
    let (one, other) = (ground.shards().await, ground.shards().await);
    let shard = shard(&one);
    let people = [("late", 30), ("first", 10), ("second", 20), ("third", 25)];
    one.commit(shard, people.map(|(who, due)| arrival(who, due)).to_vec()).await.unwrap();
    let (now, again_at) = (Timestamp(29), Timestamp(100));
    assert_eq!(names(one.due(shard, now, again_at, 2).await.unwrap()), ["first", "second"]);
    assert_eq!(names(other.due(shard, now, again_at, 2).await.unwrap()), ["third"]);
    assert_eq!(names(one.due(shard, now, again_at, 2).await.unwrap()), [""; 0]);
    // Whoever was handed them has not written.
    assert_eq!(names(one.due(shard, again_at, Timestamp(200), 9).await.unwrap()), ["late", "first", "second", "third"]);
    // Both ask for the same people at once.
    let (mine, theirs) = tokio::join!(
        one.due(shard, Timestamp(200), Timestamp(300), 3),
        other.due(shard, Timestamp(200), Timestamp(300), 3)
    );
    let mut all = [names(mine.unwrap()), names(theirs.unwrap())].concat();
    all.sort();
    assert_eq!(all, ["first", "late", "second", "third"]);
}

/// Who they are; each record is its user's name.
fn names(due: Due) -> Vec<String> {
    due.people.iter().for_each(|(user, kept)| assert_eq!(kept.record, user.as_str().as_bytes()));
    due.people.into_iter().map(|(user, _)| user.as_str().to_owned()).collect()
}

pub(super) async fn a_time_in_which_nobody_looked_is_told_to_whoever_looks_from_then_on(ground: Ground) {
    let (one, other) = (ground.shards().await, ground.shards().await);
    let shard = shard(&one);
    let look = async |shards: &Shards| shards.due(shard, Timestamp(9), Timestamp(9), 9).await.unwrap().outage;
    // As if whoever looked last had done so then.
    let last = |at: Timestamp| ground.tell(&format!("HSET {{$:3}}:watch alive {}", at.0)).number();
    assert_eq!(look(&one).await, None, "nobody was there before");
    assert_eq!(look(&other).await, None);
    let lately = one.now().await.unwrap().before(limits::UNWATCHED.minus(Millis(500)));
    last(lately);
    assert_eq!(look(&one).await, None, "so long is no outage");
    let long_ago = one.now().await.unwrap().before(Millis::minutes(5));
    last(long_ago);
    let outage = look(&one).await.expect("an outage");
    assert_eq!(outage.since, long_ago);
    assert!(outage.until <= one.now().await.unwrap() && outage.until.since(long_ago) >= Millis::minutes(5));
    for _ in 0..3 {
        assert_eq!(look(&other).await, Some(outage), "whoever looks is told");
    }
}

pub(super) async fn a_lease_without_a_record_goes_and_a_record_without_a_lease_is_never_due(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    ground.tell("ZADD {$:3}:leases 1 nobody");
    commit(&shards, shard, Write { due: None, ..arrival("ann", 0) }).await;
    assert_eq!(shards.due(shard, Timestamp(50), Timestamp(90), 9).await, Ok(Due::default()));
    assert_eq!(ground.tell("EXISTS {$:3}:leases").number(), 0);
    assert!(load(&shards, shard, "ann").await.is_some());
}

pub(super) async fn everybody_is_read_in_pieces(ground: Ground) {
    const PEOPLE: usize = 3 * limits::USERS_AT_ONCE;
    let shards = ground.shards().await;
    let shard = shard(&shards);
    for some in (0..PEOPLE).collect::<Vec<_>>().chunks(500) {
        let writes = some.iter().map(|number| arrival(&format!("user-{number}"), 1)).collect();
        shards.commit(shard, writes).await.unwrap();
    }
    let (mut found, mut pieces) = (BTreeSet::new(), 0);
    let mut from = Some(Cursor::START);
    while let Some(cursor) = from {
        let (users, next) = shards.users(shard, cursor).await.unwrap();
        assert!(users.len() < 2 * limits::USERS_AT_ONCE);
        for (user, kept) in users {
            assert_eq!(kept.record, user.as_str().as_bytes());
            found.insert(user);
        }
        (from, pieces) = (next, pieces + 1);
    }
    assert_eq!(found.len(), PEOPLE);
    assert!(pieces >= 3, "{pieces}");
}

pub(super) async fn a_record_comes_back_byte_for_byte(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    let name = "zoë \"quoted\" 🫀\u{20}";
    for record in [Vec::new(), (0..=255).collect(), b"\r\n$-1\r\n*0\r\n".to_vec()] {
        let before = load(&shards, shard, name).await.map(|kept| kept.tag);
        let mut write = Write { before, ..arrival(name, 5) };
        write.changes = vec![record.clone()];
        write.after.as_mut().unwrap().record = record;
        let there = write.after.clone();
        assert_eq!(commit(&shards, shard, write).await, Outcome::Written);
        assert_eq!(load(&shards, shard, name).await, there);
    }
    let found = shards.load(shard, &[user("nobody"), user(name)]).await.unwrap();
    assert!(matches!(found.as_slice(), [None, Some(_)]));
    assert_eq!(shards.load(shard, &[]).await, Ok(Vec::new()));
}

pub(super) async fn a_shard_is_built_when_nobody_else_has_begun_since(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    assert_eq!(shards.is_built(shard).await, Ok(false));
    let first = shards.build(shard).await.unwrap();
    let second = shards.build(shard).await.unwrap();
    assert_eq!(shards.is_built(shard).await, Ok(false));
    assert_eq!(shards.set_built(shard, first).await, Ok(false));
    assert_eq!(shards.is_built(shard).await, Ok(false));
    assert_eq!(shards.set_built(shard, second).await, Ok(true));
    assert_eq!(shards.is_built(shard).await, Ok(true));
    // Forgotten while it was put together.
    let third = shards.build(shard).await.unwrap();
    ground.tell("DEL {$:3}:built");
    assert_eq!(shards.set_built(shard, third).await, Ok(false));
}

pub(super) async fn what_another_program_has_written_is_strange(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    let is_strange = |why: RedisError| matches!(why, RedisError::Strange(_));
    ground.tell("HSET {$:3}:users ann short");
    assert!(is_strange(shards.load(shard, &[user("ann")]).await.unwrap_err()));
    assert!(is_strange(shards.commit(shard, vec![arrival("ann", 1)]).await.unwrap_err()));
    ground.tell("HSET {$:3}:users ann \u{7}long-enough");
    ground.tell("HSET {$:4}:users \u{7} long-enough");
    assert!(is_strange(shards.users(shards.all().nth(4).unwrap(), Cursor::START).await.unwrap_err()));
    ground.tell("XADD {$:3}:outbox * another field");
    assert!(is_strange(shards.relay(shard).await.unwrap_err()));
    ground.tell("SET {$:5}:users of-another-kind");
    assert!(is_strange(shards.load(shards.all().nth(5).unwrap(), &[user("ann")]).await.unwrap_err()));
}

pub(super) async fn who_counts_shards_otherwise_is_kept_out(ground: Ground) {
    let sixteen = ground.shards().await;
    let refused = ground.open(Some(17)).await.err();
    assert_eq!(refused, Some(RedisError::Strange("1 of 16".into())));
    assert!(refused.unwrap().to_string().contains("`redis_shards`"));
    assert!(ground.open(Some(16)).await.is_ok());
    assert!(sixteen.position().await.is_ok());
}

pub(super) async fn an_outbox_that_nobody_relays_is_full_in_the_end(ground: Ground) {
    let shards = ground.shards().await;
    let shard = shard(&shards);
    // In pieces: other tests' commands wait for each.
    for number in 0..=limits::OUTBOX / 5_000 {
        let changes = vec![b"c".to_vec(); 5_000];
        let write = Write { changes, ..arrival(&format!("user-{number}"), 1) };
        assert_eq!(commit(&shards, shard, write).await, Outcome::Written);
    }
    assert_eq!(shards.commit(shard, vec![arrival("bob", 1)]).await, Err(RedisError::Full));
    assert_eq!(load(&shards, shard, "bob").await, None);
    for _ in 0..5_000_usize.div_ceil(limits::RELAYED_AT_ONCE) {
        assert_eq!(shards.relay(shard).await, Ok(limits::RELAYED_AT_ONCE));
    }
    assert_eq!(commit(&shards, shard, arrival("bob", 1)).await, Outcome::Written);
}
