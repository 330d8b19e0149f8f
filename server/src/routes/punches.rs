//! `POST /punches`: in or out. `GET /punches`: the log, one's own or, for an admin, everybody's; as JSON or as CSV.

use std::sync::Arc;

use axum::{
    Json,
    extract::{
        Query, State,
        rejection::{JsonRejection, QueryRejection},
    },
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use stillhere_engine::{
    tracker::{PunchKind, Way},
    wire::{Refusal, UserId},
};

use super::{App, question};
use crate::{
    csv::{self, Format},
    error::Rejection,
    identity::Who,
    moment,
    store::PunchQuery,
    views::PunchView,
};

/// What a page posts: `{"kind": "IN"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    kind: AskedKind,
}

/// What a person may say of themselves; the rest is the server's to say.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum AskedKind {
    In,
    Out,
}

/// What was asked of the log, as it was typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    user: Option<String>,
    kind: Option<String>,
    from: Option<String>,
    to: Option<String>,
    limit: Option<String>,
    after: Option<String>,
    format: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Punches<'a> {
    now_at: String,
    punches: Vec<PunchView<'a>>,
    next: Option<String>,
}

/// Punches whoever asks, and nobody else.
pub(super) async fn punch(
    State(app): State<App>,
    headers: HeaderMap,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Result<Response, Rejection> {
    let who = app.inner.identity.of_beat(&headers, None, app.now())?;
    let Json(asked) = asked?;
    let way = match asked.kind {
        AskedKind::In => Way::In,
        AskedKind::Out => Way::Out,
    };
    let row = app.inner.presence.punch(who.user.clone(), way).await?;
    Ok(Json(PunchView::from(&*row)).into_response())
}

/// The log, newest row first: a page of it as JSON, all of it as CSV.
pub(super) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, Rejection> {
    let who = app.inner.identity.of_watcher(&headers, app.now())?;
    let Query(question) = question.map_err(|why| Rejection::QueryBad(format!("{}.", why.body_text())))?;
    let format = Format::asked(question.format.as_deref(), &headers).map_err(Rejection::QueryBad)?;
    let query = question.parse(format).map_err(Rejection::QueryBad)?;
    let query = PunchQuery { user: visible_to(who.as_deref(), query.user)?, ..query };
    app.inner.presence.settle().await?;
    match format {
        Format::Json => page(&app, &query).await,
        Format::Csv => Ok(table(&app, query).await?),
    }
}

async fn page(app: &App, query: &PunchQuery) -> Result<Response, Rejection> {
    let found = app.inner.store.punches(query).await.map_err(|why| {
        tracing::error!(%why, "the log of punches could not be read");
        Refusal::StoreDown
    })?;
    let answer = Punches {
        now_at: moment::to_text(app.now()),
        punches: found.rows.iter().map(PunchView::from).collect(),
        next: found.next.map(|id| format!("{id:x}")),
    };
    Ok(Json(answer).into_response())
}

async fn table(app: &App, query: PunchQuery) -> Result<Response, Refusal> {
    let (place, store) = (app.export()?, Arc::clone(&app.inner.store));
    csv::answer("punches", PunchView::COLUMNS, place, move |after| {
        let (store, query) = (Arc::clone(&store), PunchQuery { after, ..query.clone() });
        async move {
            let found = store.punches(&query).await?;
            let lines = csv::lines(PunchView::COLUMNS, found.rows.iter().map(PunchView::from))?;
            Ok(csv::Piece { lines, next: found.next })
        }
    })
    .await
}

/// Whose rows may be shown: an admin sees everybody's, anybody else their own.
fn visible_to(who: Option<&Who>, asked_for: Option<UserId>) -> Result<Option<UserId>, Refusal> {
    let Some(who) = who.filter(|who| !who.is_admin()) else { return Ok(asked_for) };
    match asked_for {
        Some(user) if user != who.user => Err(Refusal::NotAllowed),
        _ => Ok(Some(who.user.clone())),
    }
}

impl Question {
    fn parse(self, format: Format) -> Result<PunchQuery, String> {
        let limit = match format {
            Format::Json => question::limit(self.limit)?,
            Format::Csv => question::limit_of_table(self.limit.as_ref().or(self.after.as_ref()))?,
        };
        let kind = |word: String| {
            PunchKind::parse(&word).ok_or("`kind` must be IN, OUT, AUTO_OUT or CORRECTION, in capital letters.")
        };
        let after = |text: String| {
            u64::from_str_radix(&text, 16).map_err(|_| "`after` must be the `next` of an earlier answer.")
        };
        Ok(PunchQuery {
            user: question::user(self.user)?,
            kind: self.kind.map(kind).transpose()?,
            from: question::moment("from", self.from)?,
            to: question::moment("to", self.to)?,
            limit,
            after: self.after.map(after).transpose()?,
        })
    }
}
