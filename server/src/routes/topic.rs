//! What somebody asks to watch, and whether they may.

use std::collections::BTreeSet;

use stillhere_engine::wire::{Refusal, UserId};

use super::{App, channels, question, sight};
use crate::{error::Rejection, feed::Topic, identity::Who, limits};

/// What is asked for; of these at most one, and counts with a channel or without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) channel: Option<String>,
    pub(super) user: Option<String>,
    pub(super) users: Option<Vec<String>>,
    pub(super) counts: bool,
}

impl Wish {
    /// What may be watched: who is here as far as the preset's visibility goes, a person with their punches by that
    /// person and by admins, and numbers, which name nobody, by whoever may watch.
    ///
    /// # Errors
    /// It contradicts itself, or they may not.
    pub(super) async fn topic(self, app: &App, who: Option<&Who>) -> Result<Topic, Rejection> {
        let bad = |why: &str| Err(Rejection::QueryBad(why.into()));
        let is_admin = who.is_none_or(Who::is_admin);
        match self {
            Self { channel, user: None, users: None, counts: true } => {
                let channel = channel.map(|name| channels::known(app, &name)).transpose()?;
                Ok(Topic::Counts(channel))
            }
            Self { counts: true, .. } => bad("Ask for `counts` of all channels or of one `channel`, not of users."),
            Self { channel: Some(name), user: None, users: None, .. } => {
                let channel = channels::known(app, &name)?;
                sight::channel(app, who, &channel).await?;
                Ok(Topic::Channel(channel))
            }
            Self { channel: None, user: Some(user), users: None, .. } => {
                let user = question::user(Some(user)).map_err(Rejection::QueryBad)?;
                let own = user.filter(|user| is_admin || who.is_some_and(|who| who.user == *user));
                own.map(Topic::User).ok_or_else(|| Refusal::NotAllowed.into())
            }
            Self { channel: None, user: None, users: Some(users), .. } => {
                let users = parse(&users)?;
                sight::people(app, who, &users).await?;
                let punches = users.iter().filter(|user| is_admin || who.is_some_and(|who| who.user == **user));
                let punches = punches.cloned().collect();
                Ok(Topic::Users(users, punches))
            }
            Self { channel: None, user: None, users: None, .. } if is_admin => Ok(Topic::Everything),
            Self { channel: None, user: None, users: None, .. } => sight::everybody(app, who).map(|()| Topic::Presence),
            _ => bad("Ask for a `channel`, for a `user` or for `users`, not for more than one of these."),
        }
    }
}

fn parse(users: &[String]) -> Result<BTreeSet<UserId>, Rejection> {
    if users.is_empty() || users.len() > limits::USERS_WATCHED {
        return Err(Rejection::QueryBad(format!("`users` must be 1 to {} users.", limits::USERS_WATCHED)));
    }
    let users = users.iter().map(|user| UserId::parse(user));
    users.collect::<Result<_, _>>().map_err(|rule| Rejection::QueryBad(format!("`users`: {rule}.")))
}
