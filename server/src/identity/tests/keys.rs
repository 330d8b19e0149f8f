//! Public keys: each for its algorithm, alone in a file or in a set that changes.

use std::{fs, path::Path};

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use tempfile::TempDir;

use super::*;

const RSA: &[u8] = include_bytes!("../../../../tests/keys/rsa.pem");
const EC: &[u8] = include_bytes!("../../../../tests/keys/ec.pem");
const ED: &[u8] = include_bytes!("../../../../tests/keys/ed.pem");
const KINDS: [(Algorithm, &str); 3] = [(Algorithm::RS256, "rsa"), (Algorithm::ES256, "ec"), (Algorithm::EdDSA, "ed")];

fn private(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(EC),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(ED),
        _ => EncodingKey::from_rsa_pem(RSA),
    }
    .unwrap()
}

fn signed(algorithm: Algorithm, kid: Option<&str>, user: &str) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    encode(&header, &json!({"sub": user, "exp": LATER}), &private(algorithm)).unwrap()
}

fn published(algorithm: Algorithm, kid: &str) -> Jwk {
    let mut jwk = Jwk::from_encoding_key(&private(algorithm), algorithm).unwrap();
    jwk.common.key_id = Some(kid.into());
    jwk
}

fn pem(name: &str) -> String {
    format!("{}/../tests/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"))
}

fn of_pem(name: &str) -> Identity {
    identity(&format!("auth = \"jwt\"\njwt_public_key_file = {:?}", pem(&format!("{name}.pub"))), None)
}

/// A set in a file of its own.
struct Set(TempDir);

impl Set {
    fn of(keys: &[Value]) -> Self {
        let set = Self(tempfile::tempdir().unwrap());
        set.publish(keys);
        set
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("jwks.json")
    }

    fn publish(&self, keys: &[Value]) {
        self.write(&json!({ "keys": keys }).to_string());
    }

    /// As programs should: whole or not at all.
    fn write(&self, text: &str) {
        let new = self.0.path().join("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.path()).unwrap();
    }

    fn identity(&self) -> Identity {
        identity(&self.settings(), None)
    }

    fn settings(&self) -> String {
        format!("auth = \"jwt\"\njwks_file = {:?}", self.path())
    }
}

fn jwk(algorithm: Algorithm, kid: &str) -> Value {
    serde_json::to_value(published(algorithm, kid)).unwrap()
}

fn refusal(settings: &str) -> String {
    Settings::parse(Typed::from_toml(settings).unwrap(), None).unwrap_err().to_string()
}

#[test]
fn a_public_key_checks_tokens_of_its_algorithm_and_no_other() {
    for (algorithm, name) in KINDS {
        let identity = of_pem(name);
        for (other, _) in KINDS {
            let expected = if other == algorithm { Ok("ann".into()) } else { bad() };
            assert_eq!(user_of(&identity, &signed(other, Some("any"), "ann"), NOW), expected, "{name} {other:?}");
        }
    }
    let stronger =
        encode(&Header::new(Algorithm::RS384), &json!({"sub": "ann", "exp": LATER}), &private(Algorithm::RS256));
    assert_eq!(user_of(&of_pem("rsa"), &stronger.unwrap(), NOW), bad());
}

#[test]
fn a_public_key_is_never_taken_for_a_secret() {
    let claims = json!({"sub": "eve", "exp": LATER});
    for (algorithm, name) in KINDS {
        let public = fs::read(pem(&format!("{name}.pub"))).unwrap();
        let set = Set::of(&[jwk(algorithm, "one")]);
        for identity in [of_pem(name), set.identity()] {
            for secret in [&public[..], public.trim_ascii(), b""] {
                assert_eq!(user_of(&identity, &token(Algorithm::HS256, secret, &claims), NOW), bad(), "{name}");
            }
        }
    }
}

#[test]
fn a_file_that_is_no_public_key_is_refused_with_what_to_do() {
    for (name, hint) in [
        ("rsa", "private key"),
        ("ed", "private key"),
        ("rsa_short.pub", "2048 bits"),
        ("ec384.pub", "P-256"),
        ("README.md", "cannot be read"),
    ] {
        let why = refusal(&format!("auth = \"jwt\"\njwt_public_key_file = {:?}", pem(name)));
        assert!(why.contains(hint), "{name}: {why}");
    }
}

#[test]
fn a_set_checks_by_the_tokens_key_id() {
    let set = Set::of(&[jwk(Algorithm::RS256, "r"), jwk(Algorithm::ES256, "e"), jwk(Algorithm::EdDSA, "d")]);
    let identity = set.identity();
    for (algorithm, kid) in [(Algorithm::RS256, "r"), (Algorithm::ES256, "e"), (Algorithm::EdDSA, "d")] {
        assert_eq!(user_of(&identity, &signed(algorithm, Some(kid), "ann"), NOW), Ok("ann".into()), "{kid}");
    }
    for kid in [Some("r"), Some("x"), Some(""), None] {
        assert_eq!(user_of(&identity, &signed(Algorithm::ES256, kid, "ann"), NOW), bad(), "{kid:?}");
    }
    let alone = Set::of(&[jwk(Algorithm::ES256, "e")]).identity();
    assert_eq!(user_of(&alone, &signed(Algorithm::ES256, None, "ann"), NOW), Ok("ann".into()), "there is no choice");
}

#[test]
fn keys_of_other_kinds_are_left_out_of_a_set() {
    let mut for_secrets = published(Algorithm::RS256, "enc");
    for_secrets.common.public_key_use = Some(PublicKeyUse::Encryption);
    let mut of_pss = jwk(Algorithm::RS256, "pss");
    of_pss["alg"] = json!("PS256");
    let others = [
        json!({"kty": "oct", "kid": "secret", "alg": "HS256", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}),
        json!({"kty": "EC", "crv": "P-256", "kid": "point", "x": "AAAA", "y": "AAAA"}),
        json!({"kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"}),
        json!({"kty": "new", "kid": "new"}),
        json!("no key"),
        serde_json::to_value(for_secrets).unwrap(),
        of_pss,
    ];
    let mut keys = others.to_vec();
    keys.push(jwk(Algorithm::EdDSA, "d"));
    let identity = Set::of(&keys).identity();
    assert_eq!(user_of(&identity, &signed(Algorithm::EdDSA, Some("d"), "ann"), NOW), Ok("ann".into()));
    for kid in ["enc", "pss"] {
        assert_eq!(user_of(&identity, &signed(Algorithm::RS256, Some(kid), "ann"), NOW), bad(), "{kid}");
    }
    let by_published_secret = encode(
        &Header { kid: Some("secret".into()), ..Header::default() },
        &json!({"sub": "eve", "exp": LATER}),
        &EncodingKey::from_secret(SECRET),
    );
    assert_eq!(user_of(&identity, &by_published_secret.unwrap(), NOW), bad());
    let nothing = Set::of(&others);
    assert!(refusal(&nothing.settings()).contains("holds no key for RS256"));
    nothing.write("{}");
    assert!(refusal(&nothing.settings()).contains("is no key set"));
}

#[test]
fn a_new_key_is_known_with_the_first_token_that_names_it() {
    let set = Set::of(&[jwk(Algorithm::ES256, "old")]);
    let identity = set.identity();
    assert!(user_of(&identity, &signed(Algorithm::ES256, Some("old"), "ann"), NOW).is_ok());
    set.publish(&[jwk(Algorithm::EdDSA, "new")]);
    let new = signed(Algorithm::EdDSA, Some("new"), "ann");
    let soon = NOW.after(Millis(limits::UNKNOWN_KEY_EVERY.0 - 1));
    for _ in 0..3 {
        assert_eq!(user_of(&identity, &new, soon), bad(), "a flood of unknown keys does not reach the disk");
    }
    assert_eq!(user_of(&identity, &new, NOW.after(limits::UNKNOWN_KEY_EVERY)), Ok("ann".into()));
}

#[test]
fn a_key_that_was_taken_back_is_forgotten_with_all_that_it_has_signed() {
    let set = Set::of(&[jwk(Algorithm::ES256, "old")]);
    let identity = set.identity();
    let old = signed(Algorithm::ES256, Some("old"), "ann");
    assert!(user_of(&identity, &old, NOW).is_ok());
    set.publish(&[jwk(Algorithm::EdDSA, "new")]);
    assert!(user_of(&identity, &old, NOW.after(Millis::seconds(1))).is_ok(), "nobody has looked yet");
    assert_eq!(user_of(&identity, &old, NOW.after(limits::KEY_FILE_EVERY)), bad());
}

#[test]
fn a_set_that_cannot_be_read_leaves_the_keys_as_they_were() {
    let set = Set::of(&[jwk(Algorithm::ES256, "old")]);
    let identity = set.identity();
    let (mut now, old) = (NOW, signed(Algorithm::ES256, Some("old"), "ann"));
    let mut check = |change: &dyn Fn(&Path)| {
        change(&set.path());
        now = now.after(limits::KEY_FILE_EVERY);
        assert_eq!(user_of(&identity, &old, now), Ok("ann".into()));
    };
    check(&|_| {});
    check(&|path| fs::write(path, "{\"keys\":[").unwrap());
    check(&|path| fs::write(path, "{\"keys\":[]}").unwrap());
    check(&|path| fs::remove_file(path).unwrap());
    set.publish(&[jwk(Algorithm::EdDSA, "new")]);
    assert_eq!(user_of(&identity, &old, now.after(limits::KEY_FILE_EVERY)), bad(), "and it goes on from there");
}
