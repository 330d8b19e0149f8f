//! A store with many sessions in it, written by the server's own code before a server is started on it.

use std::path::Path;

use stillhere_engine::{
    page::PageState,
    spans::Span,
    time::{Millis, Timestamp},
    tracker::{Batch, SessionRow, SpanRow, VisitRow},
    wire::{ChannelName, PagePath, SessionId, UserId},
};
use stillhere_server::store::{Entry, Sqlite, Store};

use crate::{generator::wall_ms, progress::Progress};

/// Rows in one transaction: as many as a busy server has in one.
const PIECE: u32 = 20_000;

/// How many of them are written between two words about it.
const PIECES_BETWEEN: u32 = 10;

/// Where people are, and what they look at.
pub(crate) const CHANNELS: u32 = 100;
pub(crate) const PAGES: u32 = 1_000;

/// This moment, as the server counts it.
pub(crate) fn now() -> Timestamp {
    Timestamp(wall_ms())
}

/// Sessions that are open, each somebody else's, and whose leases end at `lease_until`.
///
/// # Errors
/// A sentence: the store cannot be written.
pub(crate) async fn open(folder: &Path, count: u32, lease_until: Timestamp, progress: &Progress) -> Result<(), String> {
    fill(folder, count, Some(now()), progress, |number| {
        let began = Timestamp(now().0 - 60_000);
        Open { began, lease_until, person: number, channel: None }
    })
    .await
}

/// The same, all in the channel `lobby`.
///
/// # Errors
/// A sentence: the store cannot be written.
pub(crate) async fn together(
    folder: &Path,
    count: u32,
    lease_until: Timestamp,
    progress: &Progress,
) -> Result<(), String> {
    fill(folder, count, Some(now()), progress, |number| {
        let began = Timestamp(now().0 - 60_000);
        Open { began, lease_until, person: number, channel: Some("lobby") }
    })
    .await
}

/// Sessions that are open, each with an end of its lease of its own. The store does not know when a server was last
/// alive, so the next one makes every lease longer by its `boot_grace_ms` and by nothing else.
///
/// # Errors
/// A sentence: the store cannot be written.
pub(crate) async fn lapsing(
    folder: &Path,
    count: u32,
    lease_until: impl Fn(u32) -> Timestamp,
    progress: &Progress,
) -> Result<(), String> {
    let began = Timestamp(now().0 - 60_000);
    fill(folder, count, None, progress, |number| Open {
        began,
        lease_until: lease_until(number),
        person: number,
        channel: None,
    })
    .await
}

/// What is told of one session.
struct Open {
    began: Timestamp,
    lease_until: Timestamp,
    person: u32,
    /// One of a hundred without it.
    channel: Option<&'static str>,
}

async fn fill(
    folder: &Path,
    count: u32,
    alive_at: Option<Timestamp>,
    progress: &Progress,
    open_of: impl Fn(u32) -> Open,
) -> Result<(), String> {
    let store = Sqlite::open(folder).await.map_err(|why| why.to_string())?;
    for first in (0..count).step_by(PIECE as usize) {
        if first.is_multiple_of(PIECE * PIECES_BETWEEN) {
            progress.say(&format!("{first} of {count} sessions are written"));
        }
        let mut batch = Batch { alive_at, ..Batch::default() };
        for number in first..(first + PIECE).min(count) {
            let row = row(number, &open_of(number));
            let end = row.visible_until;
            batch.spans.push(SpanRow {
                session: row.session,
                span: Span { start: Millis::ZERO, end },
                start_at: row.started_at,
                end_at: row.started_at.after(end),
            });
            batch.visits.push(VisitRow { channel: row.channel.clone(), user: row.user.clone(), at: row.started_at });
            batch.sessions.push(row);
        }
        store.record(&Entry::from(batch)).await.map_err(|why| why.to_string())?;
    }
    store.close().await.map_err(|why| why.to_string())
}

fn row(number: u32, open: &Open) -> SessionRow {
    let spread = u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let last_seen_at = now();
    let visible = last_seen_at.since(open.began);
    let channel = open.channel.map_or_else(|| format!("room-{}", open.person % CHANNELS), str::to_owned);
    SessionRow {
        session: SessionId(spread.to_le_bytes()),
        user: UserId::parse(&format!("user-{:07}", open.person)).expect("a name"),
        channel: ChannelName::parse(&channel).expect("a channel"),
        page: PagePath::parse(&format!("/orders/{}", number % PAGES)).ok(),
        state: PageState::Active,
        seq: 2,
        started_at: open.began,
        last_seen_at,
        last_active_at: last_seen_at,
        lease_until: open.lease_until,
        visible,
        visible_until: visible,
        active: visible,
        recovered: false,
        punch_epoch: None,
        end: None,
    }
}
