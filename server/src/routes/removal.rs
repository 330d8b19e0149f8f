//! `DELETE /admin/users/{user}`: removes what is kept of a person.

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use stillhere_engine::wire::UserId;

use super::App;
use crate::{error::Rejection, moment};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RemovedView {
    now_at: String,
    sessions: u64,
    spans: u64,
    visits: u64,
    /// Rows of the log that are nobody's now.
    punches: u64,
}

/// Ends the person's sessions and removes what is kept of them; on disk when it is answered. Doing it again is no error,
/// and removes what has come since.
pub(super) async fn remove(
    State(app): State<App>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    app.inner.identity.of_admin(&headers, app.now())?;
    let user = UserId::parse(&user).map_err(|rule| Rejection::QueryBad(format!("The user in the path: {rule}.")))?;
    let removed = app.inner.presence.remove(user.clone()).await?;
    app.inner.profiles.forget(&user);
    let answer = RemovedView {
        now_at: moment::to_text(app.now()),
        sessions: removed.sessions,
        spans: removed.spans,
        visits: removed.visits,
        punches: removed.punches,
    };
    Ok(Json(answer).into_response())
}
