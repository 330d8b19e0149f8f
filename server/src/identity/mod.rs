//! Who is asking, and what they may do. Tokens and cookies are looked at here and nowhere else, and never logged.
//!
//! A request says who makes it in one of four ways: by `Authorization: Bearer`, by `token` in a beat (a beacon cannot
//! set headers), by a cookie that holds a token, or by the cookie of the e-mail gate. What a page has to add by itself
//! goes over what a browser sends along unasked; and what it sends unasked counts only for pages of ours.

mod claims;
mod cookie;
mod email;
mod issue;
mod keyring;
mod keys;
mod origin;
mod tokens;
mod verified;
mod visit;

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
};

use axum::http::{HeaderMap, header};
use hmac::{Hmac, Mac, digest::Key as MacKey};
use sha2::{Digest, Sha256};
use stillhere_engine::{
    time::Timestamp,
    wire::{Refusal, UserId},
};

pub(crate) use claims::{ClaimPath, ClaimPaths, Claims, Profile};
pub(crate) use email::normalise as normalise_email;
pub(crate) use issue::{Wish, issue};
pub(crate) use keys::{Key, KeySet, read as read_key_file};
pub(crate) use origin::Source;
pub(crate) use visit::{COOKIE, FORGET_VISIT, Gate, Visit};

use crate::{
    error::Rejection,
    settings::{Auth, Keys, Settings},
};
use tokens::Tokens;

/// Somebody who is believed to be who they say they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) user: UserId,
    /// Since when their token or cookie is good, if it says so.
    pub(crate) issued_at: Option<Timestamp>,
    /// When their token or cookie is over, the leeway included.
    pub(crate) until: Timestamp,
    role: Role,
    /// What lists of people show of them.
    pub(crate) profile: Profile,
}

impl Who {
    /// Whether they may see everything that is kept.
    pub(crate) fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}

/// What somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Nobody else: anybody can come through the e-mail gate, by any address.
    Visitor,
    /// Who is here.
    User,
    /// Everything that is kept.
    Admin,
}

/// Decides who somebody is.
pub(crate) struct Identity {
    belief: Belief,
    allowed_origins: Vec<String>,
    /// Whether requests must be meant for this machine by name.
    is_local_only: bool,
}

/// Who is believed.
enum Belief {
    /// Everybody is who they say they are.
    Anybody,
    /// Whoever has a token, or came through the gate if there is one.
    Tokens { tokens: Box<Tokens>, gate: Option<Box<Gate>> },
}

impl Identity {
    /// Follows the settings.
    pub(crate) fn new(settings: &Settings) -> Self {
        let belief = match settings.auth() {
            Auth::None => Belief::Anybody,
            Auth::Jwt(rules) => Belief::Tokens { tokens: Box::new(Tokens::new(rules, chance())), gate: None },
            Auth::Email(rules) => {
                let gate = match &rules.keys {
                    Keys::Secret(secret) => Some(Box::new(Gate::new(secret, rules.insecure_cookies))),
                    // The settings do not let it come to this.
                    Keys::Public { .. } | Keys::Set { .. } => None,
                };
                Belief::Tokens { tokens: Box::new(Tokens::new(rules, chance())), gate }
            }
        };
        Self {
            is_local_only: matches!(belief, Belief::Anybody) && !settings.allows_anonymous(),
            allowed_origins: settings.allowed_origins().to_vec(),
            belief,
        }
    }

    /// Who beats: by the header, by the token in the beat, or by a cookie.
    ///
    /// # Errors
    /// Nothing says who it is, it is not good, or a foreign page makes use of a cookie.
    pub(crate) fn of_beat(
        &self,
        headers: &HeaderMap,
        in_beat: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<Who>, Rejection> {
        if let Some(token) = bearer(headers)?.or(in_beat) {
            return Ok(self.check(token, now)?);
        }
        let Belief::Tokens { tokens, .. } = &self.belief else { return Err(Refusal::TokenMissing.into()) };
        if let Some(token) = tokens.rules.cookie.as_ref().and_then(|name| cookie::find(headers, name)) {
            self.check_origin(headers)?;
            return Ok(tokens.check(token, now)?);
        }
        let visit = self.of_visitor(headers, now)?.ok_or(Refusal::TokenMissing)?;
        let Visit { user, started_at, until, .. } = visit;
        Ok(Arc::new(Who { user, issued_at: Some(started_at), until, role: Role::Visitor, profile: Profile::default() }))
    }

    /// The visit whose cookie came along; `None` without one, or without a gate.
    ///
    /// # Errors
    /// The cookie is over or forged, or a foreign page makes use of it.
    pub(crate) fn of_visitor(&self, headers: &HeaderMap, now: Timestamp) -> Result<Option<Visit>, Rejection> {
        let (Some(gate), Some(text)) = (self.gate(), cookie::find(headers, COOKIE)) else { return Ok(None) };
        self.check_origin(headers)?;
        Ok(Some(gate.open(text, now).ok_or(Refusal::TokenBad)?))
    }

    /// Who asks to see who is here; `None`: anybody, as anybody may see everything.
    ///
    /// # Errors
    /// As [`of_beat`](Self::of_beat), where a token is needed; or they are only visitors.
    pub(crate) fn of_watcher(&self, headers: &HeaderMap, now: Timestamp) -> Result<Option<Arc<Who>>, Rejection> {
        if matches!(self.belief, Belief::Anybody) {
            return Ok(None);
        }
        self.watcher(Some(self.of_beat(headers, None, now)?))
    }

    /// As whom somebody watches who has said who they are, or has not; `None`: as anybody.
    ///
    /// # Errors
    /// They have not, where a token is needed; or they are only visitors.
    pub(crate) fn watcher(&self, who: Option<Arc<Who>>) -> Result<Option<Arc<Who>>, Rejection> {
        if self.believes_everybody() {
            return Ok(None);
        }
        let who = who.ok_or(Refusal::TokenMissing)?;
        match who.role {
            Role::Admin | Role::User => Ok(Some(who)),
            Role::Visitor => Err(Refusal::NotAllowed.into()),
        }
    }

    /// Who opens a socket, if its request says so: a browser's page cannot set its headers, and says it later.
    ///
    /// # Errors
    /// What says who it is is not good, or a foreign page opens it: nothing else keeps such a page from reading.
    pub(crate) fn of_socket(&self, headers: &HeaderMap, now: Timestamp) -> Result<Option<Arc<Who>>, Rejection> {
        if self.source(headers) == Source::Foreign {
            return Err(Rejection::OriginBad);
        }
        match self.of_beat(headers, None, now) {
            Err(Rejection::Engine(Refusal::TokenMissing)) => Ok(None),
            said => said.map(Some),
        }
    }

    /// Who is behind the token.
    ///
    /// # Errors
    /// It is not good.
    pub(crate) fn of_token(&self, token: &str, now: Timestamp) -> Result<Arc<Who>, Refusal> {
        self.check(token, now)
    }

    /// Whether nobody has to say who they are.
    pub(crate) const fn believes_everybody(&self) -> bool {
        matches!(self.belief, Belief::Anybody)
    }

    /// Whether whoever asks may see everything that is kept.
    ///
    /// # Errors
    /// As [`of_beat`](Self::of_beat), where a token is needed; or they are no admin.
    pub(crate) fn of_admin(&self, headers: &HeaderMap, now: Timestamp) -> Result<(), Rejection> {
        if matches!(self.belief, Belief::Anybody) {
            return Ok(());
        }
        match self.of_beat(headers, None, now)?.role {
            Role::Admin => Ok(()),
            Role::User | Role::Visitor => Err(Refusal::NotAllowed.into()),
        }
    }

    /// The e-mail gate, if there is one.
    pub(crate) fn gate(&self) -> Option<&Gate> {
        match &self.belief {
            Belief::Tokens { gate, .. } => gate.as_deref(),
            Belief::Anybody => None,
        }
    }

    /// Whose page made the request.
    pub(crate) fn source(&self, headers: &HeaderMap) -> Source {
        origin::source(headers, &self.allowed_origins)
    }

    /// Without authentication, whether the request is meant for this machine and no page of elsewhere has led it here.
    pub(crate) fn trusts_host(&self, headers: &HeaderMap) -> bool {
        !self.is_local_only || origin::is_local(headers, &self.allowed_origins)
    }

    /// A cookie says who it is only when a page of ours has it sent.
    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Rejection> {
        match self.source(headers) {
            Source::Own => Ok(()),
            Source::Foreign | Source::Unknown => Err(Rejection::OriginBad),
        }
    }

    fn check(&self, token: &str, now: Timestamp) -> Result<Arc<Who>, Refusal> {
        match &self.belief {
            Belief::Tokens { tokens, .. } => tokens.check(token, now),
            Belief::Anybody => {
                let user = UserId::parse(token).map_err(|_| Refusal::TokenBad)?;
                let (until, profile) = (Timestamp::NEVER, Profile::default());
                Ok(Arc::new(Who { user, issued_at: None, until, role: Role::Admin, profile }))
            }
        }
    }
}

/// The token in the header, if there is such a header.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Refusal::TokenBad)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(token.trim())) } else { Err(Refusal::TokenBad) }
}

/// What stands for a text to whoever has the key, and tells nothing about it to anybody else.
fn mac(key: &[u8]) -> Hmac<Sha256> {
    let mut block = MacKey::<Hmac<Sha256>>::default();
    let digest = Sha256::digest(key);
    block[..digest.len()].copy_from_slice(&digest);
    Hmac::new(&block)
}

/// Whether two texts are the same, found out in a time that says nothing about where they differ.
pub(crate) fn are_equal(one: &[u8], other: &[u8]) -> bool {
    let key = mac(&chance::<32>());
    let print = key.clone().chain_update(one).finalize().into_bytes();
    key.chain_update(other).verify(&print).is_ok()
}

/// Bytes that nobody outside this process can know: each hasher's number follows from what the system gave by chance.
pub(crate) fn chance<const BYTES: usize>() -> [u8; BYTES] {
    let mut key = [0; BYTES];
    for part in key.chunks_mut(size_of::<u64>()) {
        let number = RandomState::new().build_hasher().finish().to_le_bytes();
        part.copy_from_slice(&number[..part.len()]);
    }
    key
}

#[cfg(test)]
mod tests;
