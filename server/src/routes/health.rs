//! `GET /healthz`: whether the process is alive.

use axum::Json;
use serde_json::{Value, json};

/// It answers, so it is.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}
