//! The server: the tracker that ships, driven as its driver drives it, on a disk that takes its time and fails.

use std::collections::BTreeMap;

use stillhere_engine::{
    pulse::Outcome,
    time::{Millis, Timestamp},
    tracker::{Batch, Input, Live, Member, Output, Past, Report, Ticket, Tracker},
    wire::{Accepted, Refusal, SessionId, UserId},
};

use super::{
    Event, World,
    network::{Body, Packet, Reply, Sender},
};
use crate::{
    agenda::{HOUR, MINUTE, Ms, SECOND},
    checks,
    disk::Disk,
    hostility::Kind,
    life::{Arrived, Fate},
    machine::WALL_AT_START,
};

/// What happens to a server. A number says to which of its lives; one for another life is not heard.
#[derive(Debug)]
pub(super) enum Happening {
    /// The tracker's wait is over.
    Timer(u32, Ms),
    /// The database has done, or not done, what the batch asked for.
    Written(u32, Written),
    /// The past of a session has been looked up.
    LookedUp(u32, Box<Report>),
    /// It dies.
    Crash,
    /// It comes back.
    Start,
    /// The network between it and everybody is cut.
    Cut,
}

/// How a transaction went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// On disk, and the server knows.
    Done,
    /// Not on disk.
    Failed,
    /// On disk, but the server was told that it failed.
    DoneButFailed,
}

/// The server.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) tracker: Option<Tracker>,
    pub(super) disk: Disk,
    /// Which of its lives this is.
    pub(super) life: u32,
    /// How far its clock is ahead of the truth.
    pub(super) ahead: i64,
    pub(super) under_way: Option<Box<Batch>>,
    pub(super) waiting: BTreeMap<u64, Waiting>,
    tickets: u64,
    pub(super) timer_at: Option<Ms>,
    pub(super) down_since: Option<Ms>,
    /// It has begun with an empty disk, and cannot tell a lost one from a new one.
    pub(super) is_without_past: bool,
    /// When it came back for the last time.
    pub(super) restarted_at: Option<Ms>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    sender: Sender,
    session: SessionId,
    seq: u32,
    pub(super) sent_at: Ms,
    pub(super) fact: Option<checks::Fact>,
    /// What its session has heard, should it be taken.
    pub(super) heard: Option<Arrived>,
}

impl Server {
    pub(super) fn new(is_thorough: bool) -> Self {
        let disk = if is_thorough { Disk::with_spans() } else { Disk::default() };
        Self { disk, ..Self::default() }
    }

    /// Its clock.
    pub(super) const fn clock(&self, now: Ms) -> u64 {
        ((WALL_AT_START + now) as i64 + self.ahead) as u64
    }

    /// A moment of its clock in true time.
    pub(super) const fn truth(&self, at: u64) -> i64 {
        at as i64 - WALL_AT_START as i64 - self.ahead
    }

    pub(super) const fn is_down(&self) -> bool {
        self.down_since.is_some()
    }

    pub(super) fn stay_of(&self, user: &UserId) -> Option<u64> {
        self.tracker.as_ref().and_then(|tracker| tracker.stay_of(user))
    }

    /// Who is there by the tracker; `None` while there is none.
    pub(super) fn members(&self) -> Option<Vec<Member>> {
        self.tracker.as_ref().map(|tracker| tracker.members(None))
    }

    pub(super) fn live(&self) -> Live {
        self.tracker.as_ref().map_or(Live { sessions: 0, users: 0, channels: 0 }, Tracker::live)
    }
}

impl World {
    pub(super) fn server_happens(&mut self, happening: Happening) {
        match happening {
            Happening::Timer(life, at) if life == self.server.life && self.server.timer_at == Some(at) => {
                self.server.timer_at = None;
                if self.baseline.is_some() { self.sweep_baseline() } else { self.take(Input::Timer) }
            }
            Happening::Written(life, written) if life == self.server.life => self.written(written),
            Happening::LookedUp(life, report) if life == self.server.life => self.looked_up(report),
            Happening::Timer(..) | Happening::Written(..) | Happening::LookedUp(..) => {}
            Happening::Crash => self.crash(),
            Happening::Start => self.start_server(),
            Happening::Cut => {
                let length = SECOND + self.chance.about(90 * SECOND);
                self.partition_until = self.now() + length;
                self.log.note(self.agenda.now(), format_args!("the server is cut off for {length} ms"));
                self.plan_fault(self.hostility.rate(Kind::Partition, 6 * HOUR, 40 * MINUTE), Happening::Cut);
            }
        }
    }

    pub(super) fn request_arrives(&mut self, packet: Packet) {
        let now = self.now();
        let Packet { sender, sent_at, body } = packet;
        let fate = match () {
            () if now < self.partition_until => Fate::Lost,
            () if self.server.is_down() => Fate::Down,
            () => Fate::Arrived,
        };
        self.fares(&body, fate);
        let beat = match body {
            Body::Beat(beat) => beat,
            Body::Ping { session, ping, channel, number } if fate == Fate::Arrived => {
                return self.ping_arrives(sender, (session, number), ping, channel);
            }
            Body::Ping { .. } => return,
        };
        if fate == Fate::Lost {
            return;
        }
        let waiting = Waiting { sender, session: beat.session, seq: beat.seq, sent_at, fact: None, heard: None };
        if self.server.tracker.is_none() {
            // Nobody listens on the port.
            return self.respond(waiting, Outcome::Retry { after: Millis::ZERO });
        }
        self.server.tickets += 1;
        let ticket = self.server.tickets;
        self.server.waiting.insert(ticket, waiting);
        if let Some(life) = self.lives.get_mut(&beat.session) {
            life.worst_delay = life.worst_delay.max(now - sent_at);
        }
        let Ok(user) = UserId::parse(&format!("p{}", sender.person)) else { return };
        self.log.note(now, format_args!("{:?} beat {} arrives", beat.session, beat.seq));
        let report = Report { ticket: Ticket(ticket), user, issued_at: None, beat, past: None };
        self.take(Input::Beat(Box::new(report)));
    }

    fn looked_up(&mut self, report: Box<Report>) {
        self.take(Input::Beat(report));
    }

    fn written(&mut self, written: Written) {
        let Some(batch) = self.server.under_way.take() else { return };
        if written != Written::Failed {
            let verdict = self.server.disk.commit(&batch);
            self.check(verdict);
        }
        self.take(if written == Written::Done { Input::Recorded } else { Input::RecordFailed(batch) });
    }

    /// Hands an input in, does what the tracker says, and compares its picture with the reference.
    pub(super) fn take(&mut self, input: Input) {
        let published = self.hand_in(input);
        self.compare_pictures(published);
    }

    fn hand_in(&mut self, input: Input) -> usize {
        let now = self.now();
        let clock = self.server.clock(now);
        self.reference_hears(&input, clock);
        let Some(tracker) = &mut self.server.tracker else { return 0 };
        tracker.handle_input(input, Timestamp(clock));
        let mut published = 0;
        loop {
            let Some(tracker) = &mut self.server.tracker else { return published };
            match tracker.poll_output() {
                Output::Answer { ticket, answer } => self.answer(ticket, answer),
                Output::LookUp(mut report) => {
                    // Read now, handed in later: what the store says is never quite new.
                    let row = self.server.disk.row(&report.beat.session);
                    report.past = Some(row.map_or(Past::NeverSeen, |row| Past::Stored(Box::new(row.clone()))));
                    let life = self.server.life;
                    let delay = 1 + self.chance.below(5);
                    self.agenda.plan(now + delay, Event::Server(Happening::LookedUp(life, report)));
                }
                Output::Record(batch) => self.record(batch),
                // Nobody reads the disk behind the tracker's back.
                Output::Done { .. } => {}
                Output::Punched { punch, .. } => self.punch_is_answered(punch.as_deref()),
                Output::Publish(change) => {
                    published += 1;
                    self.published(&change);
                }
                Output::Wait { until, .. } => {
                    self.wait_until(until);
                    return published;
                }
            }
        }
    }

    fn wait_until(&mut self, until: Timestamp) {
        let now = self.now();
        if until == Timestamp::NEVER {
            return;
        }
        self.plan_server_timer(self.server.truth(until.0).max(now as i64) as Ms);
    }

    pub(super) fn plan_server_timer(&mut self, at: Ms) {
        if self.server.timer_at.is_none_or(|timer_at| at < timer_at) {
            self.server.timer_at = Some(at);
            let life = self.server.life;
            self.agenda.plan(at, Event::Server(Happening::Timer(life, at)));
        }
    }

    fn record(&mut self, batch: Box<Batch>) {
        let now = self.now();
        for row in &batch.sessions {
            self.row_is_written(row);
        }
        let faulty = self.hostility.rate(Kind::StoreFault, 2, 80);
        let written = match (self.chance.permille(faulty), self.chance.below(2)) {
            (false, _) => Written::Done,
            (true, 0) => Written::Failed,
            (true, _) => Written::DoneButFailed,
        };
        let slow = self.hostility.rate(Kind::StoreFault, 5, 50);
        let delay =
            1 + self.chance.below(8) + if self.chance.permille(slow) { self.chance.about(3 * SECOND) } else { 0 };
        let life = self.server.life;
        self.server.under_way = Some(batch);
        self.agenda.plan(now + delay, Event::Server(Happening::Written(life, written)));
    }

    fn answer(&mut self, ticket: Ticket, answer: Result<Accepted, Refusal>) {
        let Some(waiting) = self.server.waiting.remove(&ticket.0) else { return };
        let Waiting { session, seq, fact, .. } = waiting;
        let outcome = match answer {
            Ok(accepted) => {
                // In a large world only the answer says for sure that it was taken.
                if let Some((life, heard)) = self.lives.get_mut(&session).zip(waiting.heard) {
                    life.arrive(heard);
                }
                let saved_seq = accepted.saved_seq;
                if let Some(life) = self.lives.get_mut(&session) {
                    life.is_saved(saved_seq);
                    life.answered = life.answered.max(seq);
                }
                let row = self.server.disk.row(&session);
                let verdict = checks::acknowledged_is_kept(session, (seq, fact), saved_seq, row);
                let is_settled = !self.lives.contains_key(&session);
                if !is_settled {
                    self.check(verdict);
                }
                Outcome::Accepted {
                    interval: accepted.interval_ms,
                    hidden_interval: accepted.hidden_interval_ms,
                    saved_seq,
                }
            }
            Err(Refusal::SessionEnded | Refusal::SessionOfAnother) => Outcome::Ended,
            Err(refusal) if refusal.retry() => Outcome::Retry { after: Millis::ZERO },
            Err(_) => Outcome::Refused,
        };
        self.log.note(self.agenda.now(), format_args!("{session:?} beat {seq} is answered {outcome:?}"));
        self.respond(waiting, outcome);
    }

    fn respond(&mut self, waiting: Waiting, outcome: Outcome) {
        let Waiting { sender, session, seq, .. } = waiting;
        self.reply(Reply { sender, session, seq, outcome });
    }
}
