//! The routes, one file for each noun. A handler finds out who asks, reads what is asked, and sends one command.

mod around;
mod beat;
mod channels;
mod demo;
mod feed;
mod gate;
mod health;
mod line;
mod metrics;
mod openapi;
mod packed;
mod people;
mod punches;
mod question;
mod removal;
mod sessions;
mod sight;
mod sign_out;
mod site;
mod socket;
mod statistics;
mod sweep;
mod throttle;
mod topic;
mod user_history;
mod users;
mod webhooks;

use std::sync::Arc;

use axum::{
    Router,
    handler::Handler,
    routing::{MethodRouter, any, on},
};
use stillhere_engine::{time::Timestamp, wire::Refusal};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::spawn_blocking,
};

use crate::{
    caller::Proxies,
    error::Rejection,
    identity::Identity,
    limiter::{Limiter, ServerClock},
    limits,
    metrics::Metrics,
    openapi::route::{self, Route},
    presence::Presence,
    profiles::Profiles,
    request_id::RequestIds,
    settings::Settings,
    store::Store,
    webhooks::Webhooks,
};

pub(crate) use demo::Issuers;
use packed::Packed;

/// What every handler can reach.
#[derive(Clone)]
pub(crate) struct App {
    inner: Arc<Parts>,
}

struct Parts {
    settings: Settings,
    identity: Identity,
    presence: Presence,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    profiles: Arc<Profiles>,
    webhooks: Arc<Webhooks>,
    proxies: Proxies,
    limiter: Arc<Limiter>,
    ids: RequestIds,
    watchers: Arc<Semaphore>,
    exports: Arc<Semaphore>,
    histories: Arc<Semaphore>,
    sockets: Arc<Semaphore>,
    packed: Arc<Packed>,
    stop: watch::Receiver<bool>,
}

impl App {
    pub(crate) fn new(
        settings: Settings,
        presence: Presence,
        store: Arc<dyn Store>,
        metrics: Arc<Metrics>,
        profiles: Arc<Profiles>,
        webhooks: Arc<Webhooks>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let proxies = Proxies::new(settings.operation());
        let limiter = Arc::new(Limiter::new(settings.operation(), ServerClock(presence.clock())));
        let identity = Identity::new(&settings);
        let [watchers, sockets, exports, histories] =
            [limits::WATCHERS, limits::SOCKETS, limits::EXPORTS, limits::HISTORIES]
                .map(|most| Arc::new(Semaphore::new(most)));
        let parts = Parts {
            settings,
            identity,
            presence,
            store,
            metrics,
            profiles,
            webhooks,
            proxies,
            limiter,
            ids: RequestIds::new(),
            watchers,
            exports,
            histories,
            sockets,
            packed: Arc::new(Packed::new()),
            stop,
        };
        Self { inner: Arc::new(parts) }
    }

    /// A place for one who downloads a whole list.
    fn export(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.inner.exports).try_acquire_owned().map_err(|_| Refusal::Busy)
    }

    /// Waits for one's turn to have a history counted.
    async fn history_turn(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.inner.histories).acquire_owned().await.map_err(|_| Refusal::Busy)
    }

    /// The places of sockets, for whoever waits until all have ended.
    pub(crate) fn sockets(&self) -> Arc<Semaphore> {
        Arc::clone(&self.inner.sockets)
    }

    fn now(&self) -> Timestamp {
        self.inner.presence.clock().now()
    }
}

/// A route and what answers it.
type Served = (&'static Route, MethodRouter<App>);

fn serve<H: Handler<T, App>, T: 'static>(route: &'static Route, handler: H) -> Served {
    (route, on(route.method.filter(), handler))
}

/// What lies below the base path.
fn api() -> [Served; 24] {
    [
        serve(&route::BEAT, beat::take),
        serve(&route::CHANNELS, channels::all),
        serve(&route::CHANNEL, channels::one),
        serve(&route::FEED, feed::follow),
        serve(&route::SOCKET, socket::open),
        serve(&route::PUNCH, punches::punch),
        serve(&route::PUNCHES, punches::list),
        serve(&route::GATE, gate::enter),
        serve(&route::SIGN_OUT, sign_out::sign_out),
        serve(&route::USERS, people::all),
        serve(&route::PEOPLE, people::for_admin),
        serve(&route::USER, users::one),
        serve(&route::EXPLAIN, users::explain),
        serve(&route::SESSIONS, sessions::list),
        serve(&route::SESSION, sessions::one),
        serve(&route::STATISTICS, statistics::show),
        serve(&route::HISTORY, user_history::show),
        serve(&route::REMOVE, removal::remove),
        serve(&route::SWEEP, sweep::sweep),
        serve(&route::SWEEP_BY_POST, sweep::sweep),
        serve(&route::WEBHOOKS, webhooks::list),
        serve(&route::DEAD_LETTERS, webhooks::dead),
        serve(&route::RETRY_LETTERS, webhooks::retry),
        serve(&route::TRY_WEBHOOK, webhooks::try_out),
    ]
}

/// What lies beside it.
fn beside() -> [Served; 6] {
    [
        serve(&route::ALIVE, health::alive),
        serve(&route::READY, health::ready),
        serve(&route::METRICS, metrics::show),
        serve(&route::OPENAPI, openapi::show),
        serve(&route::CLIENT, site::client),
        serve(&route::INDEX, site::index),
    ]
}

/// Every route, with the path below which it lies.
pub(crate) fn every_route(base_path: &str) -> Vec<(&str, &'static Route)> {
    let below = api().map(|(route, _)| (base_path, route));
    below.into_iter().chain(beside().map(|(route, _)| ("", route))).collect()
}

fn router(base_path: &str, served: impl IntoIterator<Item = Served>) -> Router<App> {
    let begun = Router::new();
    let whole = served
        .into_iter()
        .fold(begun, |router, (route, method)| router.route(&format!("{base_path}{}", route.path), method));
    whole.method_not_allowed_fallback(method_wrong)
}

/// All routes of a server.
pub(crate) fn routes(app: App) -> Router {
    let all = router("", beside()).merge(below(&app, api())).fallback(site::page);
    around::whole(all, app)
}

/// The routes of a further system on the same address: only those below its base path, where its figures are too.
pub(crate) fn further(app: App) -> Router {
    let served = api().into_iter().chain([serve(&route::METRICS, metrics::show)]);
    around::whole(below(&app, served), app)
}

/// Not nested: a nested router's routes have two more layers around each, for every request.
fn below(app: &App, served: impl IntoIterator<Item = Served>) -> Router<App> {
    let base_path = app.inner.settings.base_path();
    let others = ["", "/", "/{*path}"].map(|rest| format!("{base_path}{rest}"));
    let routes = router(base_path, served);
    around::api(others.iter().fold(routes, |routes, path| routes.route(path, any(unknown))), app)
}

/// What takes long without waiting for anything: beside the threads on which everybody else is answered.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    spawn_blocking(work).await.map_err(|_| Refusal::Busy)
}

async fn unknown() -> Rejection {
    Rejection::Unknown
}

async fn method_wrong() -> Rejection {
    Rejection::MethodWrong
}
