//! `DELETE /sessions/{id}`: signed out, or gone offline on purpose.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::NoContent,
};
use stillhere_engine::wire::{BadBeat, Refusal, SessionId};

use super::App;
use crate::error::Rejection;

/// Ends a session of whoever asks, at once. Doing it twice is no error: what was wanted is so.
pub(super) async fn sign_out(
    State(app): State<App>,
    Path(session): Path<String>,
    headers: HeaderMap,
) -> Result<NoContent, Rejection> {
    let who = app.inner.identity.of_beat(&headers, None, app.now())?;
    let session = SessionId::parse(&session).map_err(|why: BadBeat| Refusal::BadBeat(why))?;
    app.inner.driver.sign_out(who.user.clone(), session).await?;
    Ok(NoContent)
}
