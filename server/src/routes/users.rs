//! `GET /users/{user}`: one person, with status and label. `GET /users/{user}/explain`: and why that is so.

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use stillhere_engine::{
    label::Ago,
    policy::Ladder,
    tracker::{Explained, SessionRow},
    wire::{Refusal, UserId},
};

use super::{App, sight};
use crate::{
    driver::Person,
    error::Rejection,
    moment,
    store::SessionQuery,
    views::{MemberView, SessionView},
};

/// One person.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserView<'a> {
    user: &'a str,
    now_at: String,
    /// The best of all channels; of somebody who has left, what the ladder makes of what is remembered.
    status: String,
    /// `null`: never seen.
    last_seen_at: Option<String>,
    last_seen_ago: Option<String>,
    /// Whether they are in by the punch clock.
    is_in: bool,
    channels: Vec<MemberView<'a>>,
}

/// Why they stand where they stand.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExplainView<'a> {
    #[serde(flatten)]
    user: UserView<'a>,
    sessions: Vec<ExplainedView<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExplainedView<'a> {
    status: &'a str,
    because: &'a str,
    changes_at: String,
    then: &'a str,
    lease_until_at: String,
    #[serde(flatten)]
    session: SessionView<'a>,
}

/// Somebody's status.
pub(super) async fn one(
    State(app): State<App>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let who = app.inner.identity.of_watcher(&headers, app.now())?;
    let user = parse(&user)?;
    sight::person(&app, who.as_deref(), &user).await?;
    let person = app.inner.presence.person(user.clone()).await?;
    let last = last_session(&app, &user, &person).await?;
    Ok(Json(view(&app, &user, &person, last.as_ref())).into_response())
}

/// The sessions, the rules that fired and what comes next: for oneself and for admins.
pub(super) async fn explain(
    State(app): State<App>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let who = app.inner.identity.of_watcher(&headers, app.now())?;
    let user = parse(&user)?;
    if who.is_some_and(|who| who.user != user && !who.is_admin()) {
        return Err(Refusal::NotAllowed.into());
    }
    let person = app.inner.presence.person(user.clone()).await?;
    let last = last_session(&app, &user, &person).await?;
    let sessions = person.explained.iter().map(ExplainedView::from).collect();
    Ok(Json(ExplainView { user: view(&app, &user, &person, last.as_ref()), sessions }).into_response())
}

fn parse(user: &str) -> Result<UserId, Rejection> {
    UserId::parse(user).map_err(|rule| Rejection::QueryBad(format!("The user's id: {rule}.")))
}

/// What is remembered of somebody who is not here.
async fn last_session(app: &App, user: &UserId, person: &Person) -> Result<Option<SessionRow>, Rejection> {
    if !person.members.is_empty() {
        return Ok(None);
    }
    let query = SessionQuery { user: Some(user.clone()), limit: 1, ..SessionQuery::default() };
    let found = app.inner.store.session_page(&query).await.map_err(|why| {
        tracing::error!(%why, "what is remembered of a user could not be read");
        Refusal::StoreDown
    })?;
    Ok(found.rows.into_iter().next())
}

fn view<'a>(app: &App, user: &'a UserId, person: &'a Person, last: Option<&SessionRow>) -> UserView<'a> {
    let ladder = &app.inner.settings.policy().ladder;
    let seen_at = person.members.iter().map(|member| member.last_seen_at).max().or(last.map(|row| row.last_seen_at));
    UserView {
        user: user.as_str(),
        now_at: moment::to_text(person.now),
        status: status(ladder, person, last),
        last_seen_at: seen_at.map(moment::to_text),
        last_seen_ago: seen_at.map(|at| Ago(person.now.since(at)).to_string()),
        is_in: person.stay.is_some(),
        channels: person.members.iter().map(|member| MemberView::new(member, person.now)).collect(),
    }
}

/// The best status of all channels. Who has left may still be on a rung that only asks when they were last seen.
fn status(ladder: &Ladder, person: &Person, last: Option<&SessionRow>) -> String {
    let best = ladder.best(person.members.iter().map(|member| member.status.as_str()));
    let remembered = || last.map(|last| ladder.remembered(last.last_seen_at, last.last_active_at, person.now));
    best.or_else(remembered).unwrap_or(Ladder::LAST).to_owned()
}

impl<'a> From<&'a Explained> for ExplainedView<'a> {
    fn from(explained: &'a Explained) -> Self {
        Self {
            status: &explained.status,
            because: &explained.because,
            changes_at: moment::to_text(explained.changes_at),
            then: &explained.then,
            lease_until_at: moment::to_text(explained.row.lease_until),
            session: SessionView::from(&explained.row),
        }
    }
}
