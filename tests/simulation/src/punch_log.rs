//! A model of the punch clock's tables: what the unique keys and the conditional insert let in, and nothing more.

use std::collections::BTreeMap;

use stillhere_engine::{
    time::Timestamp,
    tracker::{OpenPunch, PunchKind, PunchRow},
    wire::UserId,
};

/// The log, by stay.
#[derive(Clone, Debug, Default)]
pub struct PunchLog {
    stays: BTreeMap<(UserId, u64), Stay>,
}

/// One stay of one user.
#[derive(Clone, Debug, Default)]
pub struct Stay {
    /// Its rows, in the order in which they came.
    pub rows: Vec<PunchRow>,
    /// The last evidence from its sessions that have ended.
    pub proven_until: Option<Timestamp>,
}

impl Stay {
    /// The row of a kind.
    #[must_use]
    pub fn row(&self, kind: PunchKind) -> Option<&PunchRow> {
        self.rows.iter().find(|row| row.kind == kind)
    }

    /// Whether it has begun and not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.row(PunchKind::In).is_some() && self.end().is_none()
    }

    /// Its OUT or AUTO_OUT.
    #[must_use]
    pub fn end(&self) -> Option<&PunchRow> {
        self.row(PunchKind::Out).or_else(|| self.row(PunchKind::AutoOut))
    }

    /// Up to when the log says that it lasted; `None` unless the server ended it.
    #[must_use]
    pub fn auto_ended_at(&self) -> Option<Timestamp> {
        self.row(PunchKind::AutoOut)?;
        let ends = self.rows.iter().filter(|row| matches!(row.kind, PunchKind::AutoOut | PunchKind::Correction));
        ends.map(|row| row.at).max()
    }
}

impl PunchLog {
    /// Adds a row, unless it is there or has nothing new to say.
    pub fn add(&mut self, row: &PunchRow) {
        let stay = self.stays.entry((row.user.clone(), row.epoch)).or_default();
        let is_new = match row.kind {
            PunchKind::Correction => stay.auto_ended_at().is_some_and(|at| at < row.at),
            kind => stay.row(kind).is_none(),
        };
        if is_new {
            stay.rows.push(row.clone());
        }
    }

    /// A session of the stay has ended, with evidence up to then.
    pub fn prove(&mut self, user: &UserId, epoch: u64, ended_at: Timestamp) {
        let stay = self.stays.entry((user.clone(), epoch)).or_default();
        stay.proven_until = stay.proven_until.max(Some(ended_at));
    }

    /// One stay.
    #[must_use]
    pub fn stay(&self, user: &UserId, epoch: u64) -> Option<&Stay> {
        self.stays.get(&(user.clone(), epoch))
    }

    /// The user's stays, oldest first.
    pub fn stays_of<'a>(&'a self, user: &'a UserId) -> impl Iterator<Item = &'a Stay> {
        self.stays.range((user.clone(), 0)..=(user.clone(), u64::MAX)).map(|(_, stay)| stay)
    }

    /// Who is in, as a starting server reads it.
    #[must_use]
    pub fn open(&self) -> Vec<OpenPunch> {
        let open = self.stays.iter().filter(|(_, stay)| stay.is_open());
        let open = open.filter_map(|((user, epoch), stay)| {
            let came = stay.row(PunchKind::In)?.at;
            let proven_until = stay.proven_until.map_or(came, |until| until.max(came));
            Some(OpenPunch { user: user.clone(), epoch: *epoch, proven_until })
        });
        open.collect()
    }

    /// Every stay.
    pub fn all(&self) -> impl Iterator<Item = &Stay> {
        self.stays.values()
    }
}
