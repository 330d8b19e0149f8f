//! Stories of one tab: what happens, and what is sent.

mod idle;
mod network;
mod page;

use alloc::{format, string::String, vec::Vec};

use super::*;
use crate::time::Timestamp;

/// A pulse, its clocks, and everything that it sent.
struct Tab {
    pulse: Pulse,
    ms: u64,
    slept: u64,
    sent: Vec<Dispatch>,
    ended: Vec<SessionId>,
    /// When the next beat is due.
    wait: (Instant, Why),
    /// Until when to wait.
    look_at: Instant,
}

impl Tab {
    fn open(options: Options) -> Self {
        let mut tab = Self::load(options, None);
        tab.tell(Input::Page(PageState::Active));
        tab
    }

    fn load(options: Options, saved: Option<(Saved, u64)>) -> Self {
        Self::seeded(1, options, saved)
    }

    fn seeded(seed: u8, options: Options, saved: Option<(Saved, u64)>) -> Self {
        let ms = saved.as_ref().map_or(0, |(_, ms)| *ms);
        let now = Now { instant: Instant(ms), wall: Timestamp(ms) };
        let pulse = Pulse::begin(options, [seed; 16], saved.map(|(saved, _)| saved), now);
        Self {
            pulse,
            ms,
            slept: 0,
            sent: Vec::new(),
            ended: Vec::new(),
            wait: (Instant(0), Why::Asked),
            look_at: Instant(0),
        }
    }

    fn tell(&mut self, input: Input) {
        let now = Now { instant: Instant(self.ms), wall: Timestamp(self.ms + self.slept) };
        self.pulse.handle_input(input, now);
        self.look_at = loop {
            match self.pulse.poll_output() {
                Output::Send(dispatch) => self.sent.push(dispatch),
                Output::Ended(session) => self.ended.push(session),
                Output::Wait { until, .. } => break until,
            }
        };
        self.wait = self.pulse.due();
    }

    /// Lets time pass; timers fire when they should.
    fn pass(&mut self, ms: u64) {
        let end = self.ms + ms;
        while self.look_at.0 <= end {
            self.ms = self.ms.max(self.look_at.0);
            self.tell(Input::Timer);
        }
        self.ms = end;
    }

    fn answer(&mut self, outcome: Outcome) {
        let newest = self.sent.last().expect("something was sent");
        let (session, seq) = (newest.session, newest.seq);
        self.tell(Input::Answered { session, seq, outcome });
    }

    /// Time passes, and every beat is taken at once.
    fn pass_online(&mut self, ms: u64) {
        let end = self.ms + ms;
        while self.look_at.0 <= end {
            let before = self.sent.len();
            let step = self.look_at.0.saturating_sub(self.ms);
            self.pass(step);
            if self.sent.len() > before {
                self.answer(accepted(10));
            }
        }
        self.ms = end;
    }

    fn last(&self) -> &Dispatch {
        self.sent.last().expect("something was sent")
    }

    fn visible(&self) -> String {
        let spans = self.last().visible.iter();
        spans.map(|span| format!("{}-{}", span.start.0, span.end.0)).collect::<Vec<_>>().join(" ")
    }
}

fn accepted(seconds: u64) -> Outcome {
    let hidden_interval = Some(Millis::seconds(75));
    Outcome::Accepted { interval: Millis::seconds(seconds), hidden_interval, saved_seq: 0 }
}

fn every(seconds: u64) -> Options {
    Options { interval: Some(Millis::seconds(seconds)), ..Options::default() }
}
