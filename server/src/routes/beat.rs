//! `POST /beat`: still here.

use axum::{
    Json,
    body::Bytes,
    extract::{
        State,
        rejection::{BytesRejection, FailedToBufferBody},
    },
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use stillhere_engine::wire::{Accepted, BadBeat, RawBeat, Refusal};

use super::App;
use crate::error::Rejection;

/// Takes a beat and answers with the policy.
pub(super) async fn take(State(app): State<App>, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Response {
    let answer = accept(&app, &headers, body).await;
    match (answer, app.inner.settings.legacy_success()) {
        (Ok(accepted), false) => Json(accepted).into_response(),
        (Ok(accepted), true) => Json(WithSuccess { success: true, accepted }).into_response(),
        (Err(rejection), false) => rejection.into_response(),
        (Err(rejection), true) => rejection.with_success(),
    }
}

/// The answer for pages of an older system, which look for `success`.
#[derive(Serialize)]
struct WithSuccess {
    success: bool,
    #[serde(flatten)]
    accepted: Accepted,
}

async fn accept(app: &App, headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Accepted, Rejection> {
    if !is_json_or_text(headers) {
        return Err(Rejection::TypeWrong);
    }
    let body = body.map_err(|why| match why {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Rejection::BodyTooLong,
        _ => Rejection::BodyLost,
    })?;
    if body.is_empty() {
        return Err(Rejection::BeatEmpty);
    }
    let bad = |why| Rejection::from(Refusal::BadBeat(why));
    let raw: RawBeat = serde_json::from_slice(&body).map_err(|why| bad(BadBeat::Json(why.to_string())))?;
    let beat = raw.parse().map_err(bad)?;
    let who = app.inner.identity.of_beat(headers, raw.token.as_deref(), app.now())?;
    Ok(app.inner.driver.beat(who.user, who.issued_at, beat).await?)
}

/// A beacon with a string says `text/plain;charset=UTF-8`, and a request without a body need not say anything.
fn is_json_or_text(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("text/plain") || essence.eq_ignore_ascii_case("application/json")
}
