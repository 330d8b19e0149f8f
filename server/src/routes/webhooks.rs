//! `GET /admin/webhooks`: how it goes with each webhook. Below it, what an operator can do about one that fails: look at its
//! dead letters, have them sent again, and try it out.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stillhere_engine::wire::Refusal;

use super::{App, question};
use crate::{
    error::Rejection,
    moment,
    store::{DeadLetter, StoreError},
    webhooks::{Event, Format, Line},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct All<'a> {
    now_at: String,
    webhooks: Vec<One<'a>>,
}

/// One webhook. Its address may be a secret, so only its host is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct One<'a> {
    name: &'a str,
    host: &'a str,
    format: Format,
    events: &'a [Event],
    waiting: u64,
    dead: u64,
    last_success_at: Option<String>,
    last_failure_at: Option<String>,
    /// What was wrong with the last failure.
    why: Option<String>,
    gone: bool,
}

/// Each webhook: what waits for it, and how it has gone lately.
pub(super) async fn list(State(app): State<App>, headers: HeaderMap) -> Result<Response, Rejection> {
    app.inner.identity.of_admin(&headers, app.now())?;
    let mut webhooks = Vec::new();
    for line in app.inner.webhooks.lines() {
        let (hook, report) = (&line.hook, line.report());
        let count = app.inner.store.outbox().count(&hook.name).await.map_err(|why| unreadable(&why))?;
        webhooks.push(One {
            name: &hook.name,
            host: hook.host(),
            format: hook.format,
            events: &hook.events,
            waiting: count.waiting,
            dead: count.dead,
            last_success_at: report.success_at.map(moment::to_text),
            last_failure_at: report.failure_at.map(moment::to_text),
            why: report.why,
            gone: report.is_gone,
        });
    }
    Ok(Json(All { now_at: moment::to_text(app.now()), webhooks }).into_response())
}

/// What was asked of the dead letters, as it was typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    limit: Option<String>,
    after: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dead<'a> {
    now_at: String,
    letters: Vec<Letter<'a>>,
    next: Option<String>,
}

/// A dead letter.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Letter<'a> {
    /// What it is called in the header `webhook-id`.
    id: &'a str,
    made_at: String,
    failed_at: String,
    attempts: u32,
    why: &'a str,
    body: Value,
}

impl<'a> From<&'a DeadLetter> for Letter<'a> {
    fn from(dead: &'a DeadLetter) -> Self {
        let letter = &dead.waiting.letter;
        Self {
            id: &letter.message,
            made_at: moment::to_text(letter.made_at),
            failed_at: moment::to_text(dead.failed_at),
            attempts: dead.waiting.attempts,
            why: &dead.why,
            // What this server has written is JSON.
            body: serde_json::from_str(&letter.body).unwrap_or_default(),
        }
    }
}

/// A page of the letters that nobody sends any more, newest first.
pub(super) async fn dead(
    State(app): State<App>,
    headers: HeaderMap,
    Path(name): Path<String>,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, Rejection> {
    let line = line(&app, &headers, &name)?;
    let Query(question) = question.map_err(|why| Rejection::QueryBad(format!("{}.", why.body_text())))?;
    let limit = question::limit(question.limit).map_err(Rejection::QueryBad)?;
    let after = question.after.map(|text| u64::from_str_radix(&text, 16)).transpose();
    let after = after.map_err(|_| Rejection::QueryBad("`after` must be the `next` of an earlier answer.".into()))?;
    let found = app.inner.store.outbox().dead(&line.hook.name, after, limit).await.map_err(|why| unreadable(&why))?;
    let answer = Dead {
        now_at: moment::to_text(app.now()),
        letters: found.rows.iter().map(Letter::from).collect(),
        next: found.next.map(|id| format!("{id:x}")),
    };
    Ok(Json(answer).into_response())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Retried {
    /// How many dead letters wait again.
    revived: u64,
}

/// Dead letters wait again, and all that wait are due now.
pub(super) async fn retry(
    State(app): State<App>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Rejection> {
    let line = line(&app, &headers, &name)?;
    let revived = app.inner.store.outbox().revive(&line.hook.name, app.now()).await.map_err(|why| unreadable(&why))?;
    line.nudge();
    Ok(Json(Retried { revived }).into_response())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tried {
    delivered: bool,
    /// Why not.
    why: Option<String>,
}

/// Sends a letter about nothing, now and once, and says what became of it.
pub(super) async fn try_out(
    State(app): State<App>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Rejection> {
    let line = line(&app, &headers, &name)?;
    let delivered = app.inner.webhooks.try_out(line, app.now()).await.ok_or(Refusal::Busy)?;
    let why = delivered.err().map(|failure| failure.why);
    Ok(Json(Tried { delivered: why.is_none(), why }).into_response())
}

/// The one of that name, for an admin.
fn line<'a>(app: &'a App, headers: &HeaderMap, name: &str) -> Result<&'a Line, Rejection> {
    app.inner.identity.of_admin(headers, app.now())?;
    app.inner.webhooks.line(name).ok_or(Rejection::Unknown)
}

fn unreadable(why: &StoreError) -> Refusal {
    tracing::error!(%why, "the letters to webhooks are out of reach");
    Refusal::StoreDown
}
