//! The routes, one file for each noun. A handler finds out who asks, reads what is asked, and sends one command.

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
    extract::{DefaultBodyLimit, Request, State},
    handler::Handler,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, on},
};
use stillhere_engine::{limits::BEAT_BYTES, time::Timestamp, wire::Refusal};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::spawn_blocking,
    time::timeout,
};
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    trace::TraceLayer,
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
    request_id::{self, RequestId, RequestIds},
    settings::{Auth, Settings},
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

fn router(served: impl IntoIterator<Item = Served>) -> Router<App> {
    served.into_iter().fold(Router::new(), |router, (route, method)| router.route(route.path, method))
}

/// All routes of a server.
pub(crate) fn routes(app: App) -> Router {
    let all = router(beside())
        .nest(app.inner.settings.base_path(), below(&app, api()))
        .fallback(site::page)
        .method_not_allowed_fallback(method_wrong);
    whole(all, app)
}

/// The routes of a further system on the same address: only those below its base path, where its figures are too.
pub(crate) fn further(app: App) -> Router {
    let served = api().into_iter().chain([serve(&route::METRICS, metrics::show)]);
    whole(Router::new().nest(app.inner.settings.base_path(), below(&app, served)), app)
}

fn below(app: &App, served: impl IntoIterator<Item = Served>) -> Router<App> {
    router(served)
        .fallback(unknown)
        .method_not_allowed_fallback(method_wrong)
        .layer(middleware::from_fn_with_state(app.clone(), throttle::bound))
        .layer(middleware::from_fn_with_state(app.clone(), for_this_machine))
        .layer(middleware::from_fn(in_time))
        .layer(DefaultBodyLimit::max(BEAT_BYTES))
}

/// With what every answer has.
fn whole(routes: Router<App>, app: App) -> Router {
    let settings = &app.inner.settings;
    let mut all = routes
        .layer(middleware::map_response(harden))
        .layer(middleware::from_fn_with_state(app.clone(), throttle::count_refusals));
    if !settings.allowed_origins().is_empty() {
        all = all.layer(cors(settings.allowed_origins(), settings.auth()));
    }
    // Whoever refuses for a reason that an operator should know has logged it; a slow client is no such reason.
    let trace = TraceLayer::new_for_http().make_span_with(span).on_request(note_request).on_failure(());
    let ids = Arc::new(RequestIds::new());
    all.layer(trace).layer(middleware::from_fn_with_state(ids, request_id::mark)).with_state(app)
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

/// Nobody waits for ever: not for a body that does not come, nor for an answer. A feed counts until it begins.
async fn in_time(request: Request, next: Next) -> Response {
    timeout(limits::ANSWER_WITHIN, next.run(request)).await.unwrap_or_else(|_| Rejection::Late.into_response())
}

/// A server that believes everybody is for this machine, whatever name leads a browser here.
async fn for_this_machine(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.inner.identity.trusts_host(request.headers()) {
        next.run(request).await
    } else {
        Rejection::HostBad.into_response()
    }
}

async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Who is here is nothing for a shared cache.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// What every line about a request says: at the level of errors, so that these say it whatever else is logged.
fn span(request: &Request) -> tracing::Span {
    let id = request.extensions().get().map_or("", RequestId::as_str);
    tracing::error_span!("request", id, method = %request.method())
}

/// The path names sessions and users, so it is for who looks closely; what follows the question mark for nobody.
fn note_request(request: &Request, _: &tracing::Span) {
    tracing::debug!(path = request.uri().path(), "begun");
}

fn cors(origins: &[String], auth: &Auth) -> CorsLayer {
    // A page of another origin may have its visitors' cookie sent where a cookie can say who they are.
    let by_cookie = match auth {
        Auth::None => false,
        Auth::Jwt(rules) => rules.cookie.is_some(),
        Auth::Email(_) => true,
    };
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(by_cookie)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("last-event-id")])
        .expose_headers([header::RETRY_AFTER, request_id::HEADER])
        .max_age(limits::PREFLIGHT_AGE)
}
