//! `GET /admin/sessions`: how long everybody stayed. `GET /admin/sessions/{id}`: where one of them was, and when.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use stillhere_engine::{
    time::Timestamp,
    wire::{ChannelName, PagePath, Refusal, SessionId},
};

use super::{App, question};
use crate::{
    error::Rejection,
    moment,
    store::{Cursor, SessionQuery, Stay, Viewed},
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

/// One session, and where it was.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct One<'a> {
    now_at: String,
    session: SessionView<'a>,
    /// In order; the last is where it is, or was in the end.
    pages: Vec<ViewedView<'a>>,
    /// From and to.
    visible: Vec<[String; 2]>,
}

/// A page, for as long as the session was on it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ViewedView<'a> {
    channel: &'a str,
    page: Option<&'a str>,
    from_at: String,
    /// `null` while it is there.
    until_at: Option<String>,
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

/// One session: the pages that it was on, and when it was visible.
pub(super) async fn one(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    app.inner.identity.of_admin(&headers, app.now())?;
    let session = SessionId::parse(&id).map_err(|_| {
        Rejection::QueryBad("A session's id is 22 letters, digits, - and _, as the list of sessions shows it.".into())
    })?;
    app.inner.driver.settle().await?;
    let unreadable = |why| {
        tracing::error!(%why, "a session could not be read");
        Refusal::StoreDown
    };
    let row = app.inner.store.session(session).await.map_err(unreadable)?.ok_or(Rejection::Unknown)?;
    let traces = app.inner.store.traces(session).await.map_err(unreadable)?;
    let mut from_at = row.started_at;
    let mut pages = Vec::with_capacity(traces.views.len() + 1);
    for Viewed { channel, page, until_at } in &traces.views {
        pages.push(ViewedView::new(channel, page.as_ref(), from_at, Some(*until_at)));
        from_at = *until_at;
    }
    pages.push(ViewedView::new(&row.channel, row.page.as_ref(), from_at, row.end.map(|end| end.ended_at)));
    let visible = traces.spans.iter().map(|&(start, end)| [moment::to_text(start), moment::to_text(end)]).collect();
    let session = SessionView::from(&row);
    Ok(Json(One { now_at: moment::to_text(app.now()), session, pages, visible }).into_response())
}

impl<'a> ViewedView<'a> {
    fn new(channel: &'a ChannelName, page: Option<&'a PagePath>, from: Timestamp, until: Option<Timestamp>) -> Self {
        Self {
            channel: channel.as_str(),
            page: page.map(PagePath::as_str),
            from_at: moment::to_text(from),
            until_at: until.map(moment::to_text),
        }
    }
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
