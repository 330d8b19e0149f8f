//! Stories of a server: what arrives, and what is answered, told and written.

mod disk;
mod ends;
mod explain;
mod leaving;
mod ledger;
mod nodes;
mod people;
mod punches;

use alloc::{format, string::String, vec, vec::Vec};
use std::collections::BTreeMap;

use super::*;
use crate::{
    policy::Policy,
    spans::Span,
    time::Millis,
    wire::{Accepted, Beat, ChannelName, PagePath, SessionId, UserId},
};

/// A tracker with a store that writes at once, unless it is down.
struct Server {
    tracker: Tracker,
    now: u64,
    rows: BTreeMap<SessionId, SessionRow>,
    spans: BTreeMap<(SessionId, u64), SpanRow>,
    punches: Vec<PunchRow>,
    visits: Vec<String>,
    views: BTreeMap<(SessionId, u32), String>,
    read: usize,
    alive_at: Timestamp,
    is_down: bool,
    answers: Vec<Result<Accepted, Refusal>>,
    told: Vec<String>,
    wait: Timestamp,
    tickets: u64,
    /// The same story, told to servers that share their memory; `None` where it is too long to be told twice.
    nodes: Option<nodes::Nodes>,
}

const START: u64 = 1_000_000;

impl Server {
    fn start() -> Self {
        Self::with(Policy::default())
    }

    fn with(policy: Policy) -> Self {
        policy.check().expect("a policy without contradiction");
        let mut server = Self {
            nodes: Some(nodes::Nodes::new(policy.clone())),
            tracker: Tracker::new(policy, 7, Timestamp(START)),
            now: START,
            rows: BTreeMap::new(),
            spans: BTreeMap::new(),
            punches: Vec::new(),
            visits: Vec::new(),
            views: BTreeMap::new(),
            read: 0,
            alive_at: Timestamp(START),
            is_down: false,
            answers: Vec::new(),
            told: Vec::new(),
            wait: Timestamp(0),
            tickets: 0,
        };
        server.tell(Input::Timer);
        server
    }

    /// One server, and no others that are told the same.
    fn alone() -> Self {
        Self { nodes: None, ..Self::start() }
    }

    /// SIGKILL, and a new process on the same store after `ms`.
    fn crash_for(&mut self, ms: u64) {
        self.now += ms;
        let policy = self.tracker.policy.clone();
        self.tracker = Tracker::new(policy, 8, Timestamp(self.now));
        let rows: Vec<SessionRow> = self.rows.values().filter(|row| row.end.is_none()).cloned().collect();
        let is_in = |row: &&PunchRow| {
            row.kind == PunchKind::In && !self.punches.iter().any(|end| end.epoch == row.epoch && end.kind != row.kind)
        };
        let open = self.punches.iter().filter(is_in);
        let open = open.map(|row| OpenPunch { user: row.user.clone(), epoch: row.epoch, proven_until: row.at });
        let open: Vec<OpenPunch> = open.collect();
        let alive_at = self.alive_at;
        self.hand_in(Input::Restore { rows: rows.clone(), alive_at: Some(alive_at) });
        if let Some(nodes) = &mut self.nodes {
            nodes.rebuild(&rows, &open, alive_at, Timestamp(self.now));
        }
        self.tell(Input::RestorePunches(open));
    }

    fn tell(&mut self, input: Input) {
        let Some(mut nodes) = self.nodes.take() else { return self.hand_in(input) };
        let said_by_nodes = nodes.tell(&input, Timestamp(self.now), self.is_down);
        let (answered, told) = (self.answers.len(), self.told.len());
        self.hand_in(input);
        let answers = self.answers[answered..].iter().map(nodes::masked);
        let mut said: Vec<String> = answers.chain(self.told[told..].iter().cloned()).collect();
        said.sort();
        assert_eq!(said_by_nodes, said, "several servers say what one says");
        assert_eq!(
            nodes.log(),
            self.punches.iter().map(nodes::as_logged).collect::<Vec<_>>(),
            "and write what one writes"
        );
        assert_eq!(nodes.members(), nodes::in_order(self.tracker.members(None)), "and know who is here");
        self.nodes = Some(nodes);
    }

    fn hand_in(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            self.tracker.handle_input(input, Timestamp(self.now));
            self.wait = loop {
                match self.tracker.poll_output() {
                    Output::Answer { answer, .. } => self.answers.push(answer),
                    Output::LookUp(mut report) => {
                        let stored = self.rows.get(&report.beat.session);
                        let stored = stored.map_or(Past::NeverSeen, |row| Past::Stored(Box::new(row.clone())));
                        report.past = Some(stored);
                        inputs.push(Input::Beat(report));
                    }
                    Output::Record(batch) if self.is_down => inputs.push(Input::RecordFailed(batch)),
                    Output::Record(batch) => {
                        self.write(*batch);
                        inputs.push(Input::Recorded);
                    }
                    Output::Publish(change) => self.told.push(in_words(&change)),
                    Output::Done { ticket, done } => self.told.push(done_in_words(ticket, done)),
                    Output::Punched { punch, .. } => self.told.push(asked_in_words(punch)),
                    Output::Wait { until, .. } => break until,
                }
            };
        }
    }

    fn write(&mut self, batch: Batch) {
        for row in batch.sessions {
            self.rows.insert(row.session, row);
        }
        for span in batch.spans {
            self.spans.insert((span.session, span.span.start.0), span);
        }
        self.visits.extend(batch.visits.iter().map(|visit| {
            let at = visit.at.0.saturating_sub(START) / 1_000;
            format!("{} in {} at {at}s", visit.user.as_str(), visit.channel.as_str())
        }));
        for view in batch.views {
            assert!(self.rows.contains_key(&view.session), "a view of a session that is not there: {view:?}");
            let page = view.page.as_ref().map_or("-", PagePath::as_str);
            let at = view.until_at.0.saturating_sub(START) / 1_000;
            self.views.insert((view.session, view.seq), format!("{page} in {} until {at}s", view.channel.as_str()));
        }
        for row in batch.punches {
            add_punch(&mut self.punches, row);
        }
        self.alive_at = batch.alive_at.unwrap_or(self.alive_at);
    }

    /// The audit log since the last time somebody asked for it.
    fn log(&mut self) -> String {
        let rows: Vec<String> = self.punches[self.read..].iter().map(as_row).collect();
        self.read = self.punches.len();
        rows.join(", ")
    }

    fn beat(&mut self, user: &str, beat: Beat) -> Result<Accepted, Refusal> {
        self.send(user, beat);
        self.answers.pop().expect("every beat is answered")
    }

    /// A beat whose answer may wait for the disk.
    fn send(&mut self, user: &str, beat: Beat) {
        self.tickets += 1;
        let user = UserId::parse(user).expect("a name");
        let report = Report { ticket: Ticket(self.tickets), user, issued_at: None, beat, past: None };
        self.tell(Input::Beat(Box::new(report)));
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.wait.0 <= end {
            self.now = self.now.max(self.wait.0);
            self.tell(Input::Timer);
        }
        self.now = end;
    }

    /// What was told since the last time somebody asked.
    fn news(&mut self) -> String {
        core::mem::take(&mut self.told).join(", ")
    }

    fn members(&self) -> String {
        let mut members: Vec<String> = self.tracker.members(None).iter().map(in_short).collect();
        members.sort();
        members.join(", ")
    }

    fn row(&self, tab: &Tab) -> &SessionRow {
        &self.rows[&tab.0.session]
    }
}

/// As a store's keys would have it.
fn add_punch(punches: &mut Vec<PunchRow>, row: PunchRow) {
    let of_stay = punches.iter().filter(|known| (&known.user, known.epoch) == (&row.user, row.epoch));
    let is_new = match row.kind {
        PunchKind::Correction => {
            let ends = of_stay.filter(|known| matches!(known.kind, PunchKind::AutoOut | PunchKind::Correction));
            ends.map(|known| known.at).max().is_some_and(|at| at < row.at)
        }
        kind => of_stay.filter(|known| known.kind == kind).count() == 0,
    };
    if is_new {
        punches.push(row);
    }
}

fn done_in_words(ticket: Ticket, done: Result<(), Refusal>) -> String {
    format!("{} {}", done.map_or_else(|why| why.code(), |()| "done"), ticket.0)
}

fn asked_in_words(punch: Result<Box<PunchRow>, Refusal>) -> String {
    punch.map_or_else(|why| why.code().into(), |row| format!("asked {}", as_row(&row)))
}

fn in_short(member: &Member) -> String {
    format!("{} {} in {}", member.user.as_str(), member.status, member.channel.as_str())
}

fn in_words(change: &Change) -> String {
    match change {
        Change::Join(member) => format!("join {}", in_short(member)),
        Change::Update(member) => format!("update {}", in_short(member)),
        Change::Leave { channel, user, reason, .. } => {
            format!("leave {} from {} {}", user.as_str(), channel.as_str(), reason.as_str())
        }
        Change::Punch(row) => format!("told {}", as_row(row)),
    }
}

/// `ann AUTO_OUT at 5s timeout`, in seconds since the start.
fn as_row(row: &PunchRow) -> String {
    let reason = row.reason.map_or("", EndReason::as_str);
    let at = row.at.0.saturating_sub(START) / 1_000;
    format!("{} {} at {at}s {reason}", row.user.as_str(), row.kind.as_str()).trim_end().into()
}

/// A tab that says what it is told to say.
#[derive(Clone)]
struct Tab(Beat);

impl Tab {
    fn new(number: u8) -> Self {
        Self(Beat {
            session: SessionId([number; 16]),
            seq: 0,
            t: Millis(0),
            state: PageState::Active,
            sign_out: false,
            idle: false,
            ago: Millis::ZERO,
            next: Some(Millis::seconds(10)),
            visible: Vec::new(),
            active: Millis(0),
            channel: ChannelName::default(),
            page: None,
        })
    }

    fn at(&mut self, t: u64) -> Beat {
        self.0.seq += 1;
        self.0.t = Millis(t);
        self.0.clone()
    }

    fn hidden(&mut self, t: u64, next: Option<u64>) -> Beat {
        Beat { state: PageState::Hidden, next: next.map(Millis), ..self.at(t) }
    }

    fn closed(&mut self, t: u64) -> Beat {
        Beat { state: PageState::Closed, next: None, ..self.at(t) }
    }

    fn seen(beat: Beat, spans: &[(u64, u64)]) -> Beat {
        let visible = spans.iter().map(|&(start, end)| Span { start: Millis(start), end: Millis(end) }).collect();
        Beat { visible, ..beat }
    }

    fn within(beat: Beat, channel: &str) -> Beat {
        Beat { channel: ChannelName::parse(channel).expect("a channel"), ..beat }
    }
}
