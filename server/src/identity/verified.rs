//! Tokens that were verified and need not be again: a signature costs more than all the rest of a beat.

use std::sync::Arc;

use hmac::{Hmac, Mac};
use quick_cache::sync::Cache;
use sha2::Sha256;
use stillhere_engine::time::Timestamp;

use super::Who;
use crate::limits;

/// What stands for a token. Without the server's own key nobody can find another text with the same print, and the
/// memory holds no token that could be used.
pub(super) type Print = [u8; 32];

/// Who was found behind which token.
pub(super) struct Verified {
    key: Hmac<Sha256>,
    known: Cache<Print, Known>,
}

/// What is known of a token.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) who: Arc<Who>,
    /// When it is over, the leeway included.
    pub(super) until: Timestamp,
    /// By which set of keys it was verified.
    pub(super) generation: u64,
}

impl Verified {
    /// Knows nobody yet. `key` is made by chance for this process.
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self { key: super::mac(&key), known: Cache::new(limits::TOKENS_VERIFIED) }
    }

    pub(super) fn print(&self, token: &str) -> Print {
        self.key.clone().chain_update(token).finalize().into_bytes().into()
    }

    /// Who is behind the token, unless it is over or the keys have changed.
    pub(super) fn find(&self, print: &Print, generation: u64, now: Timestamp) -> Option<Arc<Who>> {
        let known = self.known.get(print)?;
        (now < known.until && known.generation == generation).then_some(known.who)
    }

    #[cfg(test)]
    pub(super) fn known(&self, print: &Print) -> Option<Known> {
        self.known.get(print)
    }

    pub(super) fn note(&self, print: Print, known: Known) {
        self.known.insert(print, known);
    }
}
