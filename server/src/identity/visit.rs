//! Visits: who came through the e-mail gate, in a cookie that the page can read and nobody can forge.
//!
//! The cookie's value is `session.user.started.until.seal`: the page needs what stands before the first dot. The seal
//! is made with a key of its own, drawn from the secret of the tokens, so a cookie is never a token nor the other way.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::http::HeaderValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use stillhere_engine::{
    page::PageState,
    policy::Policy,
    time::{Millis, Timestamp},
    wire::{Beat, ChannelName, SessionId, UserId},
};

use crate::{limits, settings::Secret};

/// The cookie's name.
pub(crate) const COOKIE: &str = "stillhere_session";

/// The `Set-Cookie` that makes a browser forget the visit.
pub(crate) const FORGET_VISIT: HeaderValue =
    HeaderValue::from_static("stillhere_session=; Path=/; Max-Age=0; SameSite=Strict");

/// One stay of somebody who came through the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    pub(crate) started_at: Timestamp,
    /// Until when they are let in.
    pub(crate) until: Timestamp,
}

impl Visit {
    /// A stay that begins now.
    pub(crate) fn begin(session: SessionId, user: UserId, now: Timestamp) -> Self {
        Self { session, user, started_at: now, until: now.after(limits::VISIT) }
    }

    /// The next stay of the same visitor, when the last one has ended. They are not let in for longer by it.
    pub(crate) fn again(&self, session: SessionId, now: Timestamp) -> Self {
        Self { session, started_at: now, ..self.clone() }
    }

    /// The beat of a page that says nothing but that it is there. It can be seen, or it would be silent; more is not
    /// known. Time since the start never repeats over a restart, so it counts the beats as well.
    pub(crate) fn beat(&self, policy: &Policy, now: Timestamp) -> Beat {
        let t = now.since(self.started_at);
        let usual = ChannelName::default();
        let channel = if policy.allows(&usual) { Some(usual) } else { policy.channels.first().cloned() };
        Beat {
            session: self.session,
            seq: u32::try_from(t.0).unwrap_or(u32::MAX).saturating_add(1),
            t,
            sign_out: false,
            idle: false,
            ago: Millis::ZERO,
            state: PageState::Passive,
            next: Some(policy.interval),
            visible: Vec::new(),
            active: Millis::ZERO,
            channel: channel.unwrap_or_default(),
            page: None,
        }
    }
}

/// Lets visitors in by their cookie.
pub(crate) struct Gate {
    seal: Hmac<Sha256>,
    chance: Hmac<Sha256>,
    sessions: AtomicU64,
    secure: &'static str,
}

impl Gate {
    /// `secure`: what the settings say about cookies on lines without TLS.
    pub(super) fn new(secret: &Secret, over_plain_http: bool) -> Self {
        let key = super::mac(secret.expose()).chain_update("stillhere: the seal of visits").finalize().into_bytes();
        Self {
            seal: super::mac(&key),
            chance: super::mac(&super::chance::<32>()),
            sessions: AtomicU64::new(0),
            secure: if over_plain_http { "" } else { "; Secure" },
        }
    }

    /// An id that no other session has and nobody can guess.
    pub(crate) fn new_session(&self) -> SessionId {
        let count = self.sessions.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        let bytes = self.chance.clone().chain_update(count).finalize().into_bytes();
        SessionId(std::array::from_fn(|at| bytes[at]))
    }

    /// The `Set-Cookie` for the visit. The page may read it, no other site's page makes the browser send it, and
    /// without TLS it is not sent at all.
    pub(crate) fn cookie(&self, visit: &Visit, now: Timestamp) -> Option<HeaderValue> {
        let (value, seconds) = (self.seal(visit), visit.until.since(now).0 / 1_000);
        let secure = self.secure;
        HeaderValue::from_str(&format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; SameSite=Strict{secure}")).ok()
    }

    fn seal(&self, visit: &Visit) -> String {
        let mut text = visit.session.to_text();
        let user = BASE64.encode(visit.user.as_str());
        // Writing to a string cannot fail.
        let _ = write!(text, ".{user}.{}.{}", visit.started_at.0, visit.until.0);
        let seal = BASE64.encode(self.seal.clone().chain_update(&text).finalize().into_bytes());
        text + "." + &seal
    }

    /// The visit behind a cookie; `None` when it is over, or was not made here.
    pub(super) fn open(&self, cookie: &str, now: Timestamp) -> Option<Visit> {
        let (text, seal) = cookie.rsplit_once('.')?;
        self.seal.clone().chain_update(text).verify_slice(&BASE64.decode(seal).ok()?).ok()?;
        let mut parts = text.split('.');
        let visit = Visit {
            session: SessionId::parse(parts.next()?).ok()?,
            user: UserId::parse(&String::from_utf8(BASE64.decode(parts.next()?).ok()?).ok()?).ok()?,
            started_at: Timestamp(parts.next()?.parse().ok()?),
            until: Timestamp(parts.next()?.parse().ok()?),
        };
        (now < visit.until).then_some(visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn gate(secret: &[u8]) -> Gate {
        Gate::new(&Secret::parse(secret).unwrap(), false)
    }

    fn visit() -> Visit {
        Visit::begin(SessionId([7; 16]), UserId::parse("zoë@example.com").unwrap(), NOW)
    }

    #[test]
    fn a_cookie_comes_back_as_the_visit_until_it_is_over() {
        let (gate, visit) = (gate(&[b'a'; 32]), visit());
        let cookie = gate.seal(&visit);
        assert_eq!(cookie.split('.').next(), Some(visit.session.to_text().as_str()), "the page reads the session");
        assert_eq!(gate.open(&cookie, NOW), Some(visit.clone()));
        assert_eq!(gate.open(&cookie, Timestamp(visit.until.0 - 1)), Some(visit.clone()));
        assert_eq!(gate.open(&cookie, visit.until), None);
    }

    #[test]
    fn no_letter_of_a_cookie_can_be_changed() {
        let (gate, other) = (gate(&[b'a'; 32]), gate(&[b'b'; 32]));
        let cookie = gate.seal(&visit());
        for at in 0..cookie.len() {
            let mut forged = cookie.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(gate.open(&String::from_utf8(forged).unwrap(), NOW), None, "at {at}");
        }
        for forged in ["", ".", "....", cookie.trim_end_matches(|letter| letter != '.'), &cookie[..cookie.len() - 1]] {
            assert_eq!(gate.open(forged, NOW), None, "{forged}");
        }
        assert_eq!(other.open(&cookie, NOW), None, "another server's");
    }

    #[test]
    fn the_cookie_is_for_the_page_of_this_site_for_a_day() {
        let cookie = gate(&[b'a'; 32]).cookie(&visit(), NOW).unwrap();
        let (value, attributes) = cookie.to_str().unwrap().split_once("; ").unwrap();
        assert!(value.starts_with("stillhere_session=BwcH"), "{value}");
        assert_eq!(attributes, "Path=/; Max-Age=86400; SameSite=Strict; Secure");
        let plain = Gate::new(&Secret::parse(&[b'a'; 32]).unwrap(), true).cookie(&visit(), NOW).unwrap();
        assert!(!plain.to_str().unwrap().contains("Secure"));
    }

    #[test]
    fn later_beats_of_a_visit_are_newer_and_promise_the_interval() {
        let (policy, visit) = (Policy::default(), visit());
        let first = visit.beat(&policy, NOW);
        let second = visit.beat(&policy, NOW.after(policy.interval));
        assert_eq!((first.seq, first.t), (1, Millis::ZERO));
        assert!(second.seq > first.seq);
        assert_eq!((second.t, second.next), (policy.interval, Some(policy.interval)));
        let last = visit.beat(&policy, NOW.after(limits::VISIT));
        assert!(last.seq > second.seq && last.seq < u32::MAX);
    }

    #[test]
    fn a_visit_is_in_a_channel_that_exists() {
        let mut policy = Policy { channels: vec![ChannelName::parse("pms").unwrap()], ..Policy::default() };
        assert_eq!(visit().beat(&policy, NOW).channel.as_str(), "pms");
        policy.channels.push(ChannelName::default());
        assert_eq!(visit().beat(&policy, NOW).channel, ChannelName::default());
    }

    #[test]
    fn a_second_stay_is_let_in_for_no_longer_than_the_first() {
        let (first, later) = (visit(), NOW.after(Millis::minutes(60)));
        let second = first.again(SessionId([8; 16]), later);
        assert_eq!((second.started_at, second.until, &second.user), (later, first.until, &first.user));
        let cookie = gate(&[b'a'; 32]).cookie(&second, later).unwrap();
        assert!(cookie.to_str().unwrap().contains("Max-Age=82800"), "{cookie:?}");
    }

    #[test]
    fn no_two_visits_are_one_session() {
        let (gate, again) = (gate(&[b'a'; 32]), gate(&[b'a'; 32]));
        let (first, second) = (gate.new_session(), gate.new_session());
        assert_ne!(first, second);
        assert_ne!(first, again.new_session(), "nor after a restart");
    }
}
