//! The senders: one task for each hook, beside the driver.

use std::sync::Arc;

use stillhere_engine::{random::Rng, time::Timestamp};
use tokio::{sync::watch, task::JoinSet, time::timeout};

use super::{Failure, Line, Webhooks, schedule};
use crate::{
    driver::Clock,
    identity, limits,
    metrics::Metrics,
    store::{Fate, Store, StoreError, Waiting},
};

/// Sends what is due until the server stops, and finishes what is under way then.
pub(crate) async fn run(
    webhooks: Arc<Webhooks>,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    clock: Clock,
    mut stop: watch::Receiver<bool>,
) {
    let mut senders = JoinSet::new();
    for place in 0..webhooks.lines().len() {
        let sender = Sender {
            webhooks: Arc::clone(&webhooks),
            place,
            store: Arc::clone(&store),
            metrics: Arc::clone(&metrics),
            clock,
            // Servers that start together must not try again together.
            rng: Rng::new(identity::chance()),
            failures: 0,
            delivered: Vec::new(),
            stop: stop.clone(),
        };
        senders.spawn(sender.run());
    }
    // Whoever is gone with its sender wants to stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
    if timeout(limits::STOP_PATIENCE, async { while senders.join_next().await.is_some() {} }).await.is_err() {
        tracing::info!("an endpoint has not answered before the end; its letter is sent again after the next start");
    }
}

struct Sender {
    webhooks: Arc<Webhooks>,
    place: usize,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    clock: Clock,
    rng: Rng,
    /// In a row.
    failures: u32,
    /// Delivered, and not noted yet.
    delivered: Vec<u64>,
    stop: watch::Receiver<bool>,
}

/// Until when there is nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// More is due already.
    None,
    /// Until then, or until there are new letters.
    Until(Timestamp),
    /// Until then, whatever comes.
    Held(Timestamp),
}

impl Sender {
    async fn run(mut self) {
        while !*self.stop.borrow() {
            let rest = match self.round().await {
                Ok(rest) => rest,
                Err(why) => {
                    tracing::warn!(hook = %self.webhooks.lines()[self.place].hook.name, %why, "letters have to wait");
                    Rest::Held(self.clock.now().after(limits::WEBHOOK_HOLD))
                }
            };
            self.rest(rest).await;
        }
    }

    async fn rest(&mut self, rest: Rest) {
        let (until, hears) = match rest {
            Rest::None => return,
            Rest::Until(until) => (until, true),
            Rest::Held(until) => (until, false),
        };
        let line = &self.webhooks.lines()[self.place];
        // Another node may have put a letter back: nobody rings for that here.
        let until = until.min(self.clock.now().after(limits::WEBHOOK_LOOK));
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => {}
            () = line.bell.notified(), if hears => {}
            () = line.nudge.notified() => {}
            () = self.clock.reached(until) => {}
        }
    }

    /// Takes a piece of what is due, and says how long there is nothing more to do.
    async fn round(&mut self) -> Result<Rest, StoreError> {
        let (store, now) = (Arc::clone(&self.store), self.clock.now());
        let outbox = store.outbox();
        self.note_delivered().await?;
        let webhooks = Arc::clone(&self.webhooks);
        let line = &webhooks.lines()[self.place];
        let name = &line.hook.name;
        let died = outbox.trim(name, limits::LETTERS, now, "too many letters wait").await?;
        if died > 0 {
            tracing::warn!(hook = %name, letters = died, most = limits::LETTERS, "too many letters wait; the oldest are dead");
        }
        self.metrics.letters(name, outbox.count(name).await?);
        if line.report().is_gone {
            return Ok(Rest::Until(Timestamp::NEVER));
        }
        let due = outbox.due(name, now, limits::LETTERS_AT_ONCE).await?;
        if due.letters.is_empty() {
            return Ok(Rest::Until(due.next_at.unwrap_or(Timestamp::NEVER)));
        }
        let mut rest = Rest::None;
        for waiting in &due.letters {
            let delivered = webhooks.deliver(line, &waiting.letter, self.clock.now(), limits::WEBHOOK_PATIENCE).await;
            self.metrics.letter(name, &delivered);
            match delivered {
                Ok(()) => {
                    self.failures = 0;
                    self.delivered.push(waiting.id);
                }
                Err(failure) => {
                    rest = self.fail(line, waiting, failure).await?;
                    break;
                }
            }
            if *self.stop.borrow() {
                break;
            }
        }
        self.note_delivered().await?;
        self.metrics.letters(name, outbox.count(name).await?);
        Ok(rest)
    }

    /// The letter has to wait, or is dead, and the whole hook is left alone for a while.
    async fn fail(&mut self, line: &Line, waiting: &Waiting, failure: Failure) -> Result<Rest, StoreError> {
        self.note_delivered().await?;
        let (name, now) = (&line.hook.name, self.clock.now());
        let Failure { why, asked, is_gone } = failure;
        let attempts = waiting.attempts.saturating_add(1);
        let fate = schedule::fate(attempts, asked, &mut self.rng, now);
        match fate {
            Fate::Dies(_) => tracing::error!(hook = %name, attempts, why, "a letter is dead"),
            Fate::Waits(_) => tracing::warn!(hook = %name, attempts, why, "a letter could not be delivered yet"),
        }
        if is_gone {
            tracing::error!(hook = %name, "the endpoint is gone: nothing more is sent to it until the next start");
        }
        self.store.outbox().failed(waiting.id, &why, fate).await?;
        self.failures = self.failures.saturating_add(1);
        Ok(Rest::Held(now.after(schedule::hold(self.failures, asked, &mut self.rng))))
    }

    /// What cannot be noted as delivered is not sent again by this sender: it notes it before it sends anything else.
    async fn note_delivered(&mut self) -> Result<(), StoreError> {
        if !self.delivered.is_empty() {
            self.store.outbox().sent(&self.delivered, self.clock.now()).await?;
            self.delivered.clear();
        }
        Ok(())
    }
}
