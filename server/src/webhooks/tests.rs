//! The senders with a real store and a real endpoint.

use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering::SeqCst};

use axum::{Router, extract::State, response::IntoResponse, routing::post};
use stillhere_engine::time::Millis;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::{hook::tests::hook, *};
use crate::{
    driver::Clock,
    metrics::{Levels, Metrics},
    store::{Entry, Fate, LetterCount, Sqlite, Store},
};

/// An endpoint that answers with a code of the test's choice, and counts.
struct Endpoint {
    url: String,
    code: Arc<AtomicU16>,
    asked: Arc<AtomicUsize>,
}

impl Endpoint {
    async fn start(code: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (code, asked) = (Arc::new(AtomicU16::new(code)), Arc::new(AtomicUsize::new(0)));
        let answer = async |State((code, asked)): State<(Arc<AtomicU16>, Arc<AtomicUsize>)>| {
            asked.fetch_add(1, SeqCst);
            let mut response = ().into_response();
            *response.status_mut() = code.load(SeqCst).try_into().unwrap();
            response
        };
        let routes = Router::new().route("/", post(answer)).with_state((Arc::clone(&code), Arc::clone(&asked)));
        tokio::spawn(async { axum::serve(listener, routes).await });
        Self { url, code, asked }
    }
}

/// A sender for one hook, and what it works on.
struct Office {
    webhooks: Arc<Webhooks>,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    clock: Clock,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn new(endpoint: &Endpoint, letters: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(Sqlite::open(folder.path()).await.unwrap());
        let hook = Hook { url: endpoint.url.parse().unwrap(), ..hook("pay", &[]) };
        let webhooks = Arc::new(Webhooks::new(vec![hook], Arc::new(Profiles::new())).unwrap());
        let (clock, metrics) = (Clock::start(Timestamp(0)), Arc::new(Metrics::new()));
        let write = |number: u64| {
            let key = number.to_string();
            letter::write("pay", Cause { kind: "presence.join", key: &key, at: clock.now(), user: None, data: "1" })
        };
        let entry = Entry { letters: (0..letters).filter_map(write).collect(), ..Entry::default() };
        store.record(&entry).await.unwrap();
        Self { webhooks, store, metrics, clock, stop: watch::channel(false).0, task: None, _folder: folder }
    }

    fn run(&mut self) {
        let (webhooks, store, metrics) =
            (Arc::clone(&self.webhooks), Arc::clone(&self.store), Arc::clone(&self.metrics));
        self.task = Some(tokio::spawn(run(webhooks, store, metrics, self.clock, self.stop.subscribe())));
    }

    /// Asks until there are so many, waiting and dead.
    async fn until(&self, waiting: u64, dead: u64) {
        let so = async {
            while self.store.outbox().count("pay").await.unwrap() != (LetterCount { waiting, dead }) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(limits::WEBHOOK_PATIENCE * 2, so).await.expect("it comes to be so");
    }
}

#[tokio::test]
async fn a_letter_that_has_failed_for_the_last_time_is_dead_until_somebody_asks_for_it() {
    let endpoint = Endpoint::start(500).await;
    let mut office = Office::new(&endpoint, 1).await;
    let now = office.clock.now();
    let due = office.store.outbox().due("pay", now, 1).await.unwrap();
    for _ in 0..9 {
        office.store.outbox().failed(due.letters[0].id, "as before", Fate::Waits(now)).await.unwrap();
    }
    office.run();
    office.until(0, 1).await;
    let dead = office.store.outbox().dead("pay", None, 1).await.unwrap().rows.remove(0);
    assert_eq!((dead.waiting.attempts, dead.why.as_str()), (10, "the endpoint answered 500"));
    assert_eq!(endpoint.asked.load(SeqCst), 1);
    endpoint.code.store(200, SeqCst);
    assert_eq!(office.store.outbox().revive("pay", office.clock.now()).await.unwrap(), 1);
    office.webhooks.line("pay").unwrap().nudge();
    office.until(0, 0).await;
    assert_eq!(endpoint.asked.load(SeqCst), 2);
    let figures = office.metrics.render(Levels::default());
    for figure in ["failed_total{hook=\"pay\"} 1\n", "sent_total{hook=\"pay\"} 1\n"] {
        assert!(figures.contains(&format!("stillhere_letters_{figure}")), "{figures}");
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_is_asked_once_and_not_for_every_letter_that_waits() {
    let endpoint = Endpoint::start(500).await;
    let mut office = Office::new(&endpoint, 100).await;
    office.run();
    let line = office.webhooks.line("pay").unwrap();
    while line.report().failure_at.is_none() {
        tokio::task::yield_now().await;
    }
    let first = line.report().failure_at;
    // The next one comes after a pause, with the next letter.
    while line.report().failure_at == first {
        tokio::task::yield_now().await;
    }
    assert_eq!(endpoint.asked.load(SeqCst), 2);
    let due = office.store.outbox().due("pay", office.clock.now().after(Millis::minutes(60)), 100).await.unwrap();
    assert!(due.letters.iter().all(|waiting| waiting.attempts <= 1), "each has its own turn");
}

#[tokio::test]
async fn all_that_waits_is_delivered_once_and_a_stop_comes_at_once() {
    let endpoint = Endpoint::start(204).await;
    let mut office = Office::new(&endpoint, 100).await;
    office.run();
    office.until(0, 0).await;
    office.stop.send_replace(true);
    office.task.take().unwrap().await.unwrap();
    assert_eq!(endpoint.asked.load(SeqCst), 100);
}
