//! Who is asking, and what they may do. Tokens are looked at here and nowhere else, and never logged.

use axum::http::{HeaderMap, header};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use stillhere_engine::{
    time::Timestamp,
    wire::{Refusal, UserId},
};

use crate::{limits, settings::Auth};

/// Somebody whose token was good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) user: UserId,
    /// Since when the token is good, if it says so.
    pub(crate) issued_at: Option<Timestamp>,
    role: Role,
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
    /// Who is here.
    User,
    /// Everything that is kept.
    Admin,
}

/// Decides who somebody is.
pub(crate) enum Identity {
    /// Everybody is who they say they are.
    Open,
    /// Tokens signed with one secret.
    Jwt { key: Box<DecodingKey>, rules: Box<Validation> },
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// Seconds since 1970; a fraction is allowed by the standard.
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
    /// Of any type: somebody else's idea of a role makes nobody an admin, and is no error.
    role: Option<serde_json::Value>,
}

impl Identity {
    pub(crate) fn new(auth: &Auth) -> Self {
        match auth {
            Auth::None => Self::Open,
            Auth::Jwt(secret) => {
                // One algorithm only: a token must not choose how it is checked.
                let mut rules = Validation::new(Algorithm::HS256);
                // The times are checked below, by the server's own clock.
                rules.required_spec_claims.clear();
                rules.validate_exp = false;
                rules.validate_nbf = false;
                rules.validate_aud = false;
                Self::Jwt { key: Box::new(DecodingKey::from_secret(secret.expose())), rules: Box::new(rules) }
            }
        }
    }

    /// Who beats: by the header, or by the token in the beat, as a beacon cannot set headers.
    ///
    /// # Errors
    /// There is no token, or it is not good.
    pub(crate) fn of_beat(&self, headers: &HeaderMap, in_beat: Option<&str>, now: Timestamp) -> Result<Who, Refusal> {
        let token = bearer(headers)?.or(in_beat).ok_or(Refusal::TokenMissing)?;
        self.check(token, now)
    }

    /// Who asks to see who is here; `None`: anybody, as anybody may see everything.
    ///
    /// # Errors
    /// There is no token where one is needed, or it is not good.
    pub(crate) fn of_watcher(&self, headers: &HeaderMap, now: Timestamp) -> Result<Option<Who>, Refusal> {
        match self {
            Self::Open => Ok(None),
            Self::Jwt { .. } => self.of_beat(headers, None, now).map(Some),
        }
    }

    /// Whether whoever asks may see everything that is kept.
    ///
    /// # Errors
    /// There is no token where one is needed, it is not good, or it is not an admin's.
    pub(crate) fn of_admin(&self, headers: &HeaderMap, now: Timestamp) -> Result<(), Refusal> {
        match self {
            Self::Open => Ok(()),
            Self::Jwt { .. } => match self.of_beat(headers, None, now)?.role {
                Role::Admin => Ok(()),
                Role::User => Err(Refusal::NotAllowed),
            },
        }
    }

    fn check(&self, token: &str, now: Timestamp) -> Result<Who, Refusal> {
        let bad = |_| Refusal::TokenBad;
        let Self::Jwt { key, rules } = self else {
            return Ok(Who { user: UserId::parse(token).map_err(bad)?, issued_at: None, role: Role::Admin });
        };
        let claims = jsonwebtoken::decode::<Claims>(token, key, rules).map_err(|_| Refusal::TokenBad)?.claims;
        let now = now.0 as f64 / 1_000.0;
        let leeway = limits::TOKEN_LEEWAY as f64;
        // The comparison is false for what is no number, which is then refused.
        let is_current = now < claims.exp + leeway && claims.nbf.is_none_or(|nbf| nbf <= now + leeway);
        if !is_current {
            return Err(Refusal::TokenBad);
        }
        let is_admin = claims.role.as_ref().and_then(|role| role.as_str()) == Some("admin");
        Ok(Who {
            user: UserId::parse(&claims.sub).map_err(bad)?,
            // A cast of a float saturates.
            issued_at: claims.iat.map(|iat| Timestamp((iat * 1_000.0) as u64)),
            role: if is_admin { Role::Admin } else { Role::User },
        })
    }
}

/// The token in the header, if there is such a header.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Refusal::TokenBad)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(token.trim())) } else { Err(Refusal::TokenBad) }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;
    use crate::settings::Secret;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn jwt() -> Identity {
        Identity::new(&Auth::Jwt(Secret::parse(SECRET).unwrap()))
    }

    fn token(algorithm: Algorithm, secret: &[u8], claims: &Value) -> String {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    fn good(claims: &Value) -> String {
        token(Algorithm::HS256, SECRET, claims)
    }

    fn with(authorization: &str) -> HeaderMap {
        [(header::AUTHORIZATION, HeaderValue::from_str(authorization).unwrap())].into_iter().collect()
    }

    fn beat(claims: &Value) -> Result<Who, Refusal> {
        jwt().of_beat(&HeaderMap::new(), Some(&good(claims)), NOW)
    }

    #[test]
    fn without_authentication_the_token_is_the_user() {
        let who = Identity::Open.of_beat(&HeaderMap::new(), Some("ann"), NOW).unwrap();
        assert_eq!(who.user.as_str(), "ann");
        assert_eq!(Identity::Open.of_beat(&HeaderMap::new(), None, NOW), Err(Refusal::TokenMissing));
        assert_eq!(Identity::Open.of_beat(&HeaderMap::new(), Some(""), NOW), Err(Refusal::TokenBad));
        assert_eq!(Identity::Open.of_watcher(&HeaderMap::new(), NOW), Ok(None));
        assert_eq!(Identity::Open.of_admin(&HeaderMap::new(), NOW), Ok(()));
    }

    #[test]
    fn a_header_goes_over_the_body() {
        for scheme in ["Bearer", "bearer"] {
            let who = Identity::Open.of_beat(&with(&format!("{scheme} bob")), Some("ann"), NOW).unwrap();
            assert_eq!(who.user.as_str(), "bob");
        }
        for odd in ["Basic YTpi", "bob", ""] {
            assert_eq!(Identity::Open.of_beat(&with(odd), Some("ann"), NOW), Err(Refusal::TokenBad), "{odd}");
        }
    }

    #[test]
    fn a_good_token_says_who_since_when_and_what_they_may() {
        let claims = json!({"sub": "ann", "exp": 1_790_000_600, "iat": 1_789_999_000, "aud": "x", "role": "admin"});
        let who = beat(&claims).unwrap();
        assert_eq!(who.user.as_str(), "ann");
        assert_eq!(who.issued_at, Some(Timestamp(1_789_999_000_000)));
        let admin = with(&format!("Bearer {}", good(&claims)));
        assert_eq!(jwt().of_admin(&admin, NOW), Ok(()));
        for role in [json!("user"), json!(["admin"]), Value::Null] {
            let user = with(&format!("Bearer {}", good(&json!({"sub": "ann", "exp": 1_790_000_600, "role": role}))));
            assert_eq!(jwt().of_admin(&user, NOW), Err(Refusal::NotAllowed));
            assert!(jwt().of_watcher(&user, NOW).is_ok_and(|who| who.is_some()));
        }
        assert_eq!(jwt().of_watcher(&HeaderMap::new(), NOW), Err(Refusal::TokenMissing));
    }

    #[test]
    fn a_token_that_is_over_early_or_nameless_is_refused() {
        for claims in [
            json!({"sub": "ann", "exp": 1_789_999_900}),
            json!({"sub": "ann", "exp": 1_790_000_600, "nbf": 1_790_000_100}),
            json!({"sub": "ann"}),
            json!({"exp": 1_790_000_600}),
            json!({"sub": "line\nbreak", "exp": 1_790_000_600}),
            json!({"sub": 7, "exp": 1_790_000_600}),
        ] {
            assert_eq!(beat(&claims), Err(Refusal::TokenBad), "{claims}");
        }
        assert!(beat(&json!({"sub": "ann", "exp": 1_789_999_990})).is_ok(), "clocks differ a little");
    }

    #[test]
    fn a_token_of_another_secret_or_algorithm_is_refused() {
        let claims = json!({"sub": "ann", "exp": 1_790_000_600});
        let other = token(Algorithm::HS256, &[b'x'; 32], &claims);
        let stronger = token(Algorithm::HS384, SECRET, &claims);
        let signed = good(&claims);
        let (body, _) = signed.rsplit_once('.').unwrap();
        // {"alg":"none","typ":"JWT"}
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", body.split_once('.').unwrap().1);
        for bad in [&other, &stronger, &unsigned, &format!("{body}."), "", "a.b.c"] {
            assert_eq!(jwt().of_beat(&HeaderMap::new(), Some(bad), NOW), Err(Refusal::TokenBad), "{bad}");
        }
    }
}
