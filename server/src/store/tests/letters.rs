//! The outbox of the webhooks.

use super::*;
use crate::store::{DeadLetter, Due, Entry, Fate, Letter, LetterCount, Waiting};

pub(super) fn letter(hook: &str, number: u64) -> Letter {
    Letter {
        message: format!("msg_{hook}_{number}"),
        hook: hook.into(),
        event: "presence.join".into(),
        user: Some(UserId::parse("zoë \"quoted\" 🫀").unwrap()),
        body: format!("{{\"data\":\"zoë \\\"{number}\\\" 🫀\"}}"),
        made_at: Timestamp(number),
    }
}

pub(super) fn entry(letters: impl IntoIterator<Item = Letter>) -> Entry {
    Entry { letters: letters.into_iter().collect(), ..Entry::default() }
}

async fn write(store: &dyn Store, letters: impl IntoIterator<Item = Letter>) {
    store.record(&entry(letters)).await.unwrap();
}

async fn due(store: &dyn Store, hook: &str, now: u64) -> Due {
    store.outbox().due(hook, Timestamp(now), 100).await.unwrap()
}

/// The bare letters that are due.
async fn due_letters(store: &dyn Store, hook: &str, now: u64) -> Vec<Letter> {
    due(store, hook, now).await.letters.into_iter().map(|waiting| waiting.letter).collect()
}

async fn count(store: &dyn Store, hook: &str) -> (u64, u64) {
    let LetterCount { waiting, dead } = store.outbox().count(hook).await.unwrap();
    (waiting, dead)
}

async fn dead(store: &dyn Store, hook: &str) -> Vec<DeadLetter> {
    store.outbox().dead(hook, None, 100).await.unwrap().rows
}

pub(super) async fn letters_wait_for_their_hook_in_their_order_over_a_restart(ground: &Ground) {
    let store = ground.store().await;
    let nobodys = Letter { user: None, ..letter("pay", 3) };
    write(&*store, [letter("pay", 2), letter("chat", 1), nobodys.clone(), letter("pay", 1)]).await;
    store.close().await.unwrap();
    drop(store);
    let store = &*ground.store().await;
    assert_eq!(due_letters(store, "pay", 3).await, [letter("pay", 1), letter("pay", 2), nobodys]);
    assert_eq!(due_letters(store, "pay", 1).await, [letter("pay", 1)], "the others are not due yet");
    assert_eq!(due_letters(store, "nobody", 9).await, []);
    assert_eq!(due(store, "pay", 0).await, Due { letters: Vec::new(), next_at: Some(Timestamp(1)) });
    let first = store.outbox().due("pay", Timestamp(9), 1).await.unwrap();
    assert_eq!(first.letters.len(), 1, "and not more than asked for");
}

pub(super) async fn a_letter_is_written_with_its_batch_or_not_at_all(ground: &Ground) {
    let store = &*ground.store().await;
    ground.break_letters().await;
    let both = Entry { batch: batch(vec![row(1, 1)]), letters: vec![letter("pay", 1)], ..Entry::default() };
    let refusal = store.record(&both).await.unwrap_err().to_string();
    assert!(refusal.contains("disk full"), "{refusal}");
    assert_eq!(store.session(SessionId([1; 16])).await.unwrap(), None);
    assert_eq!(count(store, "pay").await, (0, 0));
}

pub(super) async fn a_letter_that_is_written_twice_is_there_once_even_if_it_was_delivered_meanwhile(ground: &Ground) {
    let store = &*ground.store().await;
    let twice = || entry([letter("pay", 1), letter("pay", 1), letter("chat", 1)]);
    store.record(&twice()).await.unwrap();
    store.record(&twice()).await.unwrap();
    assert_eq!((count(store, "pay").await, count(store, "chat").await), ((1, 0), (1, 0)));
    let id = due(store, "pay", 1).await.letters[0].id;
    store.outbox().sent(&[id], Timestamp(2)).await.unwrap();
    store.record(&twice()).await.unwrap();
    assert_eq!(count(store, "pay").await, (0, 0));
    // Long afterwards it is forgotten, and what is written then is another letter.
    let id = due(store, "chat", 1).await.letters[0].id;
    let long_after = Timestamp(2).after(crate::limits::LETTER_KNOWN).after(Millis(1));
    store.outbox().sent(&[id], long_after).await.unwrap();
    store.record(&twice()).await.unwrap();
    assert_eq!((count(store, "pay").await, count(store, "chat").await), ((1, 0), (0, 0)));
}

pub(super) async fn a_letter_that_fails_waits_for_its_next_attempt_or_dies_and_can_be_revived(ground: &Ground) {
    let store = &*ground.store().await;
    write(store, [letter("pay", 1), letter("pay", 2), letter("chat", 1)]).await;
    let [first, second] = due(store, "pay", 9).await.letters.try_into().unwrap();
    let outbox = store.outbox();
    outbox.failed(first.id, "no answer", Fate::Waits(Timestamp(50))).await.unwrap();
    assert_eq!(due_letters(store, "pay", 49).await, [letter("pay", 2)]);
    outbox.failed(second.id, "no answer", Fate::Dies(Timestamp(60))).await.unwrap();
    assert_eq!(due(store, "pay", 49).await.next_at, Some(Timestamp(50)));
    assert_eq!(due(store, "pay", 50).await.letters[0].attempts, 1);
    let died = Waiting { attempts: 1, ..second.clone() };
    assert_eq!(
        dead(store, "pay").await,
        [DeadLetter { waiting: died, failed_at: Timestamp(60), why: "no answer".into() }]
    );
    assert_eq!(count(store, "pay").await, (1, 1));
    // What is dead stays so, whoever comes late with it.
    outbox.failed(second.id, "late", Fate::Waits(Timestamp(70))).await.unwrap();
    assert_eq!(outbox.revive("pay", Timestamp(20)).await.unwrap(), 1);
    assert_eq!((count(store, "pay").await, count(store, "chat").await), ((2, 0), (1, 0)));
    let again = due(store, "pay", 20).await.letters;
    assert_eq!(again.iter().map(|waiting| waiting.attempts).collect::<Vec<_>>(), [1, 0], "those that wait are due too");
}

pub(super) async fn beyond_the_most_that_may_wait_the_oldest_die_and_of_the_dead_the_oldest_go(ground: &Ground) {
    let store = &*ground.store().await;
    write(store, (1..=5).map(|number| letter("pay", number)).chain([letter("chat", 1)])).await;
    let trim = async |most| store.outbox().trim("pay", most, Timestamp(9), "too many wait").await.unwrap();
    assert_eq!((trim(5).await, count(store, "pay").await), (0, (5, 0)));
    assert_eq!((trim(3).await, count(store, "pay").await), (2, (3, 2)));
    assert_eq!(due_letters(store, "pay", 9).await[0], letter("pay", 3));
    let oldest = &dead(store, "pay").await[1];
    assert_eq!((&oldest.waiting.letter, oldest.why.as_str()), (&letter("pay", 1), "too many wait"));
    assert_eq!((trim(1).await, count(store, "pay").await), (2, (1, 1)));
    assert_eq!(dead(store, "pay").await[0].waiting.letter, letter("pay", 4), "the newest of the dead stays");
    assert_eq!(count(store, "chat").await, (1, 0));
}

pub(super) async fn dead_letters_come_in_pages_newest_first(ground: &Ground) {
    let store = &*ground.store().await;
    write(store, (1..=5).map(|number| letter("pay", number))).await;
    store.outbox().trim("pay", 0, Timestamp(9), "").await.unwrap();
    assert_eq!(count(store, "pay").await, (0, 0), "as none may wait, none may be dead");
    write(store, (6..=9).map(|number| letter("pay", number))).await;
    for waiting in due(store, "pay", 9).await.letters {
        store.outbox().failed(waiting.id, "", Fate::Dies(Timestamp(9))).await.unwrap();
    }
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = store.outbox().dead("pay", after, 2).await.unwrap();
        pages.push(page.rows.iter().map(|row| row.waiting.letter.made_at.0).collect::<Vec<_>>());
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(pages, [[9, 8], [7, 6]]);
}

pub(super) async fn who_is_removed_is_in_no_letter_any_more(ground: &Ground) {
    let store = &*ground.store().await;
    let bobs = Letter { user: Some(UserId::parse("bob").unwrap()), ..letter("pay", 2) };
    write(store, [letter("pay", 1), bobs.clone(), letter("pay", 3)]).await;
    let id = due(store, "pay", 9).await.letters[0].id;
    store.outbox().failed(id, "", Fate::Dies(Timestamp(9))).await.unwrap();
    store.remove(&letter("pay", 1).user.unwrap()).await.unwrap();
    assert_eq!((due_letters(store, "pay", 9).await, dead(store, "pay").await), (vec![bobs], vec![]));
    write(store, [letter("pay", 4)]).await;
    store.remove(&letter("pay", 4).user.unwrap()).await.unwrap();
    assert_eq!(count(store, "pay").await, (1, 0), "with everything else that is kept of them");
}
