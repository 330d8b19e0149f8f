//! A look at all leases now, for whoever asks for it.

use stillhere_engine::{
    time::Timestamp,
    tracker::{Change, Input, PunchKind, PunchRow, Why},
    wire::Refusal,
};
use tokio::sync::oneshot;

use super::task::{Disk, Task};

/// What a sweep has found.
#[derive(Debug)]
pub(crate) struct Swept {
    pub(crate) at: Timestamp,
    /// How many sessions were over.
    pub(crate) ended: usize,
    /// Who was punched out by that.
    pub(crate) auto_outs: Vec<PunchRow>,
}

/// A sweep whose findings are not on disk yet.
#[derive(Debug)]
pub(super) struct Sweep {
    found: Swept,
    answer: oneshot::Sender<Result<Swept, Refusal>>,
}

impl Sweep {
    /// A punch is on disk: it is of this sweep if it ended something, and found it out at that moment.
    pub(super) fn note(&mut self, change: &Change) {
        if let Change::Punch(row) = change
            && row.kind == PunchKind::AutoOut
            && row.detected_at == self.found.at
            && self.found.auto_outs.len() < self.found.ended
        {
            self.found.auto_outs.push(row.clone());
        }
    }

    /// All is written, or could not be: then it will be, and nobody can say yet what it was.
    pub(super) fn finish(self, done: Result<(), Refusal>, disk: Disk) {
        let is_kept = disk != Disk::Failing || self.found.ended == 0;
        let found = done.and(if is_kept { Ok(self.found) } else { Err(Refusal::StoreDown) });
        // Who asked may have gone.
        let _ = self.answer.send(found);
    }
}

impl Task {
    /// Nothing but leases that have run out ends a session here, so what is fewer afterwards is what it has ended.
    pub(super) fn sweep(&mut self, answer: oneshot::Sender<Result<Swept, Refusal>>, at: Timestamp) {
        let before = self.tracker.live().sessions;
        loop {
            self.tracker.handle_input(Input::Timer, at);
            let (until, why) = self.drain();
            if why != Why::Lease || until > at {
                break;
            }
        }
        let ended = before.saturating_sub(self.tracker.live().sessions);
        let ticket = self.ticket();
        let found = Swept { at, ended, auto_outs: Vec::new() };
        self.sweeps.insert(ticket, Sweep { found, answer });
        self.tracker.handle_input(Input::Settle(ticket), at);
        self.drain();
    }
}
