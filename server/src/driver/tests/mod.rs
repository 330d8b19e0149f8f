mod moody;

use std::sync::atomic::Ordering::SeqCst;

use stillhere_engine::{
    page::PageState,
    policy::Punching,
    time::Millis,
    tracker::PunchKind,
    wire::{PagePath, SessionId},
};

pub(crate) use moody::Moody;

use super::*;
use crate::{
    feed::{Message, Picture, Snapshot},
    profiles::Profiles,
    store::PunchQuery,
    webhooks::Webhooks,
};

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(crate) fn beat(id: u8, seq: u32) -> Beat {
    Beat {
        session: SessionId([id; 16]),
        seq,
        t: Millis(u64::from(seq)),
        state: PageState::Active,
        next: Some(Millis::seconds(10)),
        visible: Vec::new(),
        active: Millis::ZERO,
        sign_out: false,
        idle: false,
        ago: Millis::ZERO,
        channel: ChannelName::default(),
        page: None,
    }
}

/// Of a server without webhooks.
pub(crate) fn drafts() -> Drafts {
    Drafts::new(Arc::new(Webhooks::new(Vec::new(), Arc::new(Profiles::new())).unwrap()))
}

async fn driver(store: &Arc<Moody>) -> Driver {
    let store: Arc<dyn Store> = Arc::<Moody>::clone(store);
    Driver::start(Policy::default(), store, Arc::new(Metrics::new()), drafts()).await.unwrap()
}

async fn seq_on_disk(store: &Moody, id: u8) -> Option<u32> {
    store.inner.session(SessionId([id; 16])).await.unwrap().map(|row| row.seq)
}

fn members(snapshot: &Snapshot) -> usize {
    let Picture::Members(members) = &snapshot.picture else { panic!("nobody asked for counts") };
    members.len()
}

#[tokio::test]
async fn a_session_is_on_disk_before_its_first_beat_is_answered() {
    let store = Moody::new().await;
    let driver = driver(&store).await;
    assert!(driver.beat(user("ann"), None, beat(1, 1)).await.is_ok());
    assert_eq!(seq_on_disk(&store, 1).await, Some(1));
}

#[tokio::test]
async fn beats_that_come_during_a_write_share_the_next_one() {
    let store = Moody::new().await;
    let driver = driver(&store).await;
    driver.beat(user("ann"), None, beat(0, 1)).await.unwrap();
    let closed = store.gate.lock().await;
    let before = store.records.load(SeqCst);
    let beats: Vec<_> = (1..=50)
        .map(|id| {
            let driver = driver.clone();
            tokio::spawn(async move { driver.beat(user("ann"), None, beat(id, 1)).await })
        })
        .collect();
    // The members are there as soon as their beats have been taken, long before the disk knows.
    while driver.members(Some(ChannelName::default())).await.unwrap().members[0].sessions < 51 {
        tokio::task::yield_now().await;
    }
    drop(closed);
    for beat in beats {
        assert!(beat.await.unwrap().is_ok());
    }
    let writes = store.records.load(SeqCst) - before;
    assert!(writes <= 3, "{writes} writes");
}

#[tokio::test]
async fn while_the_store_is_down_new_sessions_are_told_to_come_again_and_known_ones_go_on() {
    let store = Moody::new().await;
    let driver = driver(&store).await;
    driver.beat(user("ann"), None, beat(1, 1)).await.unwrap();
    store.is_down.store(true, SeqCst);
    assert_eq!(driver.beat(user("ann"), None, beat(2, 1)).await, Err(Refusal::StoreDown));
    assert!(driver.beat(user("ann"), None, beat(1, 2)).await.is_ok());
    store.is_down.store(false, SeqCst);
    assert!(driver.beat(user("ann"), None, beat(2, 1)).await.is_ok());
    driver.stop().await.unwrap();
    assert_eq!(seq_on_disk(&store, 1).await, Some(2));
    assert_eq!(seq_on_disk(&store, 2).await, Some(1));
}

#[tokio::test]
async fn a_stop_writes_what_the_next_checkpoint_would_have() {
    let store = Moody::new().await;
    let driver = driver(&store).await;
    for seq in 1..=9 {
        driver.beat(user("ann"), None, beat(1, seq)).await.unwrap();
    }
    driver.stop().await.unwrap();
    assert_eq!(seq_on_disk(&store, 1).await, Some(9));
    assert_eq!(driver.beat(user("ann"), None, beat(1, 10)).await, Err(Refusal::Busy));
    driver.stop().await.unwrap();
}

#[tokio::test]
async fn a_stop_says_so_when_it_could_not_write() {
    let store = Moody::new().await;
    let driver = driver(&store).await;
    driver.beat(user("ann"), None, beat(1, 1)).await.unwrap();
    store.is_down.store(true, SeqCst);
    driver.beat(user("ann"), None, beat(1, 2)).await.unwrap();
    tokio::time::pause();
    assert!(driver.stop().await.is_err());
}

#[tokio::test]
async fn a_restart_knows_who_was_here() {
    let store = Moody::new().await;
    let first = driver(&store).await;
    first.beat(user("ann"), None, beat(1, 1)).await.unwrap();
    first.stop().await.unwrap();
    let second = driver(&store).await;
    assert!(second.clock().started_at() >= first.clock().started_at());
    let found = second.members(Some(ChannelName::default())).await.unwrap();
    assert_eq!(found.members.iter().map(|member| member.user.as_str()).collect::<Vec<_>>(), ["ann"]);
}

#[tokio::test]
async fn a_snapshot_and_the_news_after_it_leave_no_gap() {
    let store = Moody::new().await;
    let driver = driver(&store).await;
    driver.beat(user("ann"), None, beat(1, 1)).await.unwrap();
    let mut watch = driver.watch(Topic::Presence, None).await.unwrap();
    let snapshot = watch.snapshot.expect("a first watch has one");
    assert_eq!(members(&snapshot), 1);
    driver.beat(user("bob"), None, beat(2, 1)).await.unwrap();
    let Some(Message::News(news, _)) = watch.messages.recv().await else { panic!("it goes on") };
    assert_eq!(news.name, "join");
    assert!(news.json.contains("\"bob\""), "{}", news.json);
    let again = driver.watch(Topic::Presence, Some(snapshot.position)).await.unwrap();
    assert!(again.snapshot.is_none(), "it is known");
    assert_eq!(again.missed, [news]);
}

#[tokio::test]
async fn who_comes_back_after_a_restart_is_told_what_was_missed() {
    let store = Moody::new().await;
    let first = driver(&store).await;
    let start = first.watch(Topic::Presence, None).await.unwrap().snapshot.unwrap().position;
    first.beat(user("ann"), None, beat(1, 1)).await.unwrap();
    // With the batch of its cause: the join is on disk with the session.
    assert_eq!(store.inner.news().await.unwrap().len(), 1);
    first.beat(user("bob"), None, beat(2, 1)).await.unwrap();
    first.stop().await.unwrap();
    let second = driver(&store).await;
    second.beat(user("cid"), None, beat(3, 1)).await.unwrap();
    let again = second.watch(Topic::Presence, Some(start)).await.unwrap();
    assert_eq!(again.missed.iter().map(|news| news.user.as_str()).collect::<Vec<_>>(), ["ann", "bob", "cid"]);
    assert_eq!(members(&again.snapshot.unwrap()), 3);
}

#[tokio::test]
async fn news_for_which_there_is_no_further_batch_are_written_at_the_stop() {
    let store = Moody::new().await;
    let policy = Policy { punching: Punching::WithPresence, ..Policy::default() };
    let moody = Arc::<Moody>::clone(&store);
    let driver = Driver::start(policy, moody, Arc::new(Metrics::new()), drafts()).await.unwrap();
    let closed = store.gate.lock().await;
    // Ann's is the batch that is under way, and Bob's is the last one: a punch is told when it is on disk.
    for (id, name) in [(1, "ann"), (2, "bob")] {
        let line = driver.clone();
        tokio::spawn(async move { line.beat(user(name), None, beat(id, 1)).await });
        while driver.members(None).await.unwrap().members.len() < usize::from(id) {
            tokio::task::yield_now().await;
        }
    }
    let line = driver.clone();
    let stopping = tokio::spawn(async move { line.stop().await });
    // It is taken at once, and then nothing is that could say so.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    drop(closed);
    stopping.await.unwrap().unwrap();
    let names: Vec<_> = store.inner.news().await.unwrap().iter().map(|news| news.name).collect();
    assert_eq!(names, ["join", "join", "punch", "punch"]);
}

#[tokio::test]
async fn news_whose_batch_could_not_be_written_go_with_the_next_try_in_their_order() {
    let store = Moody::new().await;
    let driver = driver(&store).await;
    driver.beat(user("ann"), None, beat(1, 1)).await.unwrap();
    store.is_down.store(true, SeqCst);
    let away = Beat { page: PagePath::parse("/1").ok(), ..beat(1, 2) };
    driver.beat(user("ann"), None, away).await.unwrap();
    driver.settle().await.unwrap();
    driver.beat(user("ann"), None, beat(1, 3)).await.unwrap();
    store.is_down.store(false, SeqCst);
    driver.stop().await.unwrap();
    let offsets: Vec<_> = store.inner.news().await.unwrap().iter().map(|news| news.position.offset).collect();
    assert_eq!(offsets, [1, 2, 3]);
}

#[tokio::test]
async fn a_line_to_a_driver_that_stops_comes_to_its_end() {
    let store = Moody::new().await;
    let driver = driver(&store).await;
    let mut watch = driver.watch(Topic::Presence, None).await.unwrap();
    driver.stop().await.unwrap();
    assert!(watch.messages.recv().await.is_none());
    assert!(driver.watch(Topic::Presence, None).await.is_err());
}

/// What two sweeps at once say of ann, who has closed and whose time is over, while bob is here. The driver has not woken
/// up meanwhile: the runtime's timers stand still, and the store lets nothing come back before both are taken.
async fn sweep_twice(store: &Arc<Moody>, then: impl FnOnce()) -> [Result<Swept, Refusal>; 2] {
    let policy = Policy { leave_grace: Millis(1), punching: Punching::WithPresence, ..Policy::default() };
    let moody = Arc::<Moody>::clone(store);
    let driver = Driver::start(policy, moody, Arc::new(Metrics::new()), drafts()).await.unwrap();
    driver.beat(user("bob"), None, beat(2, 1)).await.unwrap();
    driver.beat(user("ann"), None, beat(1, 1)).await.unwrap();
    driver.settle().await.unwrap();
    let closed = store.gate.lock().await;
    tokio::time::pause();
    let last = Beat { state: PageState::Closed, next: None, ..beat(1, 2) };
    let [line, one, other] = [driver.clone(), driver.clone(), driver.clone()];
    let last = tokio::spawn(async move { line.beat(user("ann"), None, last).await });
    let over_at = driver.clock().now().after(Millis(50));
    while driver.clock().now() < over_at {
        tokio::task::yield_now().await;
    }
    let sweeps = [one, other].map(|driver| tokio::spawn(async move { driver.sweep().await }));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    then();
    drop(closed);
    tokio::time::resume();
    let _ = last.await.unwrap();
    let [one, other] = sweeps;
    [one.await.unwrap(), other.await.unwrap()]
}

#[tokio::test]
async fn two_sweeps_at_once_end_what_is_over_once_and_say_so_when_it_is_on_disk() {
    let store = Moody::new().await;
    let [one, other] = sweep_twice(&store, || {}).await.map(Result::unwrap);
    assert_eq!((one.ended, other.ended), (1, 0), "bob is here");
    assert_eq!(one.auto_outs.iter().map(|row| row.user.as_str()).collect::<Vec<_>>(), ["ann"]);
    assert!(other.auto_outs.is_empty(), "it was the other one");
    let query = PunchQuery { kind: Some(PunchKind::AutoOut), limit: 10, ..PunchQuery::default() };
    assert_eq!(store.inner.punches(&query).await.unwrap().rows, one.auto_outs);
}

#[tokio::test]
async fn a_sweep_that_cannot_be_written_down_does_not_say_what_it_has_done() {
    let store = Moody::new().await;
    let [one, _] = sweep_twice(&store, || store.is_down.store(true, SeqCst)).await;
    assert_eq!(one.unwrap_err(), Refusal::StoreDown);
}

#[tokio::test]
async fn a_removal_that_fails_is_told_and_can_be_tried_again() {
    let store = Moody::new().await;
    let driver = driver(&store).await;
    driver.beat(user("ann"), None, beat(1, 1)).await.unwrap();
    store.is_down.store(true, SeqCst);
    assert_eq!(driver.remove(user("ann")).await, Err(Refusal::StoreDown));
    store.is_down.store(false, SeqCst);
    while driver.remove(user("ann")).await.is_err() {}
    assert_eq!(seq_on_disk(&store, 1).await, None);
    assert!(driver.beat(user("ann"), None, beat(2, 1)).await.is_ok(), "and is let in again");
}

#[tokio::test]
async fn removals_of_one_person_at_the_same_time_are_one() {
    let store = Moody::new().await;
    let driver = driver(&store).await;
    driver.beat(user("ann"), None, beat(1, 1)).await.unwrap();
    let (one, two) = tokio::join!(driver.remove(user("ann")), driver.remove(user("ann")));
    assert_eq!((one.unwrap().sessions, two.unwrap().sessions), (1, 1));
    assert_eq!(driver.remove(user("ann")).await.unwrap().sessions, 0, "and a later one is another");
    assert_eq!(store.removals.load(SeqCst), 2);
}

#[tokio::test]
async fn a_tab_that_was_open_before_a_removal_tells_nothing_of_that_time() {
    let store = Moody::new().await;
    let driver = driver(&store).await;
    let before = driver.clock().now();
    driver.remove(user("ann")).await.unwrap();
    // So many milliseconds ago, as it says.
    driver.beat(user("ann"), None, beat(1, 3_600_000)).await.unwrap();
    driver.beat(user("bob"), None, beat(2, 3_600_000)).await.unwrap();
    let started = async |id| store.inner.session(SessionId([id; 16])).await.unwrap().unwrap().started_at;
    assert!(started(1).await >= before);
    assert!(started(2).await < before, "others are believed");
}
