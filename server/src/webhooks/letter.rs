//! How letters are made.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use sha2::{Digest, Sha256};
use stillhere_engine::{time::Timestamp, wire::UserId};

use crate::{limits, moment, store::Letter};

/// What a letter is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cause<'a> {
    /// The `type` in the body.
    pub(super) kind: &'static str,
    /// What tells it from every other cause of this kind: the same whenever it is told again.
    pub(super) key: &'a str,
    /// When it happened.
    pub(super) at: Timestamp,
    pub(super) user: Option<&'a UserId>,
    /// JSON, as watchers of the feed get it.
    pub(super) data: &'a str,
}

/// The letter to a hook; `None`: it is longer than any can be, which is our fault.
pub(super) fn write(hook: &str, cause: Cause) -> Option<Letter> {
    let Cause { kind, key, at, user, data } = cause;
    let body = format!("{{\"type\":\"{kind}\",\"timestamp\":\"{}\",\"data\":{data}}}", moment::to_text(at));
    if body.len() > limits::LETTER_BYTES {
        tracing::error!(hook, kind, bytes = body.len(), "a letter is too long to be sent");
        return None;
    }
    let (hook, event, user, message) = (hook.into(), kind.into(), user.cloned(), message(hook, kind, key));
    Some(Letter { message, hook, event, user, body, made_at: at })
}

/// The same for the same cause, whoever writes it and however often; another for each hook. It is a print, and tells
/// nobody whom it is about.
fn message(hook: &str, kind: &str, key: &str) -> String {
    let mut print = Sha256::new();
    for part in [hook, kind, key] {
        print.update(part.len().to_be_bytes());
        print.update(part);
    }
    format!("msg_{}", BASE64_URL_SAFE_NO_PAD.encode(&print.finalize()[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAUSE: Cause = Cause { kind: "presence.join", key: "ff-7", at: Timestamp(5), user: None, data: "{\"a\":1}" };

    #[test]
    fn a_letter_has_the_same_name_whenever_it_is_made_of_the_same_thing() {
        let name = |hook, cause| write(hook, cause).unwrap().message;
        let first = name("pay", CAUSE);
        assert_eq!(first, name("pay", Cause { at: Timestamp(6), data: "{}", ..CAUSE }));
        assert_eq!((first.len(), first.starts_with("msg_")), (26, true));
        let others = [
            name("chat", CAUSE),
            name("pay", Cause { key: "ff-8", ..CAUSE }),
            name("pay", Cause { kind: "presence.online", ..CAUSE }),
            name("payp", Cause { kind: "resence.join", ..CAUSE }),
        ];
        assert!(!others.contains(&first));
    }

    #[test]
    fn a_body_says_what_and_when_and_what_the_feed_says() {
        let letter = write("pay", CAUSE).unwrap();
        let body = "{\"type\":\"presence.join\",\"timestamp\":\"1970-01-01T00:00:00.005Z\",\"data\":{\"a\":1}}";
        assert_eq!(letter.body, body);
        let long = format!("\"{}\"", "a".repeat(limits::LETTER_BYTES));
        assert_eq!(write("pay", Cause { data: &long, ..CAUSE }), None);
    }
}
