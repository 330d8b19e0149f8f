//! The contract: what is promised of who is here, held against one server, and against two nodes that share a Redis or a
//! cluster. Everything is asked of the next one in turn, so that no two requests in a row reach the same node.

mod ground;
mod lasting;
mod live;
mod operation;
mod shared;

use ground::Ground;

/// Each claim as a test on each kind. A claim that is forgotten here is dead code, which the compiler tells.
macro_rules! contract {
    ($($topic:ident: $($claim:ident)*;)*) => {
        mod by_one_server {
            $($(#[tokio::test]
            async fn $claim() {
                super::$topic::$claim(super::Ground::local()).await;
            })*)*
        }

        mod by_nodes_on_a_redis {
            $($(#[tokio::test]
            async fn $claim() {
                super::$topic::$claim(super::Ground::nodes(false)).await;
            })*)*
        }

        mod by_nodes_on_a_cluster {
            $($(#[tokio::test]
            async fn $claim() {
                super::$topic::$claim(super::Ground::nodes(true)).await;
            })*)*
        }
    };
}

contract! {
    live:
        who_comes_moves_and_goes_is_told_once_and_in_order
        closing_one_of_two_tabs_keeps_the_user_in
        silence_ends_a_session_once
        who_comes_back_to_the_feed_is_told_what_they_missed
        everybody_is_listed_with_when_they_were_seen_last
        a_session_of_another_is_out_of_reach;
    lasting:
        a_session_is_on_disk_before_its_first_beat_is_answered
        a_store_that_is_down_refuses_who_is_new_and_keeps_who_is_known
        a_punch_is_on_disk_before_anybody_hears_of_it_and_the_last_silence_punches_out_once
        a_beat_after_the_end_is_told_so
        what_can_wait_is_told_as_kept_by_a_later_answer;
    operation:
        who_is_removed_leaves_nothing_behind_and_comes_back_as_somebody_new
        a_removal_that_the_store_does_not_take_can_be_asked_for_again
        a_sweep_that_finds_nothing_says_so
        it_is_ready_as_long_as_it_can_write;
}
