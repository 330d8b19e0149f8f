//! `POST` or `GET /admin/sweep`: looks at all leases now, for whoever wants a job from outside to do it.
//!
//! The server does so by itself, within a moment of each lease's end; a sweep finds only what has come due since. Two
//! at the same time find each end once.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use stillhere_engine::{time::Timestamp, wire::Refusal};

use super::App;
use crate::{
    error::Rejection,
    identity, moment,
    settings::{Auth, Secret},
    views::PunchView,
};

/// Where a cron job may say its secret too.
const CRON_SECRET: HeaderName = HeaderName::from_static("x-cron-secret");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Swept<'a> {
    now_at: String,
    /// Sessions that it has ended.
    ended: usize,
    /// The punches that followed, on disk.
    auto_outs: Vec<PunchView<'a>>,
}

/// Ends what is over, and says what that was once it is on disk.
pub(super) async fn sweep(State(app): State<App>, headers: HeaderMap) -> Result<Response, Rejection> {
    let now = app.now();
    may_sweep(&app, &headers, now)?;
    let swept = app.inner.presence.sweep().await?;
    let answer = Swept {
        now_at: moment::to_text(swept.at),
        ended: swept.ended,
        auto_outs: swept.auto_outs.iter().map(PunchView::from).collect(),
    };
    Ok(Json(answer).into_response())
}

/// The cron job by its secret, or an admin. Where anybody may be anybody, the secret is asked for if there is one.
fn may_sweep(app: &App, headers: &HeaderMap, now: Timestamp) -> Result<(), Rejection> {
    let settings = &app.inner.settings;
    if let Some(secret) = &settings.operation().cron_secret {
        if says(secret, headers) {
            return Ok(());
        }
        if headers.contains_key(CRON_SECRET) {
            return Err(Refusal::TokenBad.into());
        }
        if matches!(settings.auth(), Auth::None) {
            let is_said = identity::bearer(headers)?.is_some();
            return Err(if is_said { Refusal::TokenBad } else { Refusal::TokenMissing }.into());
        }
    }
    app.inner.identity.of_admin(headers, now)
}

fn says(secret: &Secret, headers: &HeaderMap) -> bool {
    let by_header = headers.get(CRON_SECRET).is_some_and(|said| secret.is(said.as_bytes()));
    by_header || matches!(identity::bearer(headers), Ok(Some(said)) if secret.is(said.as_bytes()))
}
