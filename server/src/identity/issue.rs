//! Making a token, for trying out: where tokens come from usually is the application's own business.

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use stillhere_engine::{
    time::{Millis, Timestamp},
    wire::UserId,
};

use super::{ClaimPath, Claims};
use crate::settings::{Auth, Keys, Settings, SettingsError};

/// What a token shall say.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) user: UserId,
    pub(crate) role: Option<String>,
    pub(crate) life: Millis,
    pub(crate) claims: Vec<(ClaimPath, Value)>,
}

/// A token that a server with these settings takes.
///
/// # Errors
/// These settings know no secret to sign it with.
pub(crate) fn issue(settings: &Settings, wish: &Wish, now: Timestamp) -> Result<String, SettingsError> {
    let rules = match settings.auth() {
        Auth::Jwt(rules) | Auth::Email(rules) => rules,
        Auth::None => {
            return Err(SettingsError::new(format!(
                "`auth` is none, so every text is the token of the user of that name: {:?} is already one",
                wish.user.as_str()
            )));
        }
    };
    let Keys::Secret(secret) = &rules.keys else {
        return Err(SettingsError::new(
            "the server has only public keys, which check tokens and cannot make them: ask whoever has the private one",
        ));
    };
    let seconds = |at: Timestamp| at.0 / 1_000;
    let mut claims = Claims::new();
    claims.insert("iat".into(), json!(seconds(now)));
    claims.insert("exp".into(), json!(seconds(now.after(wish.life))));
    for (name, value) in [("iss", &rules.issuer), ("aud", &rules.audience)] {
        if let Some(value) = value {
            claims.insert(name.into(), json!(value));
        }
    }
    rules.claims.user.put(&mut claims, json!(wish.user.as_str()));
    if let Some(role) = &wish.role {
        rules.claims.role.put(&mut claims, json!(role));
    }
    for (path, value) in &wish.claims {
        path.put(&mut claims, value.clone());
    }
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.expose()))
        .map_err(|why| SettingsError::new(format!("no token could be made: {why}")))
}
