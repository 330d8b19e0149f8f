//! `GET /admin/sessions`: how long everybody stayed.

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
    from: Option<String>,
    to: Option<String>,
    open: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sessions<'a> {
    now_at: String,
    sessions: Vec<SessionView<'a>>,
    totals: TotalsView,
    next: Option<String>,
}

/// A page of the sessions that match, newest first, and the totals of all that match.
pub(super) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, Rejection> {
    app.inner.identity.of_admin(&headers, app.now())?;
    let Query(question) = question.map_err(|why| Rejection::QueryBad(format!("{}.", why.body_text())))?;
    let query = question.parse().map_err(Rejection::QueryBad)?;
    // Who has just been told of a leave finds it here.
    app.inner.driver.settle().await?;
    let found = app.inner.store.sessions(&query).await.map_err(|why| {
        tracing::error!(%why, "the list of sessions could not be read");
        Refusal::StoreDown
    })?;
    let answer = Sessions {
        now_at: moment::to_text(app.now()),
        sessions: found.rows.iter().map(SessionView::from).collect(),
        totals: found.totals.into(),
        next: found.next.map(|cursor| cursor.to_string()),
    };
    Ok(Json(answer).into_response())
}

impl Question {
    fn parse(self) -> Result<SessionQuery, String> {
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
            from: question::moment("from", self.from)?,
            to: question::moment("to", self.to)?,
            stay,
            limit: question::limit(self.limit)?,
            after: self.after.map(cursor).transpose()?,
        })
    }
}
