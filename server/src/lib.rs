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
//! - `system`: one set of rules, and everything that works for it
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
mod presence;
mod profiles;
mod request_id;
mod retention;
mod routes;
pub mod settings;
pub mod store;
mod system;
mod views;
mod webhooks;

use std::{error::Error, fmt, io, net::SocketAddr};

use axum::Router;
use futures_util::future::join_all;
use tokio::{net::TcpListener, sync::watch};

use presence::{NodeError, RedisError};
use routes::Issuers;
use settings::{DemoSettings, Settings};
use store::StoreError;
use system::System;

/// A server that has its address and its past, and is about to answer.
#[must_use = "it answers once it is told to run"]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    routes: Router,
    systems: Vec<System>,
    stop: watch::Sender<bool>,
}

impl Server {
    /// Takes the address, opens the store and reads back who was here.
    ///
    /// # Errors
    /// The address is taken or not this machine's, or the store cannot be used.
    pub async fn bind(settings: Settings) -> Result<Self, ServerError> {
        // First, as it is what goes wrong most often. Whoever connects waits until the rest is ready.
        let (listener, address) = listen(settings.listen()).await?;
        let (stop, stopped) = watch::channel(false);
        let system = System::open(settings, stopped).await?;
        Ok(Self { listener, address, routes: routes::routes(system.app()), systems: vec![system], stop })
    }

    /// The demo: one system for each preset, on one address, and tokens for whoever one would like to be in them.
    ///
    /// # Errors
    /// The address is taken, or a store cannot be used.
    pub async fn bind_demo(settings: DemoSettings) -> Result<Self, ServerError> {
        let DemoSettings { site, others } = settings;
        let (listener, address) = listen(site.listen()).await?;
        let (stop, stopped) = watch::channel(false);
        let site = System::open(site, stopped.clone()).await?;
        let mut routes = routes::routes(site.app());
        let mut systems = vec![site];
        let mut issuers = Issuers::default();
        for (name, settings) in others {
            issuers.add(name, settings.clone());
            let system = System::open(settings, stopped.clone()).await?;
            routes = routes.merge(routes::further(system.app()));
            systems.push(system);
        }
        routes = routes.merge(issuers.routes(systems[0].app()));
        Ok(Self { listener, address, routes, systems, stop })
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
        tokio::join!(serving, stopping, join_all(self.systems.iter().map(System::work)));
        let closed = join_all(self.systems.into_iter().map(System::close)).await;
        closed.into_iter().collect()
    }
}

async fn listen(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let unbound = |why| ServerError::Address { wanted, why };
    let listener = TcpListener::bind(wanted).await.map_err(unbound)?;
    let address = listener.local_addr().map_err(unbound)?;
    Ok((listener, address))
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
    /// The Redis by which nodes share who is here cannot be used.
    Redis(Box<dyn Error + Send + Sync>),
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
            Self::Redis(why) => why.fmt(f),
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
            Self::Redis(why) => Some(&**why),
        }
    }
}

impl From<NodeError> for ServerError {
    fn from(why: NodeError) -> Self {
        match why {
            NodeError::Redis(why) => why.into(),
            NodeError::Store(why) => Self::Store(why),
        }
    }
}

impl From<RedisError> for ServerError {
    fn from(why: RedisError) -> Self {
        Self::Redis(Box::new(why))
    }
}

impl From<StoreError> for ServerError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}
