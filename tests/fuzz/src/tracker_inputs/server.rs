//! A server around the tracker: its clock, its disk, and everybody who waits for it.

use std::collections::{BTreeMap, VecDeque};

use stillhere_engine::{
    limits,
    policy::Policy,
    time::{Millis, Timestamp},
    tracker::{Batch, Change, Input, Output, Past, Report, Ticket, Tracker, Way},
    wire::{Accepted, Refusal, SessionId},
};

use super::{
    claims::{Owed, Tickets, Watcher},
    store::Store,
    story::{self, Disk, LookUp, Said, Seq, When, Wish},
};

const START: u64 = 1_790_000_000_000;

/// The wheel's ticks have 32 bits, which are two years and two months of one process: one for the story, one for its end.
const LONGEST: Millis = Millis::minutes(365 * 24 * 60);

/// A question to the store, what the store knew when it was asked, and when that was.
type Question = (Box<Report>, Past, u64);

pub(super) struct Server {
    policy: Policy,
    tracker: Tracker,
    now: u64,
    began: u64,
    wait: Timestamp,
    store: Store,
    /// Nobody can watch a server that is not yet listening.
    watcher: Option<Watcher>,
    tickets: Tickets,
    under_way: Option<Box<Batch>>,
    questions: VecDeque<Question>,
    /// When each tab began in truth, and its newest beat.
    tabs: BTreeMap<SessionId, (u64, u32)>,
    delivered: Vec<Report>,
    /// How often anybody asked to punch.
    punches: usize,
}

impl Server {
    pub(super) fn start(policy: Policy) -> Self {
        let mut server = Self {
            tracker: Tracker::new(policy.clone(), 7, Timestamp(START)),
            policy,
            now: START,
            began: START,
            wait: Timestamp(0),
            store: Store::new(Timestamp(START)),
            watcher: Some(Watcher::default()),
            tickets: Tickets::default(),
            under_way: None,
            questions: VecDeque::new(),
            tabs: BTreeMap::new(),
            delivered: Vec::new(),
            punches: 0,
        };
        server.tell(Input::Timer);
        server
    }

    pub(super) fn beat(&mut self, said: &Said) {
        let session = said.session();
        let &mut (began, newest) = self.tabs.entry(session).or_insert((self.now, 0));
        let seq = match said.seq {
            Seq::Next => newest.saturating_add(1),
            Seq::Any(seq) => seq,
        };
        let t = match said.t {
            When::Honest => self.now - began,
            When::Any(t) => t.0,
        };
        let Some(beat) = said.beat(seq, t) else { return };
        self.tabs.insert(session, (began, newest.max(seq)));
        let issued_at = said.issued_ago.map(|ago| Timestamp(self.now).before(Millis(ago.0)));
        self.deliver(Report { ticket: Ticket(0), user: said.user(), issued_at, beat, past: None });
    }

    pub(super) fn beat_again(&mut self, at: u8) {
        let Some(at) = self.delivered.len().checked_sub(1 + usize::from(at)) else { return };
        self.deliver(self.delivered[at].clone());
    }

    fn deliver(&mut self, report: Report) {
        self.store.was_told(&report.beat);
        self.delivered.push(report.clone());
        let ticket = self.tickets.owe(Owed::Answer(report.beat.session));
        self.tell(Input::Beat(Box::new(Report { ticket, ..report })));
    }

    /// The shell's timer: never again at once for ever.
    pub(super) fn wake(&mut self) {
        for _ in 0..16 {
            self.tell(Input::Timer);
            if self.wait > Timestamp(self.now) {
                return;
            }
        }
        panic!("sixteen timers at {}, and the next is due at {:?}", self.now, self.wait);
    }

    pub(super) fn pass(&mut self, length: u64) {
        self.now = (self.now.saturating_add(length)).min(self.began + LONGEST.0);
    }

    pub(super) fn wait_out(&mut self, times: u8) {
        for _ in 0..times.min(32) {
            self.pass(self.wait.since(Timestamp(self.now)).0.min(limits::LEASE_MAX.0));
            self.wake();
        }
    }

    pub(super) fn settle(&mut self) {
        let ticket = self.tickets.owe(Owed::Settle);
        self.tell(Input::Settle(ticket));
    }

    pub(super) fn punch(&mut self, user: u8, wish: Wish) {
        let ticket = self.tickets.owe(Owed::Punch);
        self.punches += 1;
        let way = if matches!(wish, Wish::In) { Way::In } else { Way::Out };
        self.tell(Input::Punch { ticket, user: story::user(user), way });
    }

    pub(super) fn sign_out(&mut self, user: u8, tab: u8) {
        let ticket = self.tickets.owe(Owed::SignOut);
        self.tell(Input::SignOut { ticket, user: story::user(user), session: story::session(tab) });
    }

    pub(super) fn remove(&mut self, user: u8) {
        let user = story::user(user);
        let ticket = self.tickets.owe(Owed::Remove(user.clone()));
        self.store.is_to_forget(&user);
        self.tell(Input::Remove { ticket, user });
    }

    pub(super) fn disk_answers(&mut self, how: Disk) {
        let Some(batch) = self.under_way.take() else { return };
        if !matches!(how, Disk::Failed) {
            self.store.write(&batch);
        }
        self.tell(if matches!(how, Disk::Wrote) { Input::Recorded } else { Input::RecordFailed(batch) });
    }

    pub(super) fn store_answers(&mut self, how: LookUp) {
        let Some((mut report, then, asked_at)) = self.questions.pop_front() else { return };
        // A store that has thought for longer than this has been given up.
        let is_late = self.now - asked_at > limits::LOOKED_UP_WITHIN.0;
        report.past = Some(match how {
            LookUp::Now => self.store.past(&report.beat.session),
            LookUp::AsItWas if !is_late => then,
            LookUp::AsItWas | LookUp::Failed => {
                self.tickets.answered(report.ticket);
                return;
            }
        });
        self.tell(Input::Beat(report));
    }

    pub(super) fn crash(&mut self, down: u64) {
        self.now = self.now.saturating_add(down.min(limits::SESSION_AGE.0));
        self.began = self.now;
        self.tracker = Tracker::new(self.policy.clone(), 8, Timestamp(self.now));
        self.under_way = None;
        self.questions.clear();
        self.tickets = self.tickets.after_a_crash();
        let rows = self.store.open();
        let now = Timestamp(self.now);
        self.tracker.handle_input(Input::Restore { rows, alive_at: Some(self.store.alive_at()) }, now);
        self.tracker.handle_input(Input::RestorePunches(self.store.stays()), now);
        self.watcher = None;
        self.drain();
        // Watchers begin anew with a snapshot.
        self.watcher = Some(Watcher::looking_at(&self.tracker));
    }

    /// The disk works again, everybody goes, and nothing is left.
    pub(super) fn come_to_rest(&mut self) {
        self.began = self.now;
        self.settle();
        for _ in 0..64 {
            while !self.questions.is_empty() {
                self.store_answers(LookUp::Now);
            }
            self.disk_answers(Disk::Wrote);
            if self.tickets.is_empty() {
                break;
            }
            self.pass(limits::STORE_RETRY.0);
            self.wake();
        }
        assert!(self.tickets.is_empty(), "who waits for ever: {:?}", self.tickets);
        // Longer than any lease, after any downtime.
        for _ in 0..4 {
            self.pass(LONGEST.0 / 5);
            self.wake();
            self.disk_answers(Disk::Wrote);
        }
        let live = self.tracker.live();
        assert_eq!((live.sessions, live.users, live.channels), (0, 0, 0), "left over");
        self.store.all_have_ended();
    }

    fn tell(&mut self, input: Input) {
        self.tracker.handle_input(input, Timestamp(self.now));
        self.drain();
    }

    fn drain(&mut self) {
        // A batch, what it sets free, every step down of every session, and the punch of its end. Punches that could not
        // be written are told later, together.
        let most = 8 + self.punches + self.tickets.len() + self.tabs.len() * (limits::RUNGS + 4);
        for _ in 0..most {
            match self.tracker.poll_output() {
                Output::Answer { ticket, answer } => self.answered(ticket, &answer),
                Output::Done { ticket, done } => self.done(ticket, &done),
                Output::Punched { ticket, punch } => {
                    self.tickets.punched(ticket);
                    if let Ok(row) = punch {
                        self.store.has_punch(&row);
                    }
                }
                Output::Publish(Change::Punch(row)) => self.store.has_punch(&row),
                Output::LookUp(report) => {
                    let then = self.store.past(&report.beat.session);
                    self.questions.push_back((report, then, self.now));
                }
                Output::Record(batch) => {
                    self.store.can_be_written(&batch, Timestamp(self.now));
                    assert!(self.under_way.replace(batch).is_none(), "two batches at a time");
                }
                Output::Publish(change) => self.watcher.iter_mut().for_each(|watcher| watcher.hears(&change)),
                Output::Wait { until, .. } => {
                    self.wait = until;
                    return self.watcher.iter().for_each(|watcher| watcher.agrees_with(&self.tracker));
                }
            }
        }
        panic!("no wait after {most} outputs");
    }

    fn done(&mut self, ticket: Ticket, done: &Result<(), Refusal>) {
        match (self.tickets.done(ticket), done) {
            (Owed::Settle, Err(why)) => panic!("who only waits is refused: {why:?}"),
            (Owed::Remove(user), done) => {
                if done.is_ok() {
                    self.store.forget(&user);
                }
                self.tracker.handle_input(Input::Removed(user), Timestamp(self.now));
            }
            _ => {}
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: &Result<Accepted, Refusal>) {
        let session = self.tickets.answered(ticket);
        if let Ok(accepted) = answer {
            self.store.has_kept(&session, accepted.saved_seq);
            let ladder = &self.policy.ladder;
            assert!((0..=limits::RUNGS as u8).any(|rung| ladder.status(rung) == accepted.status));
        }
    }
}
