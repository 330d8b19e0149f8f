//! `GET /feed`: who is here, and every change from then on, as server-sent events.

use std::{convert::Infallible, pin::Pin};

use axum::{
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Deserialize;
use stillhere_engine::time::{Millis, Timestamp};

use super::{App, line::Line, topic::Wish};
use crate::{driver::Clock, error::Rejection, feed::Position, limits};

/// The pause between two signs of life on a silent feed.
const KEEP_ALIVE: Millis = Millis(limits::KEEP_ALIVE.as_millis() as u64);

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
    let mut response = Body::from_stream(stream::unfold(Told::begin(&app, line, until), async |mut told| {
        let event = told.next().await?;
        Some((Ok::<_, Infallible>(event), told))
    }))
    .into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // A proxy must neither keep it, nor pack it, nor gather it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// What one watcher is told. With ten thousand of them, whatever is set up anew for each event is set up ten thousand
/// times: so what ends a line and what breaks its silence wait beside it from its beginning.
struct Told {
    line: Line,
    /// The server stops, or the token is over.
    over: Waiting,
    silence: Waiting,
    clock: Clock,
    told_at: Timestamp,
}

type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Told {
    fn begin(app: &App, line: Line, until: Timestamp) -> Self {
        let (mut stop, clock) = (app.inner.stop.clone(), app.inner.presence.clock());
        let over = Box::pin(async move {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = clock.reached(until) => {}
            }
        });
        let told_at = clock.now();
        Self { line, over, silence: silence(clock, told_at), clock, told_at }
    }

    /// The next event; `None` when it is over.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            tokio::select! {
                biased;
                () = &mut self.over => return None,
                told = self.line.next() => {
                    self.told_at = self.clock.now();
                    return told.map(|told| told.event());
                }
                () = &mut self.silence => {
                    // Only now, as moving a timer costs more than looking at the clock.
                    let now = self.clock.now();
                    let is_silent = now.since(self.told_at) >= KEEP_ALIVE;
                    if is_silent {
                        self.told_at = now;
                    }
                    self.silence = silence(self.clock, self.told_at);
                    if is_silent {
                        return Some(Bytes::from_static(b": still here\n\n"));
                    }
                }
            }
        }
    }
}

/// Until nothing was told for so long that a sign of life is due.
fn silence(clock: Clock, told_at: Timestamp) -> Waiting {
    Box::pin(async move { clock.reached(told_at.after(KEEP_ALIVE)).await })
}
