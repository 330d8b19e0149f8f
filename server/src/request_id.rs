//! What a request is called: in the log, in the answer, and by whoever sent it.

use std::{
    hash::{BuildHasher, RandomState},
    io::Write,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::limits;

/// Where it stands.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The one that somebody else has given, if it is fit to stand in a log.
    fn parse(said: &HeaderValue) -> Option<Self> {
        let letter = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
        let is_fit =
            (1..=limits::REQUEST_ID_BYTES).contains(&said.len()) && said.as_bytes().iter().copied().all(letter);
        is_fit.then(|| Self(said.clone()))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

impl From<RequestId> for HeaderValue {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

/// Makes ids. They differ within a run, and between runs and servers by all chance.
pub(crate) struct RequestIds {
    chance: RandomState,
    made: AtomicU64,
}

impl RequestIds {
    /// Those of this run.
    pub(crate) fn new() -> Self {
        Self { chance: RandomState::new(), made: AtomicU64::new(0) }
    }

    /// The one that the request brings along, or a new one.
    pub(crate) fn of(&self, request: &HeaderMap) -> RequestId {
        request.get(HEADER).and_then(RequestId::parse).unwrap_or_else(|| self.next())
    }

    fn next(&self) -> RequestId {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let mut id = [0; 16];
        // It fits, and hexadecimal digits are always a header's value.
        let _fits = write!(&mut id[..], "{:016x}", self.chance.hash_one(number));
        RequestId(HeaderValue::from_bytes(&id).unwrap_or(HeaderValue::from_static("-")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_somebody_else_is_taken_if_it_is_fit_for_a_log() {
        let parse = |text: &[u8]| RequestId::parse(&HeaderValue::from_bytes(text).unwrap()).is_some();
        assert!(parse(b"0af76519-16cd-43dd_8448.eb211c80319c"));
        assert!(parse(&[b'a'; limits::REQUEST_ID_BYTES]));
        assert!(!parse(&[b'a'; limits::REQUEST_ID_BYTES + 1]));
        for text in [&b""[..], b"a b", b"a=b", b"\xf0\x9f\xa6\x80", b"{}", b"a\"b"] {
            assert!(!parse(text), "{text:?}");
        }
    }

    #[test]
    fn two_requests_have_two_ids_and_so_have_two_runs() {
        let (one, other) = (RequestIds::new(), RequestIds::new());
        let ids = [one.next(), one.next(), other.next()].map(|id| id.as_str().to_owned());
        assert!(ids.iter().all(|id| id.len() == 16), "{ids:?}");
        assert!(ids[0] != ids[1] && ids[0] != ids[2], "{ids:?}");
    }
}
