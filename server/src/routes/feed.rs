//! `GET /feed`: who is here, and every change from then on, as server-sent events.

use std::{collections::VecDeque, convert::Infallible, sync::Arc};

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
use stillhere_engine::wire::Refusal;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

use super::{App, channels, question, sight};
use crate::{
    driver::Driver,
    error::Rejection,
    feed::{News, Position, Topic, Watch},
    identity::Who,
    limits,
    metrics::Metrics,
    views::SnapshotView,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    channel: Option<String>,
    user: Option<String>,
}

/// Follows one channel, one user, or everybody.
pub(super) async fn follow(
    State(app): State<App>,
    headers: HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, Rejection> {
    let who = app.inner.identity.of_watcher(&headers, app.now())?;
    let Query(question) = question.map_err(|why| Rejection::QueryBad(format!("{}.", why.body_text())))?;
    let topic = topic(&app, who.as_deref(), question).await?;
    let place = Arc::clone(&app.inner.watchers).try_acquire_owned().map_err(|_| Rejection::TooManyWatchers)?;
    let last_event_id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after = last_event_id.and_then(Position::parse);
    let driver = app.inner.driver.clone();
    let watch = driver.watch(topic.clone(), after).await?;
    let (backlog, news) = begin(watch);
    let (metrics, stop) = (Arc::clone(&app.inner.metrics), app.inner.stop.clone());
    let watcher = Watcher { topic, driver, metrics, stop, backlog, news, _place: place };
    let events = stream::unfold(watcher, |mut watcher| async {
        let event = watcher.next().await?;
        Some((Ok::<_, Infallible>(event), watcher))
    });
    let keep_alive = KeepAlive::new().interval(limits::KEEP_ALIVE).text("still here");
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    let headers = response.headers_mut();
    // A proxy must neither keep it, nor pack it, nor gather it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// What may be watched: who is here as far as the preset's visibility goes, a person with their punches by that person and
/// by admins.
async fn topic(app: &App, who: Option<&Who>, question: Question) -> Result<Topic, Rejection> {
    let is_admin = who.is_none_or(Who::is_admin);
    match (question.channel, question::user(question.user).map_err(Rejection::QueryBad)?) {
        (Some(_), Some(_)) => Err(Rejection::QueryBad("Ask for a `channel` or for a `user`, not for both.".into())),
        (Some(name), None) => {
            let channel = channels::known(app, &name)?;
            sight::channel(app, who, &channel).await?;
            Ok(Topic::Channel(channel))
        }
        (None, Some(user)) if is_admin || who.is_some_and(|who| who.user == user) => Ok(Topic::User(user)),
        (None, Some(_)) => Err(Refusal::NotAllowed.into()),
        (None, None) if is_admin => Ok(Topic::Everything),
        (None, None) => sight::everybody(app, who).map(|()| Topic::Presence),
    }
}

/// One line to one watcher.
struct Watcher {
    topic: Topic,
    driver: Driver,
    metrics: Arc<Metrics>,
    stop: watch::Receiver<bool>,
    backlog: VecDeque<Event>,
    news: mpsc::Receiver<Arc<News>>,
    _place: OwnedSemaphorePermit,
}

impl Watcher {
    /// The next event; `None` when the server stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.backlog.pop_front() {
                return Some(event);
            }
            let news = tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => return None,
                news = self.news.recv() => news,
            };
            if let Some(news) = news {
                self.metrics.push(news.at, self.driver.clock().now());
                return Some(event_of(&news));
            }
            // Too slow for its queue. Who is here now says more than what was missed.
            let watch = self.driver.watch(self.topic.clone(), None).await.ok()?;
            (self.backlog, self.news) = begin(watch);
        }
    }
}

/// The events to begin with, and where the further ones come from.
fn begin(watch: Watch) -> (VecDeque<Event>, mpsc::Receiver<Arc<News>>) {
    let mut backlog: VecDeque<_> = watch.missed.iter().map(|news| event_of(news)).collect();
    if let Some(snapshot) = watch.snapshot {
        let json = serde_json::to_string(&SnapshotView::new(snapshot.now, &snapshot.members));
        // Strings and numbers always become JSON.
        let json = json.unwrap_or_default();
        backlog.push_back(Event::default().event("snapshot").id(snapshot.position.to_string()).data(json));
    }
    (backlog, watch.news)
}

fn event_of(news: &News) -> Event {
    Event::default().event(news.name).id(news.position.to_string()).data(&news.json)
}
