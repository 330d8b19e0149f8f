mod cookies;
mod keys;
mod tokens;

use axum::http::{HeaderName, HeaderValue};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use stillhere_engine::time::Millis;

use super::*;
use crate::{
    limits,
    settings::{Secret, Typed},
};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: Timestamp = Timestamp(1_790_000_000_000);
/// Ten minutes after [`NOW`], in a token's seconds.
const LATER: u64 = 1_790_000_600;

/// Follows the settings, with the tests' secret in the environment.
fn with_secret(settings: &str) -> Identity {
    identity(settings, Some(Secret::parse(SECRET).unwrap()))
}

fn identity(settings: &str, secret: Option<Secret>) -> Identity {
    Identity::new(&Settings::parse(Typed::from_toml(settings).unwrap(), secret).unwrap())
}

fn jwt() -> Identity {
    with_secret("auth = \"jwt\"")
}

fn token(algorithm: Algorithm, secret: &[u8], claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).unwrap()
}

fn good(claims: &Value) -> String {
    token(Algorithm::HS256, SECRET, claims)
}

fn ann() -> String {
    good(&json!({"sub": "ann", "exp": LATER}))
}

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let field = |&(name, value): &(_, &str)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    fields.iter().map(field).collect()
}

fn with(authorization: &str) -> HeaderMap {
    headers(&[("authorization", authorization)])
}

/// Whom the server sees behind a token in a beat.
fn user_of(identity: &Identity, token: &str, now: Timestamp) -> Result<String, Rejection> {
    identity.of_beat(&HeaderMap::new(), Some(token), now).map(|who| who.user.as_str().to_owned())
}

fn bad() -> Result<String, Rejection> {
    Err(Refusal::TokenBad.into())
}

#[test]
fn without_authentication_the_token_is_the_user() {
    let open = identity("", None);
    assert_eq!(user_of(&open, "ann", NOW), Ok("ann".into()));
    assert_eq!(user_of(&open, "", NOW), bad());
    assert_eq!(open.of_beat(&HeaderMap::new(), None, NOW), Err(Refusal::TokenMissing.into()));
    assert_eq!(open.of_watcher(&HeaderMap::new(), NOW), Ok(None));
    assert_eq!(open.of_admin(&HeaderMap::new(), NOW), Ok(()));
}

#[test]
fn without_authentication_only_names_of_this_machine_are_answered() {
    let evil = headers(&[("host", "evil.example")]);
    assert!(!identity("", None).trusts_host(&evil));
    assert!(identity("", None).trusts_host(&headers(&[("host", "localhost:4747")])));
    assert!(identity("allow_anonymous = true", None).trusts_host(&evil), "told twice");
    assert!(jwt().trusts_host(&evil), "tokens say who it is, whatever name led here");
}

#[test]
fn a_header_goes_over_the_body() {
    let open = identity("", None);
    for scheme in ["Bearer", "bearer"] {
        let who = open.of_beat(&with(&format!("{scheme} bob")), Some("ann"), NOW).unwrap();
        assert_eq!(who.user.as_str(), "bob");
    }
    for odd in ["Basic YTpi", "bob", ""] {
        assert_eq!(open.of_beat(&with(odd), Some("ann"), NOW), Err(Refusal::TokenBad.into()), "{odd}");
    }
}

#[test]
fn two_texts_are_equal_only_if_they_are() {
    assert!(are_equal(b"secret", b"secret"));
    for other in [&b"secreT"[..], b"secret\0", b"secre", b""] {
        assert!(!are_equal(b"secret", other));
    }
}

#[test]
fn the_secret_of_a_job_is_known_only_to_whoever_says_it_whole() {
    let secret = Secret::parse(SECRET).unwrap();
    assert!(secret.is(SECRET));
    assert!(!secret.is(&SECRET[1..]) && !secret.is(b""));
}
