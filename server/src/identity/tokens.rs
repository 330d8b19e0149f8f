//! JSON web tokens: whether one is good, and whom it names.

use std::sync::Arc;

use jsonwebtoken::Validation;
use serde_json::Value;
use stillhere_engine::{
    time::{Millis, Timestamp},
    wire::{Refusal, UserId},
};

use super::{
    Who,
    claims::Claims,
    keyring::Keyring,
    keys::{Key, KeySet},
    verified::{Known, Verified},
};
use crate::{
    limits,
    settings::{Keys, TokenRules},
};

/// Judges tokens.
pub(super) struct Tokens {
    pub(super) rules: TokenRules,
    keyring: Keyring,
    verified: Verified,
}

impl Tokens {
    pub(super) fn new(rules: &TokenRules, chance: [u8; 32]) -> Self {
        let keyring = match &rules.keys {
            Keys::Secret(secret) => Keyring::fixed(KeySet::only(Key::secret(secret.expose()))),
            Keys::Public { key, .. } => Keyring::fixed(KeySet::only(key.clone())),
            Keys::Set { path, keys } => Keyring::of_file(path.clone(), keys.clone()),
        };
        Self { rules: rules.clone(), keyring, verified: Verified::new(chance) }
    }

    /// Who is behind the token.
    ///
    /// # Errors
    /// It is not good. Why not is nothing that a stranger should be told.
    pub(super) fn check(&self, token: &str, now: Timestamp) -> Result<Arc<Who>, Refusal> {
        if token.len() > limits::TOKEN_BYTES {
            return Err(Refusal::TokenBad);
        }
        let generation = self.keyring.generation(now);
        let print = self.verified.print(token);
        if let Some(who) = self.verified.find(&print, generation, now) {
            return Ok(who);
        }
        let known = self.verify(token, now).ok_or(Refusal::TokenBad)?;
        let who = Arc::clone(&known.who);
        self.verified.note(print, known);
        Ok(who)
    }

    /// Makes the server believe that it has verified the token, and found this user behind it.
    #[cfg(test)]
    pub(super) fn plant(&self, token: &str, user: &str) {
        let known = self.verified.known(&self.verified.print(token)).unwrap();
        let who = Arc::new(Who { user: UserId::parse(user).unwrap(), ..Who::clone(&known.who) });
        self.verified.note(self.verified.print(token), Known { who, ..known });
    }

    fn verify(&self, token: &str, now: Timestamp) -> Option<Known> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        // It names extensions that must be understood (RFC 7515, 4.1.11), and none is.
        if header.crit.is_some() {
            return None;
        }
        let mut keys = self.keyring.keys();
        if keys.find(&header).is_none() {
            keys = self.keyring.look_for_unknown(now);
        }
        let key = keys.find(&header)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &self.validation(key)).ok()?.claims;
        let until = self.current_until(&claims, now)?;
        let paths = &self.rules.claims;
        let who = Who {
            user: UserId::parse(paths.user.find(&claims)?.as_str()?).ok()?,
            issued_at: moment(&claims, "iat").ok()?,
            until,
            role: paths.role_of(&claims),
            profile: paths.profile_of(&claims),
        };
        Some(Known { who: Arc::new(who), until, generation: keys.generation })
    }

    /// One algorithm only, the key's: a token must not choose how it is checked.
    fn validation(&self, key: &Key) -> Validation {
        let mut rules = Validation::new(key.algorithm);
        // The times are checked by the server's own clock.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        if let Some(issuer) = &self.rules.issuer {
            rules.set_issuer(&[issuer]);
            rules.required_spec_claims.insert("iss".into());
        }
        if let Some(audience) = &self.rules.audience {
            rules.validate_aud = true;
            rules.set_audience(&[audience]);
            rules.required_spec_claims.insert("aud".into());
        }
        rules
    }

    /// Until when the token is good, if it is now. One without an end is not.
    fn current_until(&self, claims: &Claims, now: Timestamp) -> Option<Timestamp> {
        let leeway: Millis = self.rules.leeway;
        let until = moment(claims, "exp").ok()??.after(leeway);
        let has_begun = moment(claims, "nbf").ok()?.is_none_or(|nbf| nbf <= now.after(leeway));
        (now < until && has_begun).then_some(until)
    }
}

/// A claim in seconds since 1970, a fraction allowed; an error if it is something else.
fn moment(claims: &Claims, name: &str) -> Result<Option<Timestamp>, ()> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        // A cast of a float saturates.
        Some(value) => value.as_f64().map(|seconds| Some(Timestamp((seconds * 1_000.0) as u64))).ok_or(()),
    }
}
