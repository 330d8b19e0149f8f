//! `POST /beat`: still here.

use axum::{
    Json,
    body::Bytes,
    extract::{
        State,
        rejection::{BytesRejection, FailedToBufferBody},
    },
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use stillhere_engine::{
    time::Timestamp,
    wire::{Accepted, BadBeat, RawBeat, Refusal},
};

use super::App;
use crate::{caller::Caller, error::Rejection};

/// Takes a beat and answers with the policy.
pub(super) async fn take(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let clock = app.inner.presence.clock();
    let begun = clock.passed();
    let answer = accept(&app, caller, &headers, body).await;
    if answer.is_ok() {
        app.inner.metrics.beat(clock.passed().saturating_sub(begun));
    }
    match (answer, app.inner.settings.legacy_success()) {
        (Ok(taken), false) => (taken.cookie(), Json(taken.accepted)).into_response(),
        (Ok(taken), true) => {
            (taken.cookie(), Json(WithSuccess { success: true, accepted: taken.accepted })).into_response()
        }
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

/// A beat that was taken.
struct Taken {
    accepted: Accepted,
    /// The cookie of the session that the server has begun for a page that cannot begin one.
    cookie: Option<HeaderValue>,
}

impl Taken {
    fn cookie(&self) -> Option<[(HeaderName, HeaderValue); 1]> {
        self.cookie.clone().map(|cookie| [(header::SET_COOKIE, cookie)])
    }
}

async fn accept(
    app: &App,
    caller: Caller,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Taken, Rejection> {
    if !is_json_or_text(headers) {
        return Err(Rejection::TypeWrong);
    }
    let body = whole(body)?;
    if body.is_empty() {
        return accept_empty(app, caller, headers).await;
    }
    let bad = |why| Rejection::from(Refusal::BadBeat(why));
    let raw: RawBeat = serde_json::from_slice(&body).map_err(|why| bad(BadBeat::Json(why.to_string())))?;
    let beat = raw.parse().map_err(bad)?;
    let who = app.inner.identity.of_beat(headers, raw.token.as_deref(), app.now())?;
    let accepted = app.beat_of(caller, &who, beat).await?;
    Ok(Taken { accepted, cookie: None })
}

/// The beat of a page that says nothing: its cookie names the session. One that has ended is followed by the next.
async fn accept_empty(app: &App, caller: Caller, headers: &HeaderMap) -> Result<Taken, Rejection> {
    let (identity, now) = (&app.inner.identity, app.now());
    let visit = identity.of_visitor(headers, now)?.ok_or(Rejection::BeatEmpty)?;
    match (app.visit(caller, &visit, now).await, identity.gate()) {
        (Err(Rejection::Engine(Refusal::SessionEnded)), Some(gate)) => {
            let mut next = visit.again(gate.new_session(), now);
            let accepted = app.visit(caller, &next, now).await?;
            next.started_at = Timestamp(accepted.now_ms);
            Ok(Taken { accepted, cookie: gate.cookie(&next, now) })
        }
        (answer, _) => Ok(Taken { accepted: answer?, cookie: None }),
    }
}

/// The body, all of it.
pub(super) fn whole(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Rejection> {
    body.map_err(|why| match why {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Rejection::BodyTooLong,
        _ => Rejection::BodyLost,
    })
}

/// A beacon with a string says `text/plain;charset=UTF-8`, and a request without a body need not say anything.
pub(super) fn is_json_or_text(headers: &HeaderMap) -> bool {
    content_type(headers).is_none_or(|kind| ["text/plain", "application/json"].contains(&kind.as_str()))
}

/// What the body says it is, in small letters and without parameters.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or_default();
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}
