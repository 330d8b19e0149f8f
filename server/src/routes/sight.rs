//! Who may see whom, by the preset's `visibility`. An admin sees everybody; everybody sees themselves.

use std::collections::BTreeSet;

use stillhere_engine::wire::{ChannelName, Refusal, UserId};

use super::App;
use crate::{error::Rejection, identity::Who, settings::Visibility};

/// Whether whoever asks may see the members of all channels.
///
/// # Errors
/// They may not.
pub(super) fn everybody(app: &App, who: Option<&Who>) -> Result<(), Rejection> {
    allow(sees_all(app, who))
}

/// Whether they may see the members of this channel.
///
/// # Errors
/// They may not, or the driver is busy.
pub(super) async fn channel(app: &App, who: Option<&Who>, channel: &ChannelName) -> Result<(), Rejection> {
    let Some(who) = who.filter(|_| !sees_all(app, who)) else { return Ok(()) };
    allow(
        app.inner.settings.visibility() == Visibility::Channel && channels_of(app, &who.user).await?.contains(channel),
    )
}

/// Whether they may see this person's status.
///
/// # Errors
/// They may not, or the driver is busy.
pub(super) async fn person(app: &App, who: Option<&Who>, user: &UserId) -> Result<(), Rejection> {
    let Some(who) = who.filter(|who| who.user != *user && !sees_all(app, Some(who))) else { return Ok(()) };
    if app.inner.settings.visibility() != Visibility::Channel {
        return allow(false);
    }
    let theirs = channels_of(app, user).await?;
    allow(channels_of(app, &who.user).await?.iter().any(|channel| theirs.contains(channel)))
}

/// Whether they may see how long this person was here: only the person and admins may, whoever sees the status.
///
/// # Errors
/// They may not.
pub(super) fn history(who: Option<&Who>, user: &UserId) -> Result<(), Rejection> {
    allow(who.is_none_or(|who| who.user == *user || who.is_admin()))
}

/// Whether they may see the status of all of these people.
///
/// # Errors
/// They may not see one of them, or the driver is busy.
pub(super) async fn people(app: &App, who: Option<&Who>, users: &BTreeSet<UserId>) -> Result<(), Rejection> {
    if sees_all(app, who) {
        return Ok(());
    }
    for user in users {
        person(app, who, user).await?;
    }
    Ok(())
}

/// Nobody in particular is whoever asks a server that believes everybody.
fn sees_all(app: &App, who: Option<&Who>) -> bool {
    who.is_none_or(Who::is_admin) || app.inner.settings.visibility() == Visibility::Everyone
}

async fn channels_of(app: &App, user: &UserId) -> Result<Vec<ChannelName>, Refusal> {
    let members = app.inner.presence.person(user.clone()).await?.members;
    Ok(members.into_iter().map(|member| member.channel).collect())
}

fn allow(is_allowed: bool) -> Result<(), Rejection> {
    if is_allowed { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}
