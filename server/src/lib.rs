//! The server: Axum around the engine. Who is here now, since when, and how long did they stay?
//!
//! Requests become commands; the [driver](crate#the-parts) owns the engine's tracker; facts go to the [store], changes
//! to the feed. Every rule about what silence means lies in the engine; nothing here decides when somebody has gone.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use stillhere_server::{Server, settings::{Settings, Typed}};
//!
//! let settings = Settings::parse(Typed::from_toml("listen = \"127.0.0.1:0\"")?, None)?;
//! let server = Server::bind(settings).await?;
//! println!("http://{}/", server.local_addr());
//! server.run_until(async { /* for ever, or until a signal */ }).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The parts
//! - `settings`: what was typed, and what it means
//! - `identity`: who is asking, and what they may do
//! - `routes`: one file for each noun
//! - `driver`: owns the tracker, and is the only reader of the clock
//! - `feed`: what has changed lately, and who is told
//! - `store`: where facts are kept, and the only place that knows SQL
//! - `history`: what the past looks like in figures
//! - `limiter`: how much one session, user and address may ask
//! - `webhooks`: who else is told of changes, however often it takes
//! - `metrics`: how it is doing
//! - `openapi`: the routes, described for programs
//! - `error`: the only place that knows status codes

pub mod audit;
mod caller;
mod connections;
mod csv;
mod driver;
mod error;
mod feed;
mod history;
mod identity;
mod limiter;
pub mod limits;
mod metrics;
mod moment;
mod openapi;
mod profiles;
mod request_id;
mod retention;
mod routes;
pub mod settings;
pub mod store;
mod views;
mod webhooks;

use std::{error::Error, fmt, io, net::SocketAddr, sync::Arc};

use axum::Router;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    time::timeout,
};

use driver::Driver;
use limiter::Limiter;
use metrics::Metrics;
use profiles::Profiles;
use retention::Retention;
use routes::App;
use settings::Settings;
use store::{Postgres, Sqlite, Store, StoreError};
use webhooks::{Drafts, Webhooks};

/// A server that has its address and its past, and is about to answer.
#[must_use = "it answers once it is told to run"]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    routes: Router,
    driver: Driver,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    limiter: Arc<Limiter>,
    sockets: Arc<Semaphore>,
    retention: Retention,
    webhooks: Arc<Webhooks>,
    stop: watch::Sender<bool>,
}

impl Server {
    /// Takes the address, opens the store and reads back who was here.
    ///
    /// # Errors
    /// The address is taken or not this machine's, or the store cannot be used.
    pub async fn bind(settings: Settings) -> Result<Self, ServerError> {
        let wanted = settings.listen();
        let unbound = |why| ServerError::Address { wanted, why };
        // First, as it is what goes wrong most often. Whoever connects waits until the rest is ready.
        let listener = TcpListener::bind(wanted).await.map_err(unbound)?;
        let address = listener.local_addr().map_err(unbound)?;
        let store: Arc<dyn Store> = match settings.database_url() {
            Some(url) => {
                tracing::info!(%url, "facts are kept in PostgreSQL");
                Arc::new(Postgres::open(url).await?)
            }
            None => Arc::new(Sqlite::open(settings.data()).await?),
        };
        let metrics = Arc::new(Metrics::new());
        let profiles = Arc::new(Profiles::new());
        let webhooks = Webhooks::new(settings.webhooks().hooks.clone(), Arc::clone(&profiles));
        let webhooks = Arc::new(webhooks.map_err(ServerError::Certificates)?);
        let (policy, drafts) = (settings.policy().clone(), Drafts::new(Arc::clone(&webhooks)));
        let driver = Driver::start(policy, Arc::clone(&store), Arc::clone(&metrics), drafts).await?;
        let retention = settings.operation().retention;
        let (stop, stopped) = watch::channel(false);
        let (kept, counted, told) = (Arc::clone(&store), Arc::clone(&metrics), Arc::clone(&webhooks));
        let app = App::new(settings, driver.clone(), kept, counted, profiles, told, stopped);
        let (limiter, sockets, routes) = (app.limiter(), app.sockets(), routes::routes(app));
        Ok(Self { listener, address, routes, driver, store, metrics, limiter, sockets, retention, webhooks, stop })
    }

    /// Where it listens: with port 0, the one it was given.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown` is over. Then it takes no more connections, ends the feeds, waits a moment for requests
    /// that are under way, and writes everything down.
    ///
    /// # Errors
    /// Something could not be written in the end. What was acknowledged as kept is kept all the same.
    pub async fn run_until(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), ServerError> {
        let serving = connections::serve(self.listener, self.routes, self.stop.subscribe());
        let stopping = async {
            shutdown.await;
            tracing::info!("stopping");
            self.stop.send_replace(true);
        };
        let (store, metrics) = (Arc::clone(&self.store), Arc::clone(&self.metrics));
        let telling = webhooks::run(self.webhooks, store, metrics, self.driver.clock(), self.stop.subscribe());
        tokio::select! {
            _ = async { tokio::join!(serving, stopping, telling) } => {}
            () = self.metrics.keep_small() => {}
            () = self.limiter.keep_small() => {}
            () = self.retention.keep(&*self.store, self.driver.clock()) => {}
        }
        // They have heard of the stop as well, and say goodbye to the other side.
        let _ = timeout(2 * limits::GOODBYE_WITHIN, self.sockets.acquire_many(limits::SOCKETS as u32)).await;
        let written = self.driver.stop().await;
        self.store.close().await?;
        written.map_err(ServerError::Unwritten)
    }
}

/// Why a server did not start, or did not stop well.
#[derive(Debug)]
pub enum ServerError {
    /// The address cannot be listened on.
    Address {
        /// The one in the settings.
        wanted: SocketAddr,
        /// What the system says.
        why: io::Error,
    },
    /// The store cannot be used.
    Store(StoreError),
    /// A webhook is to be told over TLS, and the system's certificates cannot be read.
    Certificates(io::Error),
    /// The newest facts, at most a second old, could not be written when the server stopped.
    Unwritten(io::Error),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { wanted, why } => {
                write!(f, "cannot listen on {wanted}: {why}; choose another address with --listen")
            }
            Self::Store(why) => why.fmt(f),
            Self::Certificates(why) => {
                write!(
                    f,
                    "the system's certificates, by which a webhook is believed, cannot be read: {why}; install them \
                     (ca-certificates), or name a file of them by SSL_CERT_FILE"
                )
            }
            Self::Unwritten(why) => {
                write!(f, "the newest facts, at most a second old, could not be written before the end: {why}")
            }
        }
    }
}

impl Error for ServerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Address { why, .. } | Self::Certificates(why) | Self::Unwritten(why) => Some(why),
            Self::Store(why) => Some(why),
        }
    }
}

impl From<StoreError> for ServerError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}
