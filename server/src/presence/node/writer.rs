//! What a node writes into the store: for many people at once, one transaction after the other.
//!
//! One entry is under way at a time; what comes meanwhile gathers for the next. Somebody waits for what is lasting. What is
//! not goes along, or by itself after a while.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use stillhere_engine::{
    limits::{ALIVE_EVERY, CHECKPOINT_EVERY, ROW_BACKLOG, STORE_RETRY},
    time::Timestamp,
    tracker::{Batch, SessionRow},
    wire::SessionId,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    driver::Clock,
    metrics::Metrics,
    store::{Entry, Store},
};

/// What is to be written.
#[derive(Debug)]
struct Order {
    batch: Batch,
    done: Done,
}

/// Who is told that it is written.
#[derive(Debug)]
enum Done {
    /// Somebody waits for it.
    Now(oneshot::Sender<bool>),
    /// It can wait: somebody looks some time.
    Later(Arc<AtomicBool>),
}

/// The way to the store.
#[derive(Clone)]
pub(super) struct Writer {
    orders: mpsc::UnboundedSender<Order>,
    is_failing: Arc<AtomicBool>,
}

impl Writer {
    /// Starts the task that writes, until the last of these is gone. Its queue has no bound of its own: each order is of a
    /// person for whom no other is under way, or of what a beat has brought.
    pub(super) fn start(store: Arc<dyn Store>, clock: Clock, metrics: Arc<Metrics>) -> Self {
        let (orders, inbox) = mpsc::unbounded_channel();
        let is_failing = Arc::new(AtomicBool::new(false));
        let due_at = clock.now();
        let task =
            Task { store, clock, metrics, waiting: Waiting::default(), due_at, is_failing: Arc::clone(&is_failing) };
        tokio::spawn(task.run(inbox));
        Self { orders, is_failing }
    }

    /// Writes it as soon as may be; `false` when that was not possible.
    pub(super) async fn now(&self, batch: Batch) -> bool {
        let (done, is_done) = oneshot::channel();
        self.orders.send(Order { batch, done: Done::Now(done) }).is_ok() && is_done.await.unwrap_or(false)
    }

    /// Writes it before long; what is given back tells when that has been done.
    pub(super) fn later(&self, batch: Batch) -> Arc<AtomicBool> {
        let is_done = Arc::new(AtomicBool::new(false));
        // After the end nobody writes: the next beat brings it again.
        let _ = self.orders.send(Order { batch, done: Done::Later(Arc::clone(&is_done)) });
        is_done
    }

    /// Writes everything that has been given to it; `false` when that was not possible.
    pub(super) async fn settle(&self) -> bool {
        self.now(Batch::default()).await
    }

    /// Whether the last try has failed.
    pub(super) fn is_failing(&self) -> bool {
        self.is_failing.load(Relaxed)
    }
}

/// What has gathered.
#[derive(Debug, Default)]
struct Waiting {
    sessions: BTreeMap<SessionId, SessionRow>,
    rest: Batch,
    done: Vec<Done>,
}

impl Waiting {
    fn add(&mut self, batch: Batch) {
        for row in batch.sessions {
            match self.sessions.get_mut(&row.session) {
                Some(known) if is_newer(known, &row) => *known = row,
                Some(_) => {}
                None => _ = self.sessions.insert(row.session, row),
            }
        }
        self.rest.spans.extend(batch.spans);
        self.rest.visits.extend(batch.visits);
        self.rest.views.extend(batch.views);
        self.rest.punches.extend(batch.punches);
    }

    fn rows(&self) -> usize {
        let Batch { spans, visits, views, punches, .. } = &self.rest;
        self.sessions.len() + spans.len() + visits.len() + views.len() + punches.len()
    }

    fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.rest == Batch::default() && self.done.is_empty()
    }

    fn take(&mut self, now: Timestamp) -> (Batch, Vec<Done>) {
        let Self { sessions, rest, done } = std::mem::take(self);
        (Batch { sessions: sessions.into_values().collect(), alive_at: Some(now), ..rest }, done)
    }
}

/// Whether a row says more than one of the same session that was to be written before.
fn is_newer(known: &SessionRow, row: &SessionRow) -> bool {
    let place = |row: &SessionRow| (row.end.is_some(), row.end.map(|end| end.ended_at), row.seq);
    place(known) <= place(row)
}

struct Task {
    store: Arc<dyn Store>,
    clock: Clock,
    metrics: Arc<Metrics>,
    waiting: Waiting,
    due_at: Timestamp,
    is_failing: Arc<AtomicBool>,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Order>) {
        let mut orders = Vec::new();
        loop {
            tokio::select! {
                count = inbox.recv_many(&mut orders, usize::MAX) => {
                    orders.drain(..).for_each(|order| self.take(order));
                    if count == 0 {
                        if !self.waiting.is_empty() {
                            self.write().await;
                        }
                        return;
                    }
                }
                () = self.clock.reached(self.due_at) => {}
            }
            if self.due_at <= self.clock.now() {
                self.write().await;
            }
        }
    }

    fn take(&mut self, order: Order) {
        self.waiting.add(order.batch);
        let now = self.clock.now();
        self.due_at = match order.done {
            Done::Now(_) => now,
            Done::Later(_) => self.due_at.min(now.after(CHECKPOINT_EVERY)),
        };
        self.waiting.done.push(order.done);
    }

    async fn write(&mut self) {
        let (batch, done) = self.waiting.take(self.clock.now());
        let entry = Entry { batch, ..Entry::default() };
        let begun = self.clock.passed();
        let recorded = self.store.record(&entry).await;
        self.metrics.checkpoint(&entry.batch, self.clock.passed().saturating_sub(begun), &recorded);
        let is_done = recorded.is_ok();
        self.is_failing.store(!is_done, Relaxed);
        self.due_at = self.clock.now().after(ALIVE_EVERY);
        if let Err(why) = recorded {
            tracing::error!(%why, sessions = entry.batch.sessions.len(), "a batch could not be written yet");
            // What is lasting is in Redis as well until it is written, and what is not is brought again by its tab: a store
            // that is down for long may cost the rest some seconds, and no memory without end.
            if self.waiting.rows() < ROW_BACKLOG {
                self.waiting.add(entry.batch);
            }
            self.due_at = self.clock.now().after(STORE_RETRY);
        }
        for done in done {
            match done {
                // Who has gone meanwhile is told by the store.
                Done::Now(waiting) => _ = waiting.send(is_done),
                Done::Later(noted) if is_done => noted.store(true, Relaxed),
                // It goes along with the next try, and nobody is told: the tab tells it again.
                Done::Later(_) => {}
            }
        }
    }
}
