//! What stands around every route: what a request has to pass, and what every answer has.
//!
//! Few layers that each do much: every layer of a router clones whatever lies below it, and asks for memory for it, for
//! every request.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use stillhere_engine::limits::BEAT_BYTES;
use tokio::time::timeout;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument;

use super::App;
use crate::{caller::Caller, error::Rejection, limits, request_id, settings::Auth};

/// The API of one system: bounded in every way, and for whom it is for.
pub(super) fn api(routes: Router<App>, app: &App) -> Router<App> {
    let admitted = middleware::from_fn_with_state(app.clone(), admit);
    routes.layer((DefaultBodyLimit::max(BEAT_BYTES), admitted))
}

/// What is asked from this machine only, as long as everybody is believed.
pub(super) fn local(routes: Router<App>, app: &App) -> Router<App> {
    let for_this_machine = middleware::from_fn_with_state(app.clone(), for_this_machine);
    routes.layer((DefaultBodyLimit::max(BEAT_BYTES), for_this_machine))
}

/// With what every answer has.
pub(super) fn whole(routes: Router<App>, app: App) -> Router {
    let settings = &app.inner.settings;
    let attended = middleware::from_fn_with_state(app.clone(), attend);
    let origins = settings.allowed_origins();
    let routes = if origins.is_empty() {
        routes.layer(attended)
    } else {
        routes.layer((attended, cors(origins, settings.auth())))
    };
    routes.with_state(app)
}

/// Lets in who may be let in. What is no beat is bounded by its address; beats have bounds of their own, and so has the
/// e-mail gate. And nobody waits for ever: not for a body that does not come, nor for an answer. A feed counts until it begins.
async fn admit(State(app): State<App>, caller: Caller, request: Request, next: Next) -> Response {
    if !app.inner.identity.trusts_host(request.headers()) {
        return Rejection::HostBad.into_response();
    }
    if let Err(throttled) = app.bound(caller, &request) {
        return Rejection::from(throttled).into_response();
    }
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

/// Gives the request its id, and the answer too, and everything that is logged meanwhile says whose it is; counts refusals,
/// and makes every answer safe.
async fn attend(State(app): State<App>, caller: Caller, mut request: Request, next: Next) -> Response {
    let id = app.inner.ids.of(request.headers());
    request.extensions_mut().insert(id.clone());
    // At the level of errors, so that these say it whatever else is logged. An id has nothing to be escaped, which is looked
    // for letter by letter where it is told as a text.
    let span = tracing::error_span!("request", id = %id.as_str(), method = %request.method());
    let answered = async move {
        // The path names sessions and users, so it is for who looks closely; what follows the question mark for nobody.
        tracing::debug!(path = request.uri().path(), "begun");
        let response = app.count_refusal(caller, next.run(request).await).await;
        // Whoever refuses for a reason that an operator should know has logged it; a slow client is no such reason.
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    };
    let mut response = answered.instrument(span).await;
    let headers = response.headers_mut();
    headers.insert(request_id::HEADER, id.into());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Who is here is nothing for a shared cache.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
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
