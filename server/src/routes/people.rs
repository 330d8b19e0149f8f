//! `GET /users`: who can be reached, for everybody who may see them. `GET /admin/users`: the same list with what only an
//! admin sees of people.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use stillhere_engine::{
    label::Ago,
    policy::Ladder,
    time::{Millis, Timestamp},
    tracker::Member,
    wire::{ChannelName, Refusal, UserId},
};

use super::{App, channels, question, sight};
use crate::{error::Rejection, identity::Profile, limits, moment, store::Left};

/// What was asked, as it was typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    channel: Option<String>,
    status: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

/// What was asked, checked.
struct Wish {
    channel: Option<ChannelName>,
    status: Option<String>,
    limit: usize,
    after: Option<UserId>,
}

/// Who reads the list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    User,
    Admin,
}

/// Somebody on the list: the best and newest of all the channels they are in.
struct Person {
    status: String,
    last_seen_at: Timestamp,
    last_active_at: Timestamp,
    /// Where they are; empty for who has left.
    channels: Vec<ChannelName>,
    sessions: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct People<'a> {
    now_at: String,
    /// How many there are on all pages, whatever their status.
    total: usize,
    /// How many of them in each status of the ladder.
    counts: BTreeMap<&'a str, usize>,
    users: Vec<Row<'a>>,
    next: Option<&'a str>,
}

/// One person as the list shows them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    user: &'a str,
    name: Option<&'a str>,
    specialties: &'a [Box<str>],
    #[serde(flatten)]
    private: Option<Private<'a>>,
    status: &'a str,
    last_seen_at: String,
    /// How long ago.
    last_seen_ms: Millis,
    last_seen_ago: String,
    last_active_at: String,
    channels: Vec<&'a str>,
    sessions: usize,
}

/// What only an admin is shown.
#[derive(Serialize)]
struct Private<'a> {
    email: Option<&'a str>,
    role: Option<&'a str>,
    department: Option<&'a str>,
}

/// Everybody whom whoever asks may see, with name and specialties.
pub(super) async fn all(
    State(app): State<App>,
    headers: HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, Rejection> {
    let who = app.inner.identity.of_watcher(&headers, app.now())?;
    let wish = wish(&app, question)?;
    match &wish.channel {
        Some(channel) => sight::channel(&app, who.as_deref(), channel).await?,
        None => sight::everybody(&app, who.as_deref())?,
    }
    list(&app, &wish, Reader::User).await
}

/// Everybody, with e-mail, role and department too.
pub(super) async fn for_admin(
    State(app): State<App>,
    headers: HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, Rejection> {
    app.inner.identity.of_admin(&headers, app.now())?;
    let wish = wish(&app, question)?;
    list(&app, &wish, Reader::Admin).await
}

fn wish(app: &App, question: Result<Query<Question>, QueryRejection>) -> Result<Wish, Rejection> {
    let Query(question) = question.map_err(|why| Rejection::QueryBad(format!("{}.", why.body_text())))?;
    let ladder = &app.inner.settings.policy().ladder;
    if let Some(status) = &question.status
        && ladder.statuses().all(|known| known != status)
    {
        let known: Vec<_> = ladder.statuses().collect();
        return Err(Rejection::QueryBad(format!("`status` must be one of {}.", known.join(", "))));
    }
    let limit = question::limit_of(question.limit, limits::PEOPLE, limits::PEOPLE_MOST).map_err(Rejection::QueryBad)?;
    let after = question.after.map(|user| UserId::parse(&user)).transpose();
    Ok(Wish {
        channel: question.channel.map(|name| channels::known(app, &name)).transpose()?,
        status: question.status,
        limit: limit as usize,
        after: after.map_err(|_| Rejection::QueryBad("`after` must be the `next` of an earlier answer.".into()))?,
    })
}

/// The page that was asked for, and how many there are in all.
async fn list(app: &App, wish: &Wish, reader: Reader) -> Result<Response, Rejection> {
    let ladder = &app.inner.settings.policy().ladder;
    let found = app.inner.presence.members(wish.channel.clone()).await?;
    let left = left(app, wish, found.now).await?;
    let people = gather(ladder, found.members, left, found.now);
    let mut counts: BTreeMap<_, _> = ladder.statuses().map(|status| (status, 0)).collect();
    for person in people.values() {
        *counts.entry(person.status.as_str()).or_default() += 1;
    }
    let fits = |person: &Person| wish.status.as_ref().is_none_or(|status| *status == person.status);
    let is_later = |user: &UserId| wish.after.as_ref().is_none_or(|after| user > after);
    let rest = people.iter().filter(|(user, person)| is_later(user) && fits(person));
    let mut page: Vec<_> = rest.take(wish.limit + 1).collect();
    let more = page.len() > wish.limit;
    page.truncate(wish.limit);
    let known: Vec<_> = page.iter().map(|(user, _)| app.inner.profiles.of(user)).collect();
    let nobody = Profile::default();
    let profiles = known.iter().map(|who| who.as_ref().map_or(&nobody, |who| &who.profile));
    let users = page.iter().zip(profiles);
    let users = users.map(|((user, person), profile)| row(user, person, profile, reader, found.now)).collect();
    let next = page.last().filter(|_| more).map(|(user, _)| user.as_str());
    let now_at = moment::to_text(found.now);
    Ok(Json(People { now_at, total: people.len(), counts, users, next }).into_response())
}

/// Who has left, as far back as the ladder remembers anybody.
async fn left(app: &App, wish: &Wish, now: Timestamp) -> Result<Vec<Left>, Rejection> {
    let remembers_for = app.inner.settings.policy().ladder.remembers_for();
    if remembers_for == Millis::ZERO {
        return Ok(Vec::new());
    }
    // Who has just been told of a leave finds them among those who have left.
    app.inner.presence.settle().await?;
    let mut left = app.inner.store.left(now.before(remembers_for)).await.map_err(|why| {
        tracing::error!(%why, "who has left could not be read");
        Refusal::StoreDown
    })?;
    left.retain(|left| wish.channel.as_ref().is_none_or(|channel| left.channel == *channel));
    Ok(left)
}

/// One entry for each person: of those who are here, the best; of those who have left, what the ladder remembers.
fn gather(ladder: &Ladder, members: Vec<Member>, left: Vec<Left>, now: Timestamp) -> BTreeMap<UserId, Person> {
    let mut people: BTreeMap<UserId, Person> = BTreeMap::new();
    for member in members {
        let Member { channel, user, status, last_seen_at, last_active_at, sessions, .. } = member;
        let channels = vec![channel];
        let here = Person { status, last_seen_at, last_active_at, channels, sessions };
        match people.get_mut(&user) {
            Some(person) => person.join(ladder, here),
            None => _ = people.insert(user, here),
        }
    }
    for Left { user, last_seen_at, last_active_at, .. } in left {
        let status = ladder.remembered(last_seen_at, last_active_at, now);
        if status != Ladder::LAST {
            let status = status.to_owned();
            let gone = Person { status, last_seen_at, last_active_at, channels: Vec::new(), sessions: 0 };
            people.entry(user).or_insert(gone);
        }
    }
    people
}

impl Person {
    /// They are in another channel too.
    fn join(&mut self, ladder: &Ladder, other: Self) {
        if ladder.best([self.status.as_str(), other.status.as_str()].into_iter()) != Some(&self.status) {
            self.status = other.status;
        }
        self.last_seen_at = self.last_seen_at.max(other.last_seen_at);
        self.last_active_at = self.last_active_at.max(other.last_active_at);
        self.channels.extend(other.channels);
        self.sessions += other.sessions;
    }
}

fn row<'a>(user: &'a UserId, person: &'a Person, profile: &'a Profile, reader: Reader, now: Timestamp) -> Row<'a> {
    let private = Private {
        email: profile.email.as_deref(),
        role: profile.role.as_deref(),
        department: profile.department.as_deref(),
    };
    let last_seen_ms = now.since(person.last_seen_at);
    Row {
        user: user.as_str(),
        name: profile.name.as_deref(),
        specialties: &profile.specialties,
        private: (reader == Reader::Admin).then_some(private),
        status: &person.status,
        last_seen_at: moment::to_text(person.last_seen_at),
        last_seen_ms,
        last_seen_ago: Ago(last_seen_ms).to_string(),
        last_active_at: moment::to_text(person.last_active_at),
        channels: person.channels.iter().map(ChannelName::as_str).collect(),
        sessions: person.sessions,
    }
}
