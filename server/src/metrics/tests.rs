use stillhere_engine::{
    page::PageState,
    tracker::{End, SessionRow},
    wire::{ChannelName, SessionId, UserId},
};

use super::*;

const DOCUMENT: &str = include_str!("../../OPERATION.md");

/// The word in Prometheus' text.
const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

#[test]
fn the_document_lists_every_metric_as_it_is() {
    let mut table = String::from("| metric | kind | label | what |\n|---|---|---|---|\n");
    for row in list::ALL {
        let label = row.label.map_or_else(String::new, |label| format!("`{label}` "));
        table += &format!("| `{}` | {} | {label}| {} |\n", row.name, word(row.kind), row.what);
    }
    assert!(DOCUMENT.contains(&table), "server/OPERATION.md has to hold this table:\n{table}");
}

#[test]
fn every_metric_without_a_label_is_there_before_anything_happens() {
    let text = Metrics::new().render(Levels { commands: 3, watchers: 2, sockets: 1 });
    for row in list::ALL.iter().filter(|row| row.label.is_none()) {
        assert!(text.contains(&format!("# TYPE {} {}\n", row.name, word(row.kind))), "{}: {text}", row.name);
    }
    assert!(text.contains("\nstillhere_commands_waiting 3\n"), "{text}");
    assert!(text.contains("\nstillhere_watchers 2\n"), "{text}");
    assert!(text.contains("\nstillhere_sockets 1\n"), "{text}");
}

fn ended(letter: u8, detected_at: u64) -> SessionRow {
    let at = Timestamp(detected_at);
    let end = End { ended_at: at, detected_at: at, reason: EndReason::Timeout, error_bound: Millis::ZERO };
    SessionRow {
        session: SessionId([letter; 16]),
        user: UserId::parse("ann").unwrap(),
        channel: ChannelName::default(),
        page: None,
        state: PageState::Hidden,
        seq: 1,
        started_at: at,
        last_seen_at: at,
        last_active_at: at,
        lease_until: Timestamp(detected_at - 20),
        visible: Millis::ZERO,
        visible_until: Millis::ZERO,
        active: Millis::ZERO,
        recovered: false,
        punch_epoch: None,
        end: Some(end),
    }
}

#[test]
fn an_end_that_is_written_again_is_counted_once() {
    let metrics = Metrics::new();
    let open = SessionRow { end: None, ..ended(4, 1_000) };
    let batch = |sessions: &[SessionRow], new_ends| Batch { sessions: sessions.to_vec(), new_ends, ..Batch::default() };
    metrics.batch(&batch(&[open, ended(1, 1_000)], 1));
    // The batch failed, and comes back with more.
    metrics.batch(&batch(&[ended(1, 1_000), ended(2, 1_000), ended(3, 1_005)], 2));
    let text = metrics.render(Levels::default());
    assert!(text.contains("stillhere_sessions_ended_total{reason=\"timeout\"} 3\n"), "{text}");
    assert!(text.contains("stillhere_detection_seconds_count 3\n"), "{text}");
    assert!(text.contains("stillhere_detection_seconds_bucket{le=\"0.01\"} 0\n"), "{text}");
    assert!(text.contains("stillhere_detection_seconds_bucket{le=\"0.025\"} 3\n"), "{text}");
}
