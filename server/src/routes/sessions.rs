//! `GET /admin/sessions`: how long everybody stayed; as JSON or as CSV.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use stillhere_engine::wire::Refusal;

use super::{App, question};
use crate::{
    csv::{self, Format},
    error::Rejection,
    moment,
    store::{Cursor, SessionQuery, Stay},
    views::{SessionView, TotalsView},
};

/// What was asked, as it was typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    user: Option<String>,
    channel: Option<String>,
    page: Option<String>,
    from: Option<String>,
    to: Option<String>,
    open: Option<String>,
    limit: Option<String>,
    after: Option<String>,
    format: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sessions<'a> {
    now_at: String,
    sessions: Vec<SessionView<'a>>,
    totals: TotalsView,
    next: Option<String>,
}

/// The sessions that match, newest first: a page of them and the totals of all as JSON, or all of them as CSV.
pub(super) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, Rejection> {
    app.inner.identity.of_admin(&headers, app.now())?;
    let Query(question) = question.map_err(|why| Rejection::QueryBad(format!("{}.", why.body_text())))?;
    let format = Format::asked(question.format.as_deref(), &headers).map_err(Rejection::QueryBad)?;
    let query = question.parse(format).map_err(Rejection::QueryBad)?;
    // Who has just been told of a leave finds it here.
    app.inner.driver.settle().await?;
    match format {
        Format::Json => page(&app, &query).await,
        Format::Csv => Ok(table(&app, query).await?),
    }
}

async fn page(app: &App, query: &SessionQuery) -> Result<Response, Rejection> {
    let found = app.inner.store.sessions(query).await.map_err(|why| {
        tracing::error!(%why, "the list of sessions could not be read");
        Refusal::StoreDown
    })?;
    let answer = Sessions {
        now_at: moment::to_text(app.now()),
        sessions: found.page.rows.iter().map(SessionView::from).collect(),
        totals: found.totals.into(),
        next: found.page.next.map(|cursor| cursor.to_string()),
    };
    Ok(Json(answer).into_response())
}

async fn table(app: &App, query: SessionQuery) -> Result<Response, Refusal> {
    let (place, store) = (app.export()?, Arc::clone(&app.inner.store));
    csv::answer("sessions", SessionView::COLUMNS, place, move |after| {
        let (store, query) = (Arc::clone(&store), SessionQuery { after, ..query.clone() });
        async move {
            let found = store.session_page(&query).await?;
            let lines = csv::lines(SessionView::COLUMNS, found.rows.iter().map(SessionView::from))?;
            Ok(csv::Piece { lines, next: found.next })
        }
    })
    .await
}

impl Question {
    fn parse(self, format: Format) -> Result<SessionQuery, String> {
        let limit = match format {
            Format::Json => question::limit(self.limit)?,
            Format::Csv => question::limit_of_table(self.limit.as_ref().or(self.after.as_ref()))?,
        };
        let stay = match self.open.as_deref() {
            None => None,
            Some("true") => Some(Stay::Open),
            Some("false") => Some(Stay::Ended),
            Some(_) => return Err("`open` must be true, for those that go on, or false, for those that ended.".into()),
        };
        let cursor = |text: String| Cursor::parse(&text).ok_or("`after` must be the `next` of an earlier answer.");
        Ok(SessionQuery {
            user: question::user(self.user)?,
            channel: question::channel(self.channel)?,
            page: question::page(self.page)?,
            from: question::moment("from", self.from)?,
            to: question::moment("to", self.to)?,
            stay,
            limit,
            after: self.after.map(cursor).transpose()?,
        })
    }
}
