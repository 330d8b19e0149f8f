//! One line to one watcher, whatever carries it: what was missed, how everything stands, and every message from then on.

use std::{collections::VecDeque, sync::Arc};

use axum::body::Bytes;
use stillhere_engine::wire::Refusal;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::{App, aside};
use crate::{
    error::Rejection,
    feed::{self, Message, Picture, Position, Snapshot, Topic, Watch},
    views::{CountsSnapshotView, SnapshotView},
};

/// What a watcher is told.
pub(super) enum Told {
    /// How everything stands, as JSON.
    Snapshot(Option<Position>, String),
    /// A change.
    Message(Message),
}

impl Told {
    /// The event's name.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Snapshot(..) => "snapshot",
            Self::Message(message) => message.name(),
        }
    }

    /// Where whoever has heard it goes on.
    pub(super) fn position(&self) -> Option<Position> {
        match self {
            Self::Snapshot(position, _) => *position,
            Self::Message(message) => message.position(),
        }
    }

    /// As a server-sent event.
    pub(super) fn event(&self) -> Bytes {
        match self {
            Self::Snapshot(position, json) => feed::event(self.name(), *position, json),
            Self::Message(message) => message.event(),
        }
    }

    pub(super) fn json(&self) -> &str {
        match self {
            Self::Snapshot(_, json) => json,
            Self::Message(message) => message.json(),
        }
    }
}

pub(super) struct Line {
    app: App,
    topic: Topic,
    backlog: VecDeque<Told>,
    messages: mpsc::Receiver<Message>,
    _place: OwnedSemaphorePermit,
}

impl Line {
    /// Begins to watch, if there is a place.
    ///
    /// # Errors
    /// There is none, or the driver is busy.
    pub(super) async fn begin(app: &App, topic: Topic, after: Option<Position>) -> Result<Self, Rejection> {
        let place = Arc::clone(&app.inner.watchers).try_acquire_owned().map_err(|_| Rejection::TooManyWatchers)?;
        let (backlog, messages) = open(app, &topic, after).await?;
        Ok(Self { app: app.clone(), topic, backlog, messages, _place: place })
    }

    /// What this line is about.
    pub(super) const fn topic(&self) -> &Topic {
        &self.topic
    }

    /// What is told next; `None` when the server stops. Nothing is lost when this is not waited for to its end.
    pub(super) async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.backlog.pop_front() {
                return Some(told);
            }
            if let Some(message) = self.messages.recv().await {
                self.app.inner.metrics.push(message.at(), self.app.now());
                return Some(Told::Message(message));
            }
            // Too slow for its queue. How everything stands now says more than what was missed.
            (self.backlog, self.messages) = open(&self.app, &self.topic, None).await.ok()?;
        }
    }
}

async fn open(
    app: &App,
    topic: &Topic,
    after: Option<Position>,
) -> Result<(VecDeque<Told>, mpsc::Receiver<Message>), Refusal> {
    let Watch { missed, snapshot, messages } = app.inner.presence.watch(topic.clone(), after).await?;
    let mut backlog: VecDeque<_> = missed.into_iter().map(|news| Told::Message(Message::news(news))).collect();
    if let Some(snapshot) = snapshot {
        backlog.push_back(aside(move || told(&snapshot)).await?);
    }
    Ok((backlog, messages))
}

fn told(snapshot: &Snapshot) -> Told {
    let (position, json) = match &snapshot.picture {
        Picture::Members(members) => {
            (Some(snapshot.position), serde_json::to_string(&SnapshotView::new(snapshot.now, members)))
        }
        // Counts begin with a picture each time, so there is no place to go on from.
        Picture::Counts(counts) => (None, serde_json::to_string(&CountsSnapshotView::new(snapshot.now, counts))),
    };
    // Strings and numbers always become JSON.
    Told::Snapshot(position, json.unwrap_or_default())
}
