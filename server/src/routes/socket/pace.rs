//! When a socket is pinged, and when it is over though nobody has closed it.

use stillhere_engine::time::{Millis, Timestamp};

use crate::limits;

/// What time has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing until then.
    Nothing(Timestamp),
    /// Ask the other side for a sign of life.
    Ping,
    /// Nobody has said hello.
    NoHello,
    /// The other side is silent.
    Silence,
    /// The token is over.
    TokenOver,
}

/// The times of one socket.
#[derive(Debug)]
pub(super) struct Pace {
    /// `None`: it was said.
    hello_by: Option<Timestamp>,
    heard_at: Timestamp,
    ping_at: Timestamp,
    until: Timestamp,
}

impl Pace {
    /// A socket that was opened now.
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            hello_by: Some(now.after(limits::HELLO_WITHIN)),
            heard_at: now,
            ping_at: now.after(length(limits::KEEP_ALIVE)),
            until: Timestamp::NEVER,
        }
    }

    /// Somebody has said who they are, and until when that is good.
    pub(super) fn hello(&mut self, until: Timestamp) {
        self.hello_by = None;
        self.until = until;
    }

    /// Something has come, if only a pong.
    pub(super) fn heard(&mut self, now: Timestamp) {
        self.heard_at = now;
    }

    /// What is to be done now.
    pub(super) fn due(&mut self, now: Timestamp) -> Due {
        let silent_at = self.heard_at.after(limits::SOCKET_SILENCE);
        if now >= self.until {
            Due::TokenOver
        } else if self.hello_by.is_some_and(|by| now >= by) {
            Due::NoHello
        } else if now >= silent_at {
            Due::Silence
        } else if now >= self.ping_at {
            self.ping_at = now.after(length(limits::KEEP_ALIVE));
            Due::Ping
        } else {
            let first = self.until.min(silent_at).min(self.ping_at);
            Due::Nothing(self.hello_by.map_or(first, |by| first.min(by)))
        }
    }
}

fn length(of: std::time::Duration) -> Millis {
    Millis(u64::try_from(of.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.after(Millis::seconds(seconds))
    }

    #[test]
    fn who_does_not_say_hello_is_not_waited_for() {
        let mut pace = Pace::new(START);
        assert_eq!(pace.due(START), Due::Nothing(after(10)));
        pace.heard(after(9));
        assert_eq!(pace.due(after(10)), Due::NoHello, "whatever else was said");
    }

    #[test]
    fn a_silent_socket_is_pinged_and_given_up_after_the_third_ping() {
        let mut pace = Pace::new(START);
        pace.hello(Timestamp::NEVER);
        assert_eq!(pace.due(START), Due::Nothing(after(15)));
        assert_eq!([pace.due(after(15)), pace.due(after(15))], [Due::Ping, Due::Nothing(after(30))]);
        assert_eq!(pace.due(after(30)), Due::Ping);
        assert_eq!(pace.due(after(45)), Due::Silence);
        pace.heard(after(44));
        assert_eq!([pace.due(after(45)), pace.due(after(46))], [Due::Ping, Due::Nothing(after(60))]);
    }

    #[test]
    fn a_socket_does_not_outlive_its_token_and_a_newer_one_is_as_good() {
        let mut pace = Pace::new(START);
        pace.hello(after(12));
        assert_eq!(pace.due(START), Due::Nothing(after(12)));
        pace.hello(after(14));
        assert_eq!(pace.due(after(12)), Due::Nothing(after(14)));
        pace.heard(after(14));
        assert_eq!(pace.due(after(14)), Due::TokenOver);
    }
}
