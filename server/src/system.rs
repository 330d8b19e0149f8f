//! One system: its rules, its past and whoever is here, with everything that works for it behind the requests.
//!
//! A server has one; the demo has one for each preset, on one address.

use std::sync::Arc;

use tokio::{
    sync::{Semaphore, watch},
    time::{interval, timeout},
};

use crate::{
    ServerError,
    driver::Driver,
    limiter::Limiter,
    limits,
    metrics::Metrics,
    presence::{Node, Presence, Shards},
    profiles::Profiles,
    retention::Retention,
    routes::App,
    settings::Settings,
    store::{Office, Postgres, Sqlite, Store},
    webhooks::{self, Drafts, Webhooks},
};

/// A system that knows its past, and is about to be asked.
pub(crate) struct System {
    app: App,
    presence: Presence,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    limiter: Arc<Limiter>,
    sockets: Arc<Semaphore>,
    retention: Retention,
    webhooks: Arc<Webhooks>,
    stopped: watch::Receiver<bool>,
}

impl System {
    /// Opens the store and reads back who was here. `stopped` says when the server stops.
    ///
    /// # Errors
    /// The store cannot be used, or the system's certificates cannot be read.
    pub(crate) async fn open(settings: Settings, stopped: watch::Receiver<bool>) -> Result<Self, ServerError> {
        let store: Arc<dyn Store> = match settings.database_url() {
            Some(url) => {
                tracing::info!(%url, "facts are kept in PostgreSQL");
                // Nodes write into it side by side; whoever is alone makes sure of that.
                let opened = if settings.redis().is_some() {
                    Postgres::open_shared(url).await
                } else {
                    Postgres::open(url).await
                };
                Arc::new(opened?)
            }
            None => Arc::new(Sqlite::open(settings.data()).await?),
        };
        let metrics = Arc::new(Metrics::new());
        let profiles = Arc::new(Profiles::new());
        let webhooks = Webhooks::new(settings.webhooks().hooks.clone(), Arc::clone(&profiles));
        let webhooks = Arc::new(webhooks.map_err(ServerError::Certificates)?);
        let (policy, drafts) = (settings.policy().clone(), Drafts::new(Arc::clone(&webhooks)));
        let presence = match settings.redis() {
            None => Presence::Local(Driver::start(policy, Arc::clone(&store), Arc::clone(&metrics), drafts).await?),
            Some(redis) => {
                tracing::info!(url = %redis.url(), "who is here is shared with other nodes");
                let shards = Shards::open(redis).await?;
                Presence::Shared(Node::start(policy, shards, Arc::clone(&store), Arc::clone(&metrics)).await?)
            }
        };
        let retention = settings.operation().retention;
        let (kept, counted, told) = (Arc::clone(&store), Arc::clone(&metrics), Arc::clone(&webhooks));
        let app = App::new(settings, presence.clone(), kept, counted, profiles, told, stopped.clone());
        let (limiter, sockets) = (app.limiter(), app.sockets());
        Ok(Self { app, presence, store, metrics, limiter, sockets, retention, webhooks, stopped })
    }

    /// What its handlers can reach.
    pub(crate) fn app(&self) -> App {
        self.app.clone()
    }

    /// Does what nobody asks for: tells webhooks, forgets what is old. Over when the server stops.
    pub(crate) async fn work(&self) {
        tokio::select! {
            () = self.be_in_office() => {}
            () = self.metrics.keep_small() => {}
            () = self.limiter.keep_small() => {}
        }
    }

    /// Does what only one of several nodes does, whenever this is the one.
    async fn be_in_office(&self) {
        let mut stopped = self.stopped.clone();
        while !*stopped.borrow() {
            match self.store.office().await {
                Ok(Some(office)) => self.work_in(office).await,
                Ok(None) => {}
                Err(why) => tracing::warn!(%why, "nobody knows whether this node is to tell webhooks"),
            }
            // Who has had it and lost it asks again after a while, too.
            let _ = timeout(limits::OFFICE_EVERY, stopped.wait_for(|stopped| *stopped)).await;
        }
    }

    /// Until the office is lost, or the server stops.
    async fn work_in(&self, mut office: Office) {
        let (told, store, metrics) = (Arc::clone(&self.webhooks), Arc::clone(&self.store), Arc::clone(&self.metrics));
        let clock = self.presence.clock();
        let is_lost = async {
            let mut look = interval(limits::OFFICE_EVERY);
            look.tick().await;
            while office.is_held().await {
                look.tick().await;
            }
            tracing::warn!("another node tells webhooks from now on");
        };
        tokio::select! {
            () = webhooks::run(told, store, metrics, clock, self.stopped.clone()) => {}
            () = self.retention.keep(&*self.store, clock) => {}
            () = self.write_letters() => {}
            () = is_lost => return,
        }
        office.close().await;
    }

    /// Where nodes share their work, the one in office writes the letters; a lone server does with each batch.
    async fn write_letters(&self) {
        match &self.presence {
            Presence::Shared(node) if !self.webhooks.lines().is_empty() => {
                node.write_letters(Drafts::new(Arc::clone(&self.webhooks))).await;
            }
            _ => std::future::pending().await,
        }
    }

    /// Writes everything down, once nobody asks any more.
    ///
    /// # Errors
    /// Something could not be written. What was acknowledged as kept is kept all the same.
    pub(crate) async fn close(self) -> Result<(), ServerError> {
        // They have heard of the stop as well, and say goodbye to the other side.
        let _ = timeout(2 * limits::GOODBYE_WITHIN, self.sockets.acquire_many(limits::SOCKETS as u32)).await;
        let written = self.presence.stop().await;
        self.store.close().await?;
        written.map_err(ServerError::Unwritten)
    }
}
