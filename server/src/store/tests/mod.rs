//! The contract: what [`Store`] promises, held against every store that there is.

mod chain;
pub(super) mod ground;
mod history;
mod letters;
mod lists;
mod news;
mod nodes;
mod office;
mod punches;
mod removal;
mod retention;
mod sessions;
mod transfer;

use stillhere_engine::{
    page::PageState,
    time::{Millis, Timestamp},
    tracker::{Batch, End, EndReason, SessionRow},
    wire::{ChannelName, PagePath, SessionId, UserId},
};

use super::{Cursor, Store};
use ground::Ground;

/// Each claim as a test on each store. A claim that is forgotten here is dead code, which the compiler tells.
macro_rules! contract {
    ($($topic:ident: $($claim:ident)*;)*) => {
        mod on_sqlite {
            $($(#[tokio::test]
            async fn $claim() {
                super::$topic::$claim(&super::Ground::sqlite()).await;
            })*)*
        }

        mod on_postgres {
            $($(#[tokio::test]
            async fn $claim() {
                super::$topic::$claim(&super::Ground::postgres()).await;
            })*)*
        }
    };
}

contract! {
    sessions:
        a_row_comes_back_as_it_was_written
        an_older_row_never_overwrites_a_newer_one
        an_end_is_extended_and_never_undone
        a_lease_may_shrink_with_a_newer_beat_and_grow_with_a_restart
        a_span_told_again_stays_one_span
        a_batch_is_written_whole_or_not_at_all
        a_batch_may_tell_of_one_thing_more_than_once
        a_restart_reads_back_what_is_open_and_when_it_last_lived
        open_sessions_come_in_pieces_and_each_comes_once
        a_second_server_is_refused_until_the_first_has_gone
        the_order_of_writes_makes_no_difference
        a_session_keeps_the_pages_that_it_was_on_and_each_once;
    lists:
        pages_of_the_list_neither_skip_nor_repeat_while_new_sessions_come_in
        totals_are_over_everything_that_matches
        totals_of_a_list_too_long_to_be_looked_through_are_the_same
        the_list_is_filtered_by_user_channel_page_time_and_end
        a_visit_is_counted_once_ever_and_by_its_newest_day
        who_has_left_lately_comes_once_with_what_was_newest;
    history:
        what_happened_is_told_in_order_and_who_was_there_already_before_it
        a_range_is_spread_over_channels_and_users
        of_one_user_the_sessions_are_told_and_then_the_spans_each_in_order;
    letters:
        letters_wait_for_their_hook_in_their_order_over_a_restart
        a_letter_is_written_with_its_batch_or_not_at_all
        a_letter_that_is_written_twice_is_there_once_even_if_it_was_delivered_meanwhile
        a_letter_that_fails_waits_for_its_next_attempt_or_dies_and_can_be_revived
        beyond_the_most_that_may_wait_the_oldest_die_and_of_the_dead_the_oldest_go
        dead_letters_come_in_pages_newest_first
        who_is_removed_is_in_no_letter_any_more;
    news:
        news_come_back_as_they_were_told_and_in_that_order
        news_are_written_with_their_batch_or_not_at_all
        an_entry_that_is_written_twice_has_its_news_once
        the_log_is_cut_to_the_newest_whatever_has_failed_before;
    office:
        who_works_alone_is_always_in_office;
    chain:
        a_log_that_nobody_has_touched_is_whole_while_the_server_runs
        a_batch_that_is_written_again_adds_no_seal_and_breaks_none
        a_changed_row_is_found
        a_row_that_is_given_to_another_is_found
        a_deleted_row_is_found
        two_rows_that_have_changed_places_are_found
        a_tail_that_was_cut_off_is_found
        a_log_that_was_emptied_is_found
        a_row_that_was_put_in_is_found_and_never_sealed_by_the_server
        a_row_with_the_seal_of_another_is_found
        a_log_that_was_sealed_anew_is_told_by_a_seal_that_was_written_down
        a_log_from_before_there_were_seals_is_sealed_once_by_the_first_start
        a_long_log_is_gone_through_in_pieces_with_each_row_once;
    retention:
        a_session_is_forgotten_with_its_spans_so_long_after_its_end_and_not_after_its_start
        a_visit_is_forgotten_when_nobody_has_come_since_and_is_not_still_there
        what_is_too_old_goes_in_pieces_and_each_is_bounded
        a_log_that_was_cut_at_its_old_end_is_whole_from_there_and_says_so
        a_long_log_is_cut_in_pieces
        a_row_that_somebody_has_put_in_front_is_not_cut_off_but_found;
    removal:
        who_is_removed_is_gone_from_everywhere_and_the_log_is_whole
        removing_somebody_again_removes_what_has_come_since_and_nothing_else
        who_comes_back_after_a_removal_and_a_restart_has_no_gap_in_what_they_are_told
        a_long_history_is_removed_in_pieces
        an_erased_row_can_neither_be_erased_again_nor_changed_nor_given_a_name;
    punches:
        a_stay_begins_and_ends_once_however_often_it_is_written
        a_correction_needs_an_auto_out_and_something_new_to_say
        the_database_itself_refuses_to_change_or_delete_a_punch
        an_open_stay_is_proven_as_far_as_its_ended_sessions_are
        the_log_comes_in_pages_newest_first_and_filtered;
}

#[test]
fn a_cursor_from_outside_is_read_or_refused() {
    for text in ["", "-", "1", "g-1", "-1-1", "1--1", "1-2-3", "ffffffffffffffffff-1"] {
        assert_eq!(Cursor::parse(text), None, "{text}");
    }
}

pub(super) fn row(id: u8, seq: u32) -> SessionRow {
    let at = |ms: u64| Timestamp(1_790_000_000_000 + ms);
    SessionRow {
        session: SessionId([id; 16]),
        user: UserId::parse("zoë \"quoted\" 🫀").unwrap(),
        channel: ChannelName::parse("site").unwrap(),
        page: Some(PagePath::parse("/orders/17").unwrap()),
        state: PageState::Active,
        seq,
        started_at: at(u64::from(id)),
        last_seen_at: at(1_000 * u64::from(seq)),
        last_active_at: at(900 * u64::from(seq)),
        lease_until: at(1_000 * u64::from(seq) + 30_000),
        visible: Millis(10 * u64::from(seq)),
        visible_until: Millis(11 * u64::from(seq)),
        active: Millis(5 * u64::from(seq)),
        recovered: false,
        punch_epoch: None,
        end: None,
    }
}

fn ended(mut row: SessionRow, ms: u64, reason: EndReason) -> SessionRow {
    let ended_at = row.started_at.after(Millis(ms));
    let error_bound = Millis(1_000);
    row.end = Some(End { ended_at, detected_at: ended_at.after(error_bound), reason, error_bound });
    row
}

pub(super) fn batch(sessions: Vec<SessionRow>) -> Batch {
    Batch { sessions, ..Batch::default() }
}

async fn record(store: &dyn Store, rows: &[SessionRow]) {
    store.record(&batch(rows.to_vec()).into()).await.unwrap();
}

async fn stored(store: &dyn Store, id: u8) -> SessionRow {
    store.session(SessionId([id; 16])).await.unwrap().expect("it was written")
}
