//! Tokens as an application would make them, good and bad, for tests of who is believed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// The secret of the servers in tests.
pub const SECRET: &str = "a secret of the tests, which is long enough";

/// The environment of a server that knows it.
pub const ENVIRONMENT: [(&str, &str); 1] = [("STILLHERE_JWT_SECRET", SECRET)];

/// Seconds since 1970, so many from now.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "a token is good for a time on the wall's clock")]
pub fn seconds_from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    i64::try_from(now).expect("the year is not that late") + seconds
}

/// The claims of a good token, and others over them; `null` takes one out.
#[must_use]
pub fn claims(others: Value) -> Value {
    let mut claims = json!({ "sub": "ann", "iat": seconds_from_now(-60), "exp": seconds_from_now(600) });
    let Value::Object(others) = others else { panic!("claims are an object") };
    for (name, value) in others {
        claims[name] = value;
    }
    if let Some(claims) = claims.as_object_mut() {
        claims.retain(|_, value| !value.is_null());
    }
    claims
}

/// A token signed with any secret.
#[must_use]
pub fn signed(algorithm: Algorithm, secret: &[u8], claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).expect("a token")
}

/// A token of `user` with a role, signed with [`SECRET`].
#[must_use]
pub fn token(user: &str, role: &str) -> String {
    signed(Algorithm::HS256, SECRET.as_bytes(), &claims(json!({ "sub": user, "role": role })))
}
