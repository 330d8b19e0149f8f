//! The contract: what the layer promises, held against one server and against a cluster of three.

mod feed;
mod ground;
mod outages;
mod records;

use stillhere_engine::{time::Timestamp, wire::UserId};

use super::{Kept, Outcome, Shard, Shards, Tag, Write};
use ground::Ground;

/// Each claim as a test on each kind. A claim that is forgotten here is dead code, which the compiler tells.
macro_rules! contract {
    ($($topic:ident: $($claim:ident)*;)*) => {
        mod on_one {
            $($(#[tokio::test]
            async fn $claim() {
                super::$topic::$claim(super::Ground::one()).await;
            })*)*
        }

        mod on_cluster {
            $($(#[tokio::test]
            async fn $claim() {
                super::$topic::$claim(super::Ground::cluster()).await;
            })*)*
        }
    };
}

contract! {
    records:
        of_two_who_write_after_the_same_reading_one_wins_and_the_other_is_told_what_is_there
        a_write_that_comes_too_late_leaves_record_lease_and_outbox_alone
        a_write_whose_lease_cannot_be_kept_writes_no_record_either
        each_write_of_a_call_stands_for_itself
        a_write_that_comes_twice_is_written_once
        who_is_removed_is_gone_with_their_lease
        who_is_due_is_handed_out_once_the_longest_waiting_first
        a_time_in_which_nobody_looked_is_told_to_whoever_looks_from_then_on
        a_lease_without_a_record_goes_and_a_record_without_a_lease_is_never_due
        everybody_is_read_in_pieces
        a_record_comes_back_byte_for_byte
        a_shard_is_built_when_nobody_else_has_begun_since
        what_another_program_has_written_is_strange
        who_counts_shards_otherwise_is_kept_out
        an_outbox_that_nobody_relays_is_full_in_the_end;
    feed:
        each_change_is_in_the_feed_once_and_in_its_order_whoever_relays
        a_relayer_that_comes_late_moves_nothing_again
        what_was_relayed_leaves_the_outbox_and_what_was_not_stays
        who_comes_from_a_position_is_told_what_came_after_it
        the_feed_keeps_the_newest_and_lets_go_of_the_oldest
        an_epoch_is_greater_than_any_that_the_node_has_seen
        another_server_begins_another_epoch
        nodes_read_one_clock;
    outages:
        a_redis_that_does_not_answer_is_slow_and_serves_again_when_it_does
        a_full_redis_writes_nothing_and_still_lets_people_go
        a_redis_that_throws_people_out_when_it_is_full_is_refused
        a_redis_that_has_forgotten_the_scripts_is_told_them
        a_redis_that_has_forgotten_everything_begins_a_greater_epoch_and_has_no_shard_that_is_built;
}

#[tokio::test]
async fn a_user_is_in_the_same_shard_for_every_version() {
    let shards = Ground::one().shards().await;
    let of = |text: &str| shards.of(&user(text)).0;
    // Whoever changes one of these numbers divides the nodes that run from those that start.
    assert_eq!(["1", "2", "ann@example.com", "zoë \"quoted\" 🫀"].map(of), [0, 9, 12, 7]);
    let mut people = [0; 16];
    (0..16_000).for_each(|number| people[usize::from(of(&format!("user-{number}")))] += 1);
    assert!(people.iter().all(|count| (800..1_200).contains(count)), "{people:?}");
}

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn kept(text: &str) -> Kept {
    Kept { tag: Tag::by_chance(), record: text.into() }
}

/// Somebody who was not there, whose next is due at this moment, and who has changed.
fn arrival(who: &str, due: u64) -> Write {
    Write {
        user: user(who),
        before: None,
        after: Some(kept(who)),
        due: Some(Timestamp(due)),
        changes: vec![who.into()],
    }
}

/// The same, to be written over `before`.
fn over(before: &Kept, mut write: Write) -> Write {
    write.before = Some(before.tag);
    write
}

async fn commit(shards: &Shards, shard: Shard, write: Write) -> Outcome {
    let mut outcomes = shards.commit(shard, vec![write]).await.unwrap();
    outcomes.pop().unwrap()
}

async fn load(shards: &Shards, shard: Shard, who: &str) -> Option<Kept> {
    shards.load(shard, &[user(who)]).await.unwrap().pop().unwrap()
}

fn shard(shards: &Shards) -> Shard {
    shards.all().nth(3).unwrap()
}
