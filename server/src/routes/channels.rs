//! `GET /channels`: how many are in each. `GET /channels/{name}`: who is in one.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use stillhere_engine::wire::{ChannelName, Refusal};

use super::{App, aside, sight};
use crate::{error::Rejection, moment, store::ChannelTotals, views::MembersView};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Channel<'a> {
    channel: &'a str,
    /// A feed that begins here misses nothing.
    position: String,
    now_at: String,
    active: usize,
    members: MembersView<'a>,
}

/// How many are, were and have been there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts<'a> {
    channel: &'a str,
    active: usize,
    today: u64,
    ever: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct All<'a> {
    now_at: String,
    /// When today began, in UTC.
    today_at: String,
    channels: Vec<Counts<'a>>,
}

/// Users in each channel that exists or has been visited: now, today and ever. Numbers name nobody, so anybody who may
/// watch may see them.
pub(super) async fn all(State(app): State<App>, headers: HeaderMap) -> Result<Response, Rejection> {
    app.inner.identity.of_watcher(&headers, app.now())?;
    let today = moment::day_of(app.now());
    app.inner.presence.settle().await?;
    let totals = app.inner.store.channels(today).await.map_err(|why| {
        tracing::error!(%why, "the totals of the channels could not be read");
        Refusal::StoreDown
    })?;
    let counts = app.inner.presence.channels(today).await?;
    let mut all: BTreeMap<&ChannelName, Counts<'_>> = BTreeMap::new();
    for channel in &app.inner.settings.policy().channels {
        all.entry(channel).or_insert_with(|| Counts::of(channel));
    }
    for ChannelTotals { channel, ever, today } in &totals {
        let counts = all.entry(channel).or_insert_with(|| Counts::of(channel));
        (counts.ever, counts.today) = (*ever, *today);
    }
    for count in &counts {
        let counts = all.entry(&count.channel).or_insert_with(|| Counts::of(&count.channel));
        counts.active = count.users;
        // Who has been here since yesterday is here today, and no row says so yet.
        counts.today += count.since_before as u64;
    }
    let answer = All {
        now_at: moment::to_text(app.now()),
        today_at: moment::to_text(today),
        channels: all.into_values().collect(),
    };
    Ok(Json(answer).into_response())
}

impl<'a> Counts<'a> {
    fn of(channel: &'a ChannelName) -> Self {
        Self { channel: channel.as_str(), active: 0, today: 0, ever: 0 }
    }
}

/// The members of one channel.
pub(super) async fn one(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let who = app.inner.identity.of_watcher(&headers, app.now())?;
    let name = known(&app, &name)?;
    sight::channel(&app, who.as_deref(), &name).await?;
    let found = app.inner.presence.members(Some(name.clone())).await?;
    // As long as what is written of each member usually is.
    let length = found.members.len() * 320;
    let json = aside(move || {
        let mut json = Vec::with_capacity(length);
        let answer = Channel {
            channel: name.as_str(),
            position: found.position.to_string(),
            now_at: moment::to_text(found.now),
            active: found.members.len(),
            members: MembersView(&found.members, found.now),
        };
        // Strings and numbers always become JSON.
        let _ = serde_json::to_writer(&mut json, &answer);
        json
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], json.await?).into_response())
}

/// A channel that may exist. A name that breaks the rule of names is that of none.
pub(super) fn known(app: &App, name: &str) -> Result<ChannelName, Refusal> {
    let name = ChannelName::parse(name).map_err(|_| Refusal::ChannelUnknown)?;
    if app.inner.settings.policy().allows(&name) { Ok(name) } else { Err(Refusal::ChannelUnknown) }
}
