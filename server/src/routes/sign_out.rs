//! `DELETE /sessions/{id}`: signed out, or gone offline on purpose.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, NoContent, Response},
};
use stillhere_engine::wire::{BadBeat, Refusal, SessionId};

use super::App;
use crate::{error::Rejection, identity::FORGET_VISIT};

/// Ends a session of whoever asks, at once. Doing it twice is no error: what was wanted is so. A visitor who ends the
/// session of their cookie has to come through the gate again.
pub(super) async fn sign_out(
    State(app): State<App>,
    Path(session): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let (identity, now) = (&app.inner.identity, app.now());
    let who = identity.of_beat(&headers, None, now)?;
    let session = SessionId::parse(&session).map_err(|why: BadBeat| Refusal::BadBeat(why))?;
    app.inner.presence.sign_out(who.user.clone(), session).await?;
    // A cookie that is not good needs no forgetting, and who signs out by a token has none.
    let is_visits = matches!(identity.of_visitor(&headers, now), Ok(Some(visit)) if visit.session == session);
    let forget = is_visits.then_some([(header::SET_COOKIE, FORGET_VISIT)]);
    Ok((forget, NoContent).into_response())
}
