//! Figures about the running server, for Prometheus. What they are called and mean is in the [`list`].
//!
//! Nothing here is global: each server has its own, so that two in one process do not count together.

pub(crate) mod list;

use std::{fmt, time::Duration};

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};
use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::{Batch, Change, End, EndReason, Live, SessionRow},
};
use tokio::time::interval;

use crate::{limits, store::LetterCount, views::change_name};
use list::{Kind, Row};

/// From what a beat needs to what nobody waits for.
const SECONDS: [f64; 16] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// From one row to a full batch.
const ROWS: [f64; 9] = [1.0, 5.0, 20.0, 100.0, 500.0, 1_000.0, 5_000.0, 10_000.0, 20_000.0];

const METADATA: Metadata<'static> = Metadata::new("stillhere", Level::INFO, None);

/// All figures of one server. Those that are counted often are at hand; the others are looked up by their label.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    beats: Counter,
    beat_answer: Histogram,
    sessions: Gauge,
    users: Gauge,
    channels: Gauge,
    detection: Histogram,
    checkpoint: Histogram,
    checkpoint_rows: Histogram,
    checkpoints_failed: Counter,
    commands: Gauge,
    watchers: Gauge,
    sockets: Gauge,
    push: Histogram,
    resyncs: Counter,
}

impl Metrics {
    /// All at nothing.
    pub(crate) fn new() -> Self {
        // Buckets that are there are taken.
        let builder = PrometheusBuilder::new().set_buckets(&SECONDS).unwrap_or_default();
        let rows = Matcher::Suffix("_rows".into());
        let recorder = builder.set_buckets_for_metric(rows, &ROWS).unwrap_or_default().build_recorder();
        for row in list::ALL {
            let (name, what) = (row.name.into(), row.what.into());
            match row.kind {
                Kind::Counter => recorder.describe_counter(name, None, what),
                Kind::Gauge => recorder.describe_gauge(name, None, what),
                Kind::Histogram => recorder.describe_histogram(name, None, what),
            }
        }
        let counter = |row: Row| recorder.register_counter(&Key::from_static_name(row.name), &METADATA);
        let gauge = |row: Row| recorder.register_gauge(&Key::from_static_name(row.name), &METADATA);
        let histogram = |row: Row| recorder.register_histogram(&Key::from_static_name(row.name), &METADATA);
        Self {
            beats: counter(list::BEATS),
            beat_answer: histogram(list::BEAT_ANSWER),
            sessions: gauge(list::SESSIONS),
            users: gauge(list::USERS),
            channels: gauge(list::CHANNELS),
            detection: histogram(list::DETECTION),
            checkpoint: histogram(list::CHECKPOINT),
            checkpoint_rows: histogram(list::CHECKPOINT_ROWS),
            checkpoints_failed: counter(list::CHECKPOINTS_FAILED),
            commands: gauge(list::COMMANDS),
            watchers: gauge(list::WATCHERS),
            sockets: gauge(list::SOCKETS),
            push: histogram(list::PUSH),
            resyncs: counter(list::RESYNCS),
            recorder,
        }
    }

    /// A beat was taken, and answered so long after its body had arrived.
    pub(crate) fn beat(&self, took: Duration) {
        self.beats.increment(1);
        self.beat_answer.record(took);
    }

    /// A request was refused with this code.
    pub(crate) fn refusal(&self, code: &'static str) {
        self.count(list::REFUSALS, code);
    }

    /// So much is live.
    pub(crate) fn live(&self, live: Live) {
        for (gauge, count) in
            [(&self.sessions, live.sessions), (&self.users, live.users), (&self.channels, live.channels)]
        {
            gauge.set(as_float(count));
        }
    }

    /// A batch goes to the store. What has ended in it is known by now, whether or not it can be written at once.
    pub(crate) fn batch(&self, batch: &Batch) {
        let new = batch.sessions.iter().rev().take(batch.new_ends);
        new.filter_map(|row| Some((row, row.end?))).for_each(|(row, end)| self.end(row, end));
    }

    /// A session has ended.
    pub(crate) fn end(&self, row: &SessionRow, end: End) {
        self.count(list::ENDS, end.reason.as_str());
        if end.reason == EndReason::Timeout {
            self.detection.record(seconds(end.detected_at.since(row.lease_until)));
        }
    }

    /// The store has tried to write the batch.
    pub(crate) fn checkpoint<E>(&self, batch: &Batch, took: Duration, written: &Result<(), E>) {
        self.checkpoint.record(took);
        if written.is_ok() {
            let rows = batch.sessions.len() + batch.spans.len() + batch.visits.len() + batch.punches.len();
            self.checkpoint_rows.record(as_float(rows));
        } else {
            self.checkpoints_failed.increment(1);
        }
    }

    /// The store was asked for a session: `found`, `new` or `failed`.
    pub(crate) fn look_up(&self, outcome: &'static str) {
        self.count(list::LOOK_UPS, outcome);
    }

    /// A change is told.
    pub(crate) fn change(&self, change: &Change) {
        self.count(list::CHANGES, change_name(change));
        if let Change::Punch(row) = change {
            self.count(list::PUNCHES, row.kind.as_str());
        }
    }

    /// A watcher's line has taken what was published at that moment.
    pub(crate) fn push(&self, published_at: Timestamp, now: Timestamp) {
        self.push.record(seconds(now.since(published_at)));
    }

    /// A watcher could not follow.
    pub(crate) fn resync(&self) {
        self.resyncs.increment(1);
    }

    /// Everything as text, with what is only looked at when somebody asks.
    pub(crate) fn render(&self, levels: Levels) -> String {
        self.commands.set(as_float(levels.commands));
        self.watchers.set(as_float(levels.watchers));
        self.sockets.set(as_float(levels.sockets));
        self.recorder.handle().render()
    }

    /// Adds samples up now and then, for as long as it is polled: nobody may ever ask for them.
    pub(crate) async fn keep_small(&self) {
        let mut due = interval(limits::METRICS_EVERY);
        loop {
            due.tick().await;
            self.recorder.handle().run_upkeep();
        }
    }

    /// A webhook has taken a letter, or has not.
    pub(crate) fn letter<E>(&self, hook: &str, delivered: &Result<(), E>) {
        let row = if delivered.is_ok() { list::LETTERS_SENT } else { list::LETTERS_FAILED };
        self.recorder.register_counter(&of_hook(row, hook), &METADATA).increment(1);
    }

    /// So many letters to a webhook wait, or are dead.
    pub(crate) fn letters(&self, hook: &str, count: LetterCount) {
        for (row, count) in [(list::LETTERS_WAITING, count.waiting), (list::LETTERS_DEAD, count.dead)] {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            self.recorder.register_gauge(&of_hook(row, hook), &METADATA).set(as_float(count));
        }
    }

    fn count(&self, row: Row, value: &'static str) {
        let labels: Vec<_> = row.label.map(|label| Label::from_static_parts(label, value)).into_iter().collect();
        let key = Key::from_parts(row.name, labels);
        self.recorder.register_counter(&key, &METADATA).increment(1);
    }
}

/// What is only looked at when somebody asks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Levels {
    /// Requests that wait for the driver.
    pub(crate) commands: usize,
    /// Lines on which the feed is followed.
    pub(crate) watchers: usize,
    /// Open sockets.
    pub(crate) sockets: usize,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(…)")
    }
}

/// A webhook's name is from the settings, so there are few.
fn of_hook(row: Row, hook: &str) -> Key {
    let labels: Vec<_> = row.label.map(|label| Label::new(label, hook.to_owned())).into_iter().collect();
    Key::from_parts(row.name, labels)
}

fn seconds(length: Millis) -> Duration {
    Duration::from_millis(length.0)
}

/// Counts here are far below the 53 bits that a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "nothing here is counted to 9 quadrillion")]
const fn as_float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
