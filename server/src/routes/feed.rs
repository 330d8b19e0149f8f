//! `GET /feed`: who is here, and every change from then on, as server-sent events.

use std::convert::Infallible;

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use serde::Deserialize;
use stillhere_engine::time::Timestamp;

use super::{
    App,
    line::{Line, Told},
    topic::Wish,
};
use crate::{error::Rejection, feed::Position, limits};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    channel: Option<String>,
    user: Option<String>,
    users: Option<String>,
    counts: Option<String>,
}

impl Question {
    fn wish(self) -> Result<Wish, Rejection> {
        let counts = match self.counts.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Rejection::QueryBad("`counts` must be true or false.".into())),
        };
        let users = self.users.map(|users| users.split(',').map(str::to_owned).collect());
        Ok(Wish { channel: self.channel, user: self.user, users, counts })
    }
}

/// Follows one channel, some users, the counts, or everybody. It does not outlive the token that opened it: a browser
/// comes back by itself, with its newer cookie or to be told that it has none.
pub(super) async fn follow(
    State(app): State<App>,
    headers: HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, Rejection> {
    let who = app.inner.identity.of_watcher(&headers, app.now())?;
    let Query(question) = question.map_err(|why| Rejection::QueryBad(format!("{}.", why.body_text())))?;
    let topic = question.wish()?.topic(&app, who.as_deref()).await?;
    let last_event_id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let line = Line::begin(&app, topic, last_event_id.and_then(Position::parse)).await?;
    let until = who.map_or(Timestamp::NEVER, |who| who.until);
    let events = stream::unfold((app, line), move |(app, mut line)| async move {
        let event = next(&app, &mut line, until).await?;
        Some((Ok::<_, Infallible>(event), (app, line)))
    });
    let keep_alive = KeepAlive::new().interval(limits::KEEP_ALIVE).text("still here");
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    let headers = response.headers_mut();
    // A proxy must neither keep it, nor pack it, nor gather it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// The next event; `None` when the server stops or the token is over.
async fn next(app: &App, line: &mut Line, until: Timestamp) -> Option<Event> {
    let (mut stop, clock) = (app.inner.stop.clone(), app.inner.presence.clock());
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => None,
        () = clock.reached(until) => None,
        told = line.next() => told.map(|told| event_of(&told)),
    }
}

fn event_of(told: &Told) -> Event {
    let event = Event::default().event(told.name()).data(told.json());
    match told.position() {
        Some(position) => event.id(position.to_string()),
        None => event,
    }
}
