//! What a tab has sent, and what it was answered: the one thing that a crash must not make untrue.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// After a promise to beat within so many milliseconds, a lease is good for so long. The server's own formula, told by
/// its settings in [`run`](crate::run): 2 × promise + grace.
#[must_use]
pub const fn lease_of(promise_ms: u64) -> u64 {
    2 * promise_ms + crate::run::GRACE_MS
}

/// One tab's stay, as the tab knows it.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Its id: 22 letters.
    pub id: String,
    /// Whose.
    pub user: String,
    /// Every beat that may have arrived, oldest first.
    pub sent: Vec<Sent>,
    /// The newest beat that the server has said to keep.
    pub kept_seq: u32,
    /// What has been said about signing out.
    pub sign_out: SignOut,
    /// When the server said that it has ended.
    pub told_ended_at: Option<u64>,
}

/// One beat.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its number.
    pub seq: u32,
    /// The page's state, in the wire's word.
    pub state: &'static str,
    /// Where.
    pub channel: String,
    /// Visible time so far.
    pub visible_ms: u64,
    /// Active time so far.
    pub active_ms: u64,
    /// How long it is good for.
    pub lease_ms: u64,
    /// When it was sent, by this machine's clock.
    pub sent_at: u64,
    /// When the server took it, by the server's clock; `None`: it did not say so.
    pub taken_at: Option<u64>,
    /// It was told that its session had ended: it may have added time, and it kept nothing going.
    pub is_late: bool,
}

impl Sent {
    /// The earliest moment at which the server can have taken it.
    #[must_use]
    pub fn evidence_at(&self) -> u64 {
        self.taken_at.unwrap_or(self.sent_at)
    }
}

/// How far a sign-out has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignOut {
    /// Nobody asked for it.
    #[default]
    Unsaid,
    /// It was asked for; whether that arrived is unknown.
    Sent,
    /// It was answered.
    Acknowledged,
}

/// A punch that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Punched {
    /// Who.
    pub user: String,
    /// Which stay.
    pub epoch: u64,
    /// IN or OUT.
    pub kind: String,
}

/// All that is known of a run.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// Every session that was ever tried to begin.
    pub sessions: Vec<Session>,
    /// Every punch that was answered.
    pub punches: Vec<Punched>,
    /// When a server was found dead after its kill, oldest first.
    pub kills: Vec<u64>,
}

impl Session {
    /// The beat of this number.
    #[must_use]
    pub fn beat(&self, seq: u32) -> Option<&Sent> {
        self.sent.iter().find(|sent| sent.seq == seq)
    }

    /// When the first beat that was answered was taken; `None`: none was.
    #[must_use]
    pub fn began_at(&self) -> Option<u64> {
        self.sent.iter().find_map(|sent| sent.taken_at)
    }

    /// What was last proven of it: the last beat that was answered, and all those after it that may have arrived.
    #[must_use]
    pub fn last_evidence(&self) -> &[Sent] {
        let from = self.sent.iter().rposition(|sent| sent.taken_at.is_some()).unwrap_or(0);
        &self.sent[from..]
    }
}

/// This moment, in milliseconds since 1970, as the servers of this machine count.
#[must_use]
#[allow(
    clippy::disallowed_methods,
    reason = "what a server did is placed between what a tab saw by the one wall clock"
)]
pub fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).expect("the year is not that late")
}
