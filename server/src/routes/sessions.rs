//! `GET /admin/sessions`: how long everybody stayed; as JSON or as CSV. `GET /admin/sessions/{id}`: where one of them
//! was, and when.

use std::sync::Arc;

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
    csv::{self, Format},
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
    app.inner.presence.settle().await?;
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
    app.inner.presence.settle().await?;
    let unreadable = |why| {
        tracing::error!(%why, "a session could not be read");
        Refusal::StoreDown
    };
    let row = app.inner.store.session(session).await.map_err(unreadable)?.ok_or(Rejection::Unknown)?;
    let course = app.inner.store.course(session).await.map_err(unreadable)?;
    let mut from_at = row.started_at;
    let mut pages = Vec::with_capacity(course.views.len() + 1);
    for Viewed { channel, page, until_at } in &course.views {
        pages.push(ViewedView::new(channel, page.as_ref(), from_at, Some(*until_at)));
        from_at = *until_at;
    }
    pages.push(ViewedView::new(&row.channel, row.page.as_ref(), from_at, row.end.map(|end| end.ended_at)));
    let visible = course.spans.iter().map(|&(start, end)| [moment::to_text(start), moment::to_text(end)]).collect();
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
