//! The order and the number of deliveries do not matter: one tab's beats, shuffled, doubled and dropped, leave the
//! same row and the same picture as the beats in order.

#![allow(clippy::expect_used, reason = "a name that does not parse is a test that is wrong")]

use std::collections::BTreeMap;

use stillhere_engine::{
    page::PageState,
    policy::Policy,
    spans::Span,
    time::{Millis, Timestamp},
    tracker::{Batch, Input, Output, Past, Report, SessionRow, Ticket, Tracker},
    wire::{Beat, ChannelName, SessionId, UserId},
};
use stillhere_simulation::chance::Chance;

const START: u64 = 1_790_000_000_000;

/// A tracker whose store writes at once.
struct Server {
    tracker: Tracker,
    rows: BTreeMap<SessionId, SessionRow>,
    spans: BTreeMap<(SessionId, u64), u64>,
    now: u64,
}

impl Server {
    fn start() -> Self {
        let tracker = Tracker::new(Policy::default(), 7, Timestamp(START));
        Self { tracker, rows: BTreeMap::new(), spans: BTreeMap::new(), now: START }
    }

    fn tell(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            self.tracker.handle_input(input, Timestamp(self.now));
            loop {
                match self.tracker.poll_output() {
                    Output::LookUp(mut report) => {
                        report.past = Some(Past::NeverSeen);
                        inputs.push(Input::Beat(report));
                    }
                    Output::Record(batch) => {
                        self.write(*batch);
                        inputs.push(Input::Recorded);
                    }
                    Output::Wait { .. } => break,
                    Output::Answer { .. } | Output::Publish(_) | Output::Done { .. } | Output::Punched { .. } => {}
                }
            }
        }
    }

    fn write(&mut self, batch: Batch) {
        for row in batch.sessions {
            self.rows.insert(row.session, row);
        }
        for row in batch.spans {
            let end = self.spans.entry((row.session, row.span.start.0)).or_default();
            *end = row.span.end.0.max(*end);
        }
    }

    fn beat(&mut self, beat: &Beat) {
        let user = UserId::parse("ann").expect("a name");
        let report = Report { ticket: Ticket(1), user, issued_at: None, beat: beat.clone(), past: None };
        self.tell(Input::Beat(Box::new(report)));
    }
}

/// A tab's beats as a pulse tells them: each with every span that may not have arrived.
fn beats(chance: &mut Chance) -> Vec<Beat> {
    let mut spans: Vec<Span> = Vec::new();
    let mut t = 0;
    (1..=chance.between(3, 12) as u32)
        .map(|seq| {
            let pause = chance.between(1, 900);
            let start = t + chance.below(pause);
            t += pause;
            if seq == 1 || chance.below(3) == 0 {
                spans.push(Span { start: Millis(start), end: Millis(t) });
            } else if let Some(open) = spans.last_mut() {
                open.end = Millis(t);
            }
            let is_visible = chance.below(3) > 0;
            Beat {
                session: SessionId([1; 16]),
                seq,
                t: Millis(t),
                state: if is_visible { PageState::Active } else { PageState::Hidden },
                sign_out: false,
                idle: false,
                ago: Millis::ZERO,
                next: Some(Millis::seconds(if is_visible { 10 } else { 75 })),
                visible: spans.clone(),
                active: Millis(t / 3),
                channel: ChannelName::parse(["desk", "orders"][chance.below(2) as usize]).expect("a channel"),
                page: None,
            }
        })
        .collect()
}

/// What is left once all have arrived within a second.
fn outcome(order: &[Beat]) -> (SessionRow, BTreeMap<(SessionId, u64), u64>, Vec<String>) {
    let mut server = Server::start();
    for beat in order {
        server.now += 1;
        server.beat(beat);
    }
    server.now = START + 2_000;
    server.tell(Input::Timer);
    let members = server.tracker.members(None);
    let told = members.iter().map(|m| format!("{} {} {}", m.channel.as_str(), m.status, m.sessions)).collect();
    let mut row = server.rows.remove(&SessionId([1; 16])).expect("a row");
    // When the first and the newest came differs by the milliseconds between deliveries, and nothing else may.
    for at in [&mut row.started_at, &mut row.last_seen_at, &mut row.last_active_at, &mut row.lease_until] {
        *at = Timestamp(0);
    }
    row.recovered = false;
    (row, server.spans, told)
}

#[test]
fn shuffled_doubled_and_dropped_beats_leave_the_same_row() {
    for seed in 0..2_000 {
        let mut chance = Chance::new(seed, 9);
        let beats = beats(&mut chance);
        let straight = outcome(&beats);
        let (newest, others) = beats.split_last().expect("some beats");
        let mut order: Vec<Beat> = others.iter().filter(|_| chance.below(4) > 0).cloned().collect();
        order.extend(others.iter().filter(|_| chance.below(3) == 0).cloned());
        order.push(newest.clone());
        for at in (1..order.len()).rev() {
            order.swap(at, chance.below(at as u64 + 1) as usize);
        }
        let (row, spans, told) = outcome(&order);
        assert_eq!((&row, &told), (&straight.0, &straight.2), "seed {seed}: {order:?}");
        // A dropped beat may have told a shorter form of a span, never another one.
        let ends = |spans: &BTreeMap<_, u64>| spans.values().copied().max();
        assert_eq!(ends(&spans), ends(&straight.1), "seed {seed}");
    }
}
