//! `GET /metrics`: figures about the running server, for Prometheus.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use stillhere_engine::wire::Refusal;

use super::App;
use crate::{
    caller::Caller,
    error::Rejection,
    identity, limits,
    metrics::Levels,
    settings::{MetricsWord, Operation},
};

/// The version of the text's format.
const FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// All figures, for whoever may see them.
pub(super) async fn show(State(app): State<App>, caller: Caller, headers: HeaderMap) -> Result<Response, Rejection> {
    may_see(&app, caller, &headers)?;
    let watchers = limits::WATCHERS.saturating_sub(app.inner.watchers.available_permits());
    let sockets = limits::SOCKETS.saturating_sub(app.inner.sockets.available_permits());
    let commands = app.inner.presence.waiting();
    let text = app.inner.metrics.render(Levels { commands, watchers, sockets });
    Ok(([(header::CONTENT_TYPE, FORMAT)], text).into_response())
}

/// Where there is a token, it alone counts: behind a proxy of the same machine everybody would be from here.
fn may_see(app: &App, caller: Caller, headers: &HeaderMap) -> Result<(), Rejection> {
    let Operation { metrics, metrics_token, .. } = app.inner.settings.operation();
    if let Some(token) = metrics_token {
        let said = identity::bearer(headers)?.ok_or(Refusal::TokenMissing)?;
        return if token.is(said.as_bytes()) { Ok(()) } else { Err(Refusal::TokenBad.into()) };
    }
    match metrics {
        MetricsWord::Open => Ok(()),
        MetricsWord::Local if caller.is_local() => Ok(()),
        MetricsWord::Local | MetricsWord::Off => Err(Rejection::MetricsClosed),
    }
}
