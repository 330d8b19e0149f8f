//! `GET /admin/users/{user}/history`: how long one person was here, as one person in however many tabs.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use stillhere_engine::{
    time::{Millis, Timestamp},
    wire::{Refusal, UserId},
};

use super::{App, question, sight};
use crate::{
    error::Rejection,
    history::{Person, Split, Tally},
    moment,
    store::Range,
};

/// What was asked, as it was typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    from: Option<String>,
    to: Option<String>,
    by: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HistoryView<'a> {
    user: &'a str,
    now_at: String,
    from_at: String,
    to_at: String,
    total: TallyView,
    /// With `by=day` those of which there is something to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<DayView>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DayView {
    day_at: String,
    #[serde(flatten)]
    tally: TallyView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TallyView {
    sessions: u64,
    duration_ms: Millis,
    visible_ms: Millis,
    active_ms: Millis,
    first_seen_at: Option<String>,
    last_seen_at: Option<String>,
}

/// A person's lengths: for admins, and for the person.
pub(super) async fn show(
    State(app): State<App>,
    Path(user): Path<String>,
    headers: HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, Rejection> {
    let who = app.inner.identity.of_watcher(&headers, app.now())?;
    let user = UserId::parse(&user).map_err(|rule| Rejection::QueryBad(format!("The user's id: {rule}.")))?;
    sight::history(who.as_deref(), &user)?;
    let Query(question) = question.map_err(|why| Rejection::QueryBad(format!("{}.", why.body_text())))?;
    let (range, split, mut counted) = question.parse(app.now()).map_err(Rejection::QueryBad)?;
    let _turn = app.history_turn().await?;
    // Who has just been told of an end finds it counted.
    app.inner.presence.settle().await?;
    app.inner.store.user_history(&user, range, &mut |trace| counted.take(&trace)).await.map_err(|why| {
        tracing::error!(%why, "a user's history could not be read");
        Refusal::StoreDown
    })?;
    let (whole, days) = counted.finish();
    let answer = HistoryView {
        user: user.as_str(),
        now_at: moment::to_text(app.now()),
        from_at: moment::to_text(range.from()),
        to_at: moment::to_text(range.to()),
        total: whole.into(),
        days: (split == Split::Days).then(|| days.map(DayView::from).collect()),
    };
    Ok(Json(answer).into_response())
}

impl Question {
    fn parse(self, now: Timestamp) -> Result<(Range, Split, Person), String> {
        let split = match self.by.as_deref() {
            None => Split::None,
            Some("day") => Split::Days,
            Some(_) => return Err("`by` must be day, or be left out.".into()),
        };
        let range = question::range(self.from, self.to, now, |_| Timestamp(0))?;
        Ok((range, split, Person::new(range, split)?))
    }
}

impl From<(Timestamp, Tally)> for DayView {
    fn from((day, tally): (Timestamp, Tally)) -> Self {
        Self { day_at: moment::to_text(day), tally: tally.into() }
    }
}

impl From<Tally> for TallyView {
    fn from(tally: Tally) -> Self {
        Self {
            sessions: tally.sessions,
            duration_ms: tally.here,
            visible_ms: tally.visible,
            active_ms: tally.active,
            first_seen_at: tally.seen.map(|(first, _)| moment::to_text(first)),
            last_seen_at: tally.seen.map(|(_, last)| moment::to_text(last)),
        }
    }
}
