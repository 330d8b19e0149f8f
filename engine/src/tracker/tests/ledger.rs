//! What is written when, and who hears of it.

use alloc::{collections::BTreeSet, vec::Vec};

use crate::{
    limits,
    page::PageState,
    time::{Millis, Timestamp},
    tracker::{
        api::Ticket,
        ledger::Ledger,
        records::{Batch, End, EndReason, SessionRow, VisitRow},
    },
    wire::{ChannelName, SessionId, UserId},
};

fn ended(session: u8, ended_at: u64) -> SessionRow {
    let at = Timestamp(0);
    let end =
        End { ended_at: Timestamp(ended_at), detected_at: at, reason: EndReason::Timeout, error_bound: Millis::ZERO };
    SessionRow {
        session: SessionId([session; 16]),
        user: UserId::parse("ann").expect("a name"),
        channel: ChannelName::default(),
        page: None,
        state: PageState::Hidden,
        seq: 1,
        started_at: at,
        last_seen_at: at,
        last_active_at: at,
        lease_until: at,
        visible: Millis::ZERO,
        visible_until: Millis::ZERO,
        active: Millis::ZERO,
        recovered: false,
        punch_epoch: None,
        end: Some(end),
    }
}

#[test]
fn an_end_that_is_corrected_while_it_is_being_written_is_written_again() {
    let mut ledger = Ledger::new(Timestamp(0));
    ledger.note_end(ended(1, 5));
    let first = ledger.take_batch(Timestamp(0), |_| None).expect("due");
    ledger.note_later_end(ended(1, 9));
    assert!(ledger.take_batch(Timestamp(0), |_| None).is_none(), "one batch at a time");
    ledger.recorded(Timestamp(0));
    let second = ledger.take_batch(Timestamp(0), |_| None).expect("due");
    assert_eq!((first.sessions, second.sessions), (Vec::from([ended(1, 5)]), Vec::from([ended(1, 9)])));
    assert_eq!((first.new_ends, second.new_ends), (1, 0), "it is the same end");
    ledger.recorded(Timestamp(0));
    assert_eq!(ledger.ended(&SessionId([1; 16])), Some(&ended(1, 9)), "an answer from the store may be older");
    let later = Timestamp(limits::LOOKED_UP_WITHIN.0 + 1);
    ledger.take_batch(Timestamp(limits::ALIVE_EVERY.0), |_| None).expect("due");
    ledger.recorded(later);
    assert!(ledger.ended(&SessionId([1; 16])).is_none());
}

fn id(number: u64) -> SessionId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_le_bytes());
    SessionId(id)
}

#[test]
fn leases_that_end_together_are_written_in_pieces_and_whoever_waits_is_in_the_next_one() {
    let mut ledger = Ledger::new(Timestamp(0));
    let last = 2 * limits::LAPSED_ROWS as u64;
    (0..=last).for_each(|number| ledger.note_lapse(SessionRow { session: id(number), ..ended(0, 5) }, None));
    ledger.hasten(id(last));
    ledger.settle(Ticket(1));
    for size in [limits::LAPSED_ROWS + 1, limits::LAPSED_ROWS, 0] {
        let batch = ledger.take_batch(Timestamp(0), |_| None).expect("due");
        assert_eq!((batch.sessions.len(), batch.new_ends), (size, size), "each is counted once");
        let has_hastened = batch.sessions.iter().any(|row| row.session == id(last));
        assert_eq!(has_hastened, size > limits::LAPSED_ROWS);
        let settled = ledger.recorded(Timestamp(0)).held.len();
        assert_eq!(settled, usize::from(size == 0), "all of it is on disk");
    }
}

#[test]
fn a_visit_is_written_with_the_end_of_the_lease_that_ended_it_and_once() {
    let mut ledger = Ledger::new(Timestamp(0));
    let ends = 2 * limits::LAPSED_ROWS as u64;
    for number in 0..ends {
        let row = SessionRow { session: id(number), ..ended(0, 5) };
        let visit = VisitRow { channel: row.channel.clone(), user: row.user.clone(), at: Timestamp(number) };
        ledger.note_lapse(row, Some(visit));
    }
    // Where they lie in the batch says nothing.
    let visits = |batch: &Batch| BTreeSet::from_iter(batch.visits.iter().map(|visit| visit.at.0));
    let first = ledger.take_batch(Timestamp(0), |_| None).expect("due");
    assert!(visits(&first) == (0..ends / 2).collect(), "those of its ends");
    assert!(visits(&ledger.unwritten(Some(&first))) == (0..ends).collect(), "whoever goes on with it has all of them");
    ledger.note_later_end(SessionRow { session: id(ends - 1), ..ended(0, 9) });
    ledger.failed(first, Timestamp(0));
    let again = ledger.take_batch(Timestamp(limits::STORE_RETRY.0), |_| None).expect("due");
    assert!(visits(&again) == (0..ends).collect(), "a visit is lost when its end is corrected or its batch fails");
    assert_eq!(again.visits.len() as u64, ends, "each once");
    ledger.recorded(Timestamp(0));
    assert_eq!(ledger.unwritten(None), Batch::default());
}

#[test]
fn a_checkpoint_comes_after_a_second_or_as_soon_as_many_wait_for_it() {
    let mut ledger = Ledger::new(Timestamp(0));
    ledger.take_batch(Timestamp(0), |_| None).expect("the first sign of life");
    ledger.recorded(Timestamp(0));
    ledger.note(0, Timestamp(5));
    assert_eq!(ledger.due_at(), Timestamp(5).after(limits::CHECKPOINT_EVERY));
    (1..limits::CHECKPOINT_ROWS as u32).for_each(|place| ledger.note(place, Timestamp(7)));
    assert_eq!(ledger.due_at(), Timestamp(7));
}

#[test]
fn a_batch_that_failed_is_written_again_and_its_ends_are_counted_once() {
    let mut ledger = Ledger::new(Timestamp(0));
    ledger.note_lapse(ended(1, 5), None);
    let batch = ledger.take_batch(Timestamp(0), |_| None).expect("due");
    assert_eq!(batch.new_ends, 1);
    ledger.failed(batch, Timestamp(0));
    ledger.note_lapse(ended(2, 6), None);
    let batch = ledger.take_batch(Timestamp(limits::STORE_RETRY.0), |_| None).expect("due");
    assert_eq!((batch.sessions, batch.new_ends), (Vec::from([ended(1, 5), ended(2, 6)]), 1));
}
