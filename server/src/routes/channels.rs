//! `GET /channels/{name}`: who is in a channel now.

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use stillhere_engine::wire::{ChannelName, Refusal};

use super::App;
use crate::{error::Rejection, moment, views::MemberView};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Channel<'a> {
    channel: &'a str,
    /// A feed that begins here misses nothing.
    position: String,
    now_at: String,
    active: usize,
    members: Vec<MemberView<'a>>,
}

/// The members of one channel.
pub(super) async fn one(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    app.inner.identity.of_watcher(&headers, app.now())?;
    let name = known(&app, &name)?;
    let found = app.inner.driver.members(name.clone()).await?;
    let answer = Channel {
        channel: name.as_str(),
        position: found.position.to_string(),
        now_at: moment::to_text(found.now),
        active: found.members.len(),
        members: found.members.iter().map(|member| MemberView::new(member, found.now)).collect(),
    };
    Ok(Json(answer).into_response())
}

/// A channel that may exist. A name that breaks the rule of names is that of none.
pub(super) fn known(app: &App, name: &str) -> Result<ChannelName, Refusal> {
    let name = ChannelName::parse(name).map_err(|_| Refusal::ChannelUnknown)?;
    if app.inner.settings.policy().allows(&name) { Ok(name) } else { Err(Refusal::ChannelUnknown) }
}
