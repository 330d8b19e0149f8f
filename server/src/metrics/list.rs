//! The list of all metrics: one row each, from which they are made and `OPERATION.md` is written.

/// What kind of figure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often which sizes occur.
    Histogram,
}

/// One metric. No label ever names a person or a session: each has few values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The label that tells its series apart.
    pub(crate) label: Option<&'static str>,
    /// What it says.
    pub(crate) what: &'static str,
}

const fn counter(name: &'static str, what: &'static str) -> Row {
    Row { name, kind: Kind::Counter, label: None, what }
}

const fn counter_by(name: &'static str, label: &'static str, what: &'static str) -> Row {
    Row { name, kind: Kind::Counter, label: Some(label), what }
}

const fn gauge(name: &'static str, what: &'static str) -> Row {
    Row { name, kind: Kind::Gauge, label: None, what }
}

const fn gauge_by(name: &'static str, label: &'static str, what: &'static str) -> Row {
    Row { name, kind: Kind::Gauge, label: Some(label), what }
}

const fn histogram(name: &'static str, what: &'static str) -> Row {
    Row { name, kind: Kind::Histogram, label: None, what }
}

pub(crate) const BEATS: Row = counter("stillhere_beats_taken_total", "beats that were taken");
pub(crate) const REFUSALS: Row =
    counter_by("stillhere_refusals_total", "code", "requests that were refused, by the code in the answer");
pub(crate) const BEAT_ANSWER: Row = histogram(
    "stillhere_beat_answer_seconds",
    "from a beat's whole body to its answer; the first beat of a session waits for the disk",
);
pub(crate) const SESSIONS: Row = gauge("stillhere_sessions", "open sessions");
pub(crate) const USERS: Row = gauge("stillhere_users", "users with an open session");
pub(crate) const CHANNELS: Row = gauge("stillhere_channels", "channels with an open session");
pub(crate) const ENDS: Row =
    counter_by("stillhere_sessions_ended_total", "reason", "sessions that ended: closed, timeout, signed_out, removed");
pub(crate) const PUNCHES: Row =
    counter_by("stillhere_punches_total", "kind", "punches on disk: IN, OUT, AUTO_OUT; not CORRECTION");
pub(crate) const DETECTION: Row =
    histogram("stillhere_detection_seconds", "how long after its lease had run out a session was known to have ended");
pub(crate) const CHECKPOINT: Row = histogram("stillhere_checkpoint_seconds", "the writing of a batch, good or not");
pub(crate) const CHECKPOINT_ROWS: Row =
    histogram("stillhere_checkpoint_rows", "sessions, spans, visits and punches in a batch that was written");
pub(crate) const CHECKPOINTS_FAILED: Row =
    counter("stillhere_checkpoints_failed_total", "batches that could not be written and are tried again");
pub(crate) const LOOK_UPS: Row =
    counter_by("stillhere_look_ups_total", "outcome", "sessions that were looked for in the store: found, new, failed");
pub(crate) const COMMANDS: Row = gauge("stillhere_commands_waiting", "requests that wait for the driver");
pub(crate) const WATCHERS: Row = gauge("stillhere_watchers", "lines on which the feed is followed");
pub(crate) const SOCKETS: Row = gauge("stillhere_sockets", "open WebSockets, whether they watch or only beat");
pub(crate) const CHANGES: Row =
    counter_by("stillhere_changes_total", "kind", "changes in the feed: join, update, leave, punch");
pub(crate) const PUSH: Row =
    histogram("stillhere_push_seconds", "from a change to its turn on a watcher's line, for each watcher");
pub(crate) const RESYNCS: Row =
    counter("stillhere_resyncs_total", "watchers that read too slowly and were given a fresh snapshot");

pub(crate) const LETTERS_SENT: Row =
    counter_by("stillhere_letters_sent_total", "hook", "letters that a webhook has taken");
pub(crate) const LETTERS_FAILED: Row =
    counter_by("stillhere_letters_failed_total", "hook", "attempts to deliver a letter that were in vain");
pub(crate) const LETTERS_WAITING: Row =
    gauge_by("stillhere_letters_waiting", "hook", "letters that wait for their webhook");
pub(crate) const LETTERS_DEAD: Row =
    gauge_by("stillhere_letters_dead", "hook", "letters that nobody sends any more, unless somebody asks for it");

/// All of them, in the order of the document.
pub(crate) const ALL: [Row; 23] = [
    BEATS,
    BEAT_ANSWER,
    REFUSALS,
    SESSIONS,
    USERS,
    CHANNELS,
    ENDS,
    DETECTION,
    PUNCHES,
    CHECKPOINT,
    CHECKPOINT_ROWS,
    CHECKPOINTS_FAILED,
    LOOK_UPS,
    COMMANDS,
    WATCHERS,
    SOCKETS,
    CHANGES,
    PUSH,
    RESYNCS,
    LETTERS_SENT,
    LETTERS_FAILED,
    LETTERS_WAITING,
    LETTERS_DEAD,
];
