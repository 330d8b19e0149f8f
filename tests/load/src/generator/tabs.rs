//! Tabs and their beats, as the client says them.

use std::{
    io::Write,
    rc::Rc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::Algorithm;
use serde_json::json;
use stillhere_engine::wire::SessionId;
use stillhere_tests::token::{SECRET, seconds_from_now, signed};

use super::{Promise, Tabs};
use crate::clock::now;

/// A token is good for longer than any measurement.
const DAY_S: i64 = 24 * 3_600;

/// Where tabs are, and what they look at.
const CHANNELS: u32 = 100;
const PAGES: u32 = 1_000;

/// Everybody's beats.
pub(super) struct Crowd {
    spec: Tabs,
    tabs: Vec<Tab>,
    /// Whose turn it is.
    turn: usize,
}

struct Tab {
    id: String,
    token: Rc<str>,
    seq: u32,
    born: Option<Instant>,
}

/// Where a token is said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenIn {
    /// In each beat, as over HTTP.
    Beat,
    /// Once, in a socket's hello.
    Hello,
}

impl Crowd {
    /// Nobody has beaten yet.
    pub(super) fn new(spec: Tabs) -> Self {
        let mut tabs = Vec::with_capacity(spec.count as usize);
        let mut token: Rc<str> = "".into();
        for number in spec.first..spec.first + spec.count {
            if (number - spec.first).is_multiple_of(spec.per_user.max(1)) {
                token = token_of(number).into();
            }
            tabs.push(Tab { id: id_of(number), token: Rc::clone(&token), seq: 0, born: None });
        }
        Self { spec, tabs, turn: 0 }
    }

    /// The token of one tab.
    pub(super) fn token(&self, at: usize) -> &str {
        &self.tabs[at].token
    }

    /// The next tab's beat.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) {
        let at = self.turn;
        self.turn = (at + 1) % self.tabs.len();
        self.beat(at, TokenIn::Beat, out);
    }

    /// The beat of one tab, which has been in view and at work all the time.
    pub(super) fn beat(&mut self, at: usize, token_in: TokenIn, out: &mut Vec<u8>) {
        let number = self.spec.first + u32::try_from(at).unwrap_or(0);
        let tab = &mut self.tabs[at];
        tab.seq += 1;
        let born = *tab.born.get_or_insert_with(now);
        let t = born.elapsed().as_millis();
        let Promise::Ms(next) = self.spec.promise;
        let (id, seq, channel, page) = (&tab.id, tab.seq, number % CHANNELS, number % PAGES);
        // Writing into memory does not fail.
        let _ok = write!(
            out,
            r#"{{"session":"{id}","seq":{seq},"t":{t},"state":"active","nextMs":{next},"visible":[[0,{t}]],"activeMs":{t},"channel":"room-{channel}","page":"/orders/{page}""#
        );
        if token_in == TokenIn::Beat {
            let _ok = write!(out, r#","token":"{}""#, tab.token);
        }
        out.push(b'}');
    }
}

/// An id that nobody guesses from the one before, and that each run makes anew.
pub(super) fn id_of(number: u32) -> String {
    let spread = u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    SessionId(spread.to_le_bytes()).to_text()
}

/// The token of one person.
pub(crate) fn token_of(number: u32) -> String {
    let claims = json!({
        "sub": format!("user-{number:07}"), "name": format!("Person {number}"), "role": "member",
        "iat": seconds_from_now(-60), "exp": seconds_from_now(DAY_S),
    });
    signed(Algorithm::HS256, SECRET.as_bytes(), &claims)
}

/// This moment as the server counts it.
#[allow(clippy::disallowed_methods, reason = "a lease ends on the wall's clock")]
pub(crate) fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
