//! `GET /openapi.json`: every route, for programs.

use axum::{Json, extract::State};
use serde_json::Value;

use super::{App, every_route};
use crate::openapi::document;

/// The document, made each time: nobody asks for it often.
pub(super) async fn show(State(app): State<App>) -> Json<Value> {
    Json(document(every_route(app.inner.settings.base_path())))
}
