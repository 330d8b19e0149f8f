//! The keys by which tokens are checked. Each key is good for one algorithm, whatever a token says of itself.

use std::{fs, io::Read, path::Path};

use jsonwebtoken::{
    Algorithm, DecodingKey, Header, crypto,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

use crate::limits;

/// A key and the one algorithm that it is for.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    id: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) decoding: DecodingKey,
}

/// The keys of one moment.
#[derive(Clone, Debug)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
    /// Counts the sets that were in use before this one.
    pub(super) generation: u64,
    choice: Choice,
}

/// Whether a token says which key it was signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// There is one key, and what the token calls it does not matter.
    Only,
    /// By the token's `kid`.
    ById,
}

/// A set as it is published.
#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

impl Key {
    pub(crate) fn secret(secret: &[u8]) -> Self {
        Self { id: None, algorithm: Algorithm::HS256, decoding: DecodingKey::from_secret(secret) }
    }

    /// Reads a public key in PEM.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the file's name.
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Self, &'static str> {
        // Our library would take one, and the server has no business with it.
        if pem.windows(11).any(|window| window == b"PRIVATE KEY") {
            return Err("holds a private key: give the server the public one only, and keep this one elsewhere");
        }
        let none = "holds no public key in PEM that is RSA of 2048 bits or more, EC P-256, or Ed25519";
        let of = |algorithm, decoding: DecodingKey| Self { id: None, algorithm, decoding };
        let key = DecodingKey::from_rsa_pem(pem)
            .map(|key| of(Algorithm::RS256, key))
            .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| of(Algorithm::ES256, key)))
            .or_else(|_| DecodingKey::from_ed_pem(pem).map(|key| of(Algorithm::EdDSA, key)))
            .map_err(|_| none)?;
        let length = key.decoding.try_get_as_bytes().map_or(0, <[u8]>::len);
        let is_long = key.algorithm != Algorithm::RS256 || length > limits::RSA_BYTES;
        if is_long && key.is_usable() { Ok(key) } else { Err(none) }
    }

    /// Reads one key of a published set; `None` for one that signs nothing that is accepted here.
    fn from_published(value: &Value) -> Option<Self> {
        let jwk = Jwk::deserialize(value).ok()?;
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
            // A published secret is none.
            _ => return None,
        };
        let is_for = jwk.common.key_algorithm.is_none_or(|named| named == KeyAlgorithm::from(algorithm));
        let signs = jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
        let decoding = DecodingKey::from_jwk(&jwk).ok()?;
        let is_long = match decoding.kind() {
            jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, .. } => n.len() >= limits::RSA_BYTES,
            jsonwebtoken::DecodingKeyKind::SecretOrDer(_) => true,
        };
        let key = Self { id: jwk.common.key_id, algorithm, decoding };
        (is_for && signs && is_long && key.is_usable()).then_some(key)
    }

    /// Whether the numbers are a key. Which signature is looked at does not matter.
    fn is_usable(&self) -> bool {
        crypto::verify("", b"", &self.decoding, self.algorithm).is_ok()
    }
}

impl KeySet {
    pub(crate) fn only(key: Key) -> Self {
        Self { keys: vec![key], generation: 0, choice: Choice::Only }
    }

    /// Reads a set from its file.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the file's name.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        Self::from_json(&read(path)?)
    }

    fn from_json(json: &[u8]) -> Result<Self, String> {
        let published: Published =
            serde_json::from_slice(json).map_err(|why| format!("is no key set, {{\"keys\":[…]}}: {why}"))?;
        let keys: Vec<_> = published.keys.iter().take(limits::KEYS).filter_map(Key::from_published).collect();
        if keys.is_empty() {
            return Err("holds no key for RS256 (2048 bits or more), ES256 or EdDSA".into());
        }
        Ok(Self { keys, generation: 0, choice: Choice::ById })
    }

    /// The key that a token with this header must have been signed with, if it may be looked at at all.
    pub(super) fn find(&self, header: &Header) -> Option<&Key> {
        match (self.choice, &header.kid) {
            (Choice::Only, _) => self.keys.first(),
            // Without a name there must be no choice.
            (Choice::ById, None) => self.keys.first().filter(|_| self.keys.len() == 1),
            (Choice::ById, Some(_)) => self.keys.iter().find(|key| key.id == header.kid),
        }
        .filter(|key| key.algorithm == header.alg)
    }
}

/// Reads a file that is short.
///
/// # Errors
/// The rest of a sentence that begins with the file's name.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = fs::File::open(path).map_err(|why| format!("cannot be read: {why}"))?;
    let mut bytes = Vec::new();
    file.take(limits::KEY_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|why| format!("cannot be read: {why}"))?;
    if bytes.len() as u64 > limits::KEY_FILE_BYTES {
        return Err(format!("is over {} bytes and no file of keys", limits::KEY_FILE_BYTES));
    }
    Ok(bytes)
}
