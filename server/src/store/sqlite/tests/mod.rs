mod punches;

use proptest::prelude::*;
use stillhere_engine::{
    page::PageState,
    spans::Span,
    time::{Millis, Timestamp},
    tracker::{Batch, End, EndReason, SessionRow, SpanRow, VisitRow},
    wire::{ChannelName, PagePath, SessionId, UserId},
};

use super::Sqlite;
use crate::{
    limits,
    store::{ChannelTotals, Cursor, SessionQuery, Stay, Store, Totals},
};

const ALL: SessionQuery =
    SessionQuery { user: None, channel: None, from: None, to: None, stay: None, limit: 100, after: None };

fn row(id: u8, seq: u32) -> SessionRow {
    let at = |ms: u64| Timestamp(1_790_000_000_000 + ms);
    SessionRow {
        session: SessionId([id; 16]),
        user: UserId::parse("zoë \"quoted\" 🫀").unwrap(),
        channel: ChannelName::parse("site").unwrap(),
        page: Some(PagePath::parse("/orders/17").unwrap()),
        state: PageState::Active,
        seq,
        started_at: at(u64::from(id)),
        last_seen_at: at(1_000 * u64::from(seq)),
        last_active_at: at(900 * u64::from(seq)),
        lease_until: at(1_000 * u64::from(seq) + 30_000),
        visible: Millis(10 * u64::from(seq)),
        visible_until: Millis(11 * u64::from(seq)),
        active: Millis(5 * u64::from(seq)),
        recovered: false,
        punch_epoch: None,
        end: None,
    }
}

fn ended(mut row: SessionRow, ms: u64, reason: EndReason) -> SessionRow {
    let ended_at = row.started_at.after(Millis(ms));
    let error_bound = Millis(1_000);
    row.end = Some(End { ended_at, detected_at: ended_at.after(error_bound), reason, error_bound });
    row
}

fn batch(sessions: Vec<SessionRow>) -> Batch {
    Batch { sessions, ..Batch::default() }
}

/// A store on a real disk, and the directory that goes away with it.
async fn store() -> (Sqlite, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (Sqlite::open(directory.path()).await.unwrap(), directory)
}

async fn record(store: &Sqlite, rows: &[SessionRow]) {
    store.record(&batch(rows.to_vec())).await.unwrap();
}

async fn stored(store: &Sqlite, id: u8) -> SessionRow {
    store.session(SessionId([id; 16])).await.unwrap().expect("it was written")
}

async fn ids(store: &Sqlite, query: SessionQuery) -> Vec<u8> {
    store.sessions(&query).await.unwrap().rows.iter().map(|row| row.session.0[0]).collect()
}

#[tokio::test]
async fn a_row_comes_back_as_it_was_written() {
    let (store, _directory) = store().await;
    let mut rows = [row(1, 3), ended(row(2, 9), 9_000, EndReason::Closed), row(3, 1)];
    rows[2].lease_until = Timestamp::NEVER;
    rows[2].page = None;
    rows[2].recovered = true;
    record(&store, &rows).await;
    for row in rows {
        assert_eq!(stored(&store, row.session.0[0]).await, row);
    }
    assert_eq!(store.session(SessionId([9; 16])).await.unwrap(), None);
}

#[tokio::test]
async fn an_older_row_never_overwrites_a_newer_one() {
    let (store, _directory) = store().await;
    let mut older = row(1, 3);
    older.state = PageState::Hidden;
    older.channel = ChannelName::parse("elsewhere").unwrap();
    for order in [[row(1, 7), older.clone()], [older.clone(), row(1, 7)]] {
        record(&store, &order[..1]).await;
        record(&store, &order[1..]).await;
        assert_eq!(stored(&store, 1).await, row(1, 7));
    }
}

#[tokio::test]
async fn an_end_is_extended_and_never_undone() {
    let (store, _directory) = store().await;
    record(&store, &[ended(row(1, 3), 9_000, EndReason::Timeout)]).await;
    record(&store, &[row(1, 3)]).await;
    record(&store, &[row(1, 4)]).await;
    let at_first = stored(&store, 1).await;
    assert_eq!(at_first.end, ended(row(1, 4), 9_000, EndReason::Timeout).end);
    assert_eq!(at_first.seq, 4, "the rest of late evidence counts");
    record(&store, &[ended(row(1, 5), 12_000, EndReason::Closed)]).await;
    record(&store, &[ended(row(1, 4), 9_000, EndReason::Timeout)]).await;
    assert_eq!(stored(&store, 1).await, ended(row(1, 5), 12_000, EndReason::Closed));
}

#[tokio::test]
async fn a_lease_may_shrink_with_a_newer_beat_and_grow_with_a_restart() {
    let (store, _directory) = store().await;
    let lease = |seq, ms| {
        let mut row = row(1, seq);
        row.lease_until = row.started_at.after(Millis(ms));
        row
    };
    record(&store, &[lease(1, 1_800_000)]).await;
    record(&store, &[lease(2, 30_000)]).await;
    assert_eq!(stored(&store, 1).await.lease_until, lease(2, 30_000).lease_until);
    record(&store, &[lease(2, 90_000)]).await;
    record(&store, &[lease(2, 30_000)]).await;
    assert_eq!(stored(&store, 1).await.lease_until, lease(2, 90_000).lease_until);
}

#[tokio::test]
async fn a_span_told_again_stays_one_span() {
    let (store, _directory) = store().await;
    let span = |start, end, start_at| SpanRow {
        session: SessionId([1; 16]),
        span: Span { start: Millis(start), end: Millis(end) },
        start_at: Timestamp(start_at),
        end_at: Timestamp(start_at + end - start),
    };
    let told = [span(0, 500, 1_000), span(0, 900, 1_003), span(0, 500, 1_000), span(2_000, 2_000, 3_000)];
    for spans in told {
        let batch = Batch { sessions: vec![row(1, 1)], spans: vec![spans], ..Batch::default() };
        store.record(&batch).await.unwrap();
    }
    let all = sqlx::query_as::<_, (i64, i64, i64, i64)>(
        "select start_ms, end_ms, start_at, end_at from spans order by start_ms",
    );
    let all = all.fetch_all(&store.readers).await.unwrap();
    assert_eq!(all, [(0, 900, 1_000, 1_903), (2_000, 2_000, 3_000, 3_000)]);
}

#[tokio::test]
async fn a_batch_is_written_whole_or_not_at_all() {
    let (store, _directory) = store().await;
    let mut impossible = row(2, 1);
    impossible.end = ended(row(2, 1), 1, EndReason::Closed).end;
    // A second trigger-happy writer is the simplest way to make a statement in the middle fail.
    sqlx::query("create trigger refuse before insert on spans begin select raise(abort, 'disk full'); end")
        .execute(&store.writer)
        .await
        .unwrap();
    let span = SpanRow {
        session: SessionId([1; 16]),
        span: Span { start: Millis(0), end: Millis(1) },
        start_at: Timestamp(0),
        end_at: Timestamp(1),
    };
    let batch = Batch {
        sessions: vec![row(1, 1), impossible],
        spans: vec![span],
        alive_at: Some(Timestamp(5)),
        ..Batch::default()
    };
    let refusal = store.record(&batch).await.unwrap_err().to_string();
    assert!(refusal.contains("disk full"), "{refusal}");
    assert_eq!(store.session(SessionId([1; 16])).await.unwrap(), None);
    assert_eq!(store.alive_at().await.unwrap(), None);
}

#[tokio::test]
async fn a_restart_reads_back_what_is_open_and_when_it_last_lived() {
    let (store, directory) = store().await;
    let mut first = batch((1..=5).map(|id| row(id, 1)).collect());
    first.alive_at = Some(Timestamp(77));
    store.record(&first).await.unwrap();
    record(&store, &[ended(row(3, 1), 10, EndReason::Closed)]).await;
    store.record(&Batch { alive_at: Some(Timestamp(70)), ..Batch::default() }).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = Sqlite::open(directory.path()).await.unwrap();
    assert_eq!(store.alive_at().await.unwrap(), Some(Timestamp(77)));
    let open = store.open_sessions(None).await.unwrap();
    assert_eq!(open.next, None);
    assert_eq!(open.rows, [row(1, 1), row(2, 1), row(4, 1), row(5, 1)]);
}

#[tokio::test]
async fn open_sessions_come_in_pieces_and_each_comes_once() {
    let (store, _directory) = store().await;
    let count = limits::RESTORE_ROWS + 7;
    let many = (0..count).map(|number| {
        let mut row = row(1, 1);
        row.session = SessionId(u128::from(number).to_be_bytes());
        row.lease_until = Timestamp::NEVER;
        row
    });
    let many: Vec<_> = many.collect();
    record(&store, &many).await;
    let first = store.open_sessions(None).await.unwrap();
    let second = store.open_sessions(first.next).await.unwrap();
    assert_eq!((first.rows.len(), second.rows.len()), (limits::RESTORE_ROWS as usize, 7));
    assert_eq!(second.next, None);
    assert!(first.rows.iter().chain(&second.rows).eq(&many));
}

#[tokio::test]
async fn two_servers_do_not_share_a_directory() {
    let (_store, directory) = store().await;
    let refusal = Sqlite::open(directory.path()).await.unwrap_err().to_string();
    assert!(refusal.contains("another stillhere server is using it"), "{refusal}");
}

#[tokio::test]
async fn pages_of_the_list_neither_skip_nor_repeat_while_new_sessions_come_in() {
    let (store, _directory) = store().await;
    // Every second pair starts in the same millisecond: the moment alone does not order them.
    let at_once = |id: u8| {
        let mut row = row(id, 1);
        row.started_at = Timestamp(1_000 + u64::from(id / 2));
        row
    };
    record(&store, &(1..=9).map(at_once).collect::<Vec<_>>()).await;
    let mut seen = Vec::new();
    let mut query = SessionQuery { limit: 2, ..ALL };
    loop {
        let page = store.sessions(&query).await.unwrap();
        seen.extend(page.rows.iter().map(|row| row.session.0[0]));
        record(&store, &[at_once(100 + seen.len() as u8)]).await;
        let Some(next) = page.next else { break };
        query.after = Cursor::parse(&next.to_string());
        assert_eq!(query.after, Some(next));
    }
    assert_eq!(seen, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn totals_are_over_everything_that_matches() {
    let (store, _directory) = store().await;
    let mut rows: Vec<_> = (1..=4).map(|id| row(id, 10)).collect();
    rows[3].user = UserId::parse("ann").unwrap();
    rows[3].channel = ChannelName::parse("orders").unwrap();
    rows[3] = ended(rows[3].clone(), 2_000, EndReason::Closed);
    record(&store, &rows).await;
    let store = &store;
    let totals = |query| async move { store.sessions(&query).await.unwrap().totals };
    let all = totals(SessionQuery { limit: 1, ..ALL }).await;
    let open = (1..=3).map(|id| 10_000 - id).sum::<u64>();
    let expected =
        Totals { sessions: 4, users: 2, duration: Millis(open + 2_000), visible: Millis(400), active: Millis(200) };
    assert_eq!(all, expected);
    assert_eq!(totals(SessionQuery { to: Some(Timestamp(0)), ..ALL }).await, Totals::default());
}

#[tokio::test]
async fn the_list_is_filtered_by_user_channel_time_and_end() {
    let (store, _directory) = store().await;
    let mut rows: Vec<_> = (1..=4).map(|id| row(id, 1)).collect();
    rows[0].user = UserId::parse("ann").unwrap();
    rows[1].channel = ChannelName::parse("orders").unwrap();
    rows[2] = ended(rows[2].clone(), 10, EndReason::Closed);
    record(&store, &rows).await;
    let ann = SessionQuery { user: Some(UserId::parse("ann").unwrap()), ..ALL };
    assert_eq!(ids(&store, ann).await, [1]);
    assert_eq!(ids(&store, SessionQuery { channel: Some(rows[1].channel.clone()), ..ALL }).await, [2]);
    assert_eq!(ids(&store, SessionQuery { stay: Some(Stay::Open), ..ALL }).await, [4, 2, 1]);
    assert_eq!(ids(&store, SessionQuery { stay: Some(Stay::Ended), ..ALL }).await, [3]);
    let window = SessionQuery { from: Some(rows[1].started_at), to: Some(rows[3].started_at), ..ALL };
    assert_eq!(ids(&store, window).await, [3, 2]);
}

#[test]
fn a_cursor_from_outside_is_read_or_refused() {
    for text in ["", "-", "1", "g-1", "-1-1", "1--1", "1-2-3", "ffffffffffffffffff-1"] {
        assert_eq!(Cursor::parse(text), None, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The heart of "written twice or out of order does no harm", over any history of one session.
    #[test]
    fn the_order_of_writes_makes_no_difference(
        history in proptest::collection::vec((1_u32..6, 0_u64..50, proptest::option::of(0_u64..20)), 1..6),
        seed in any::<u64>(),
    ) {
        let rows: Vec<_> = history
            .iter()
            .map(|&(seq, longer, end)| {
                let mut row = row(1, seq);
                row.lease_until = row.lease_until.after(Millis(longer));
                end.map_or(row.clone(), |ms| ended(row, ms, EndReason::Timeout))
            })
            .collect();
        let mut shuffled = rows.clone();
        shuffled.extend(rows.iter().take(2).cloned());
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, (seed >> at) as usize % (at + 1));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (straight, other) = runtime.block_on(async {
            let mut results = Vec::new();
            for rows in [rows, shuffled] {
                let (store, _directory) = store().await;
                for row in rows {
                    record(&store, &[row]).await;
                }
                results.push(stored(&store, 1).await);
            }
            (results.remove(0), results.remove(0))
        });
        prop_assert_eq!(straight, other);
    }
}

#[tokio::test]
async fn a_visit_is_counted_once_ever_and_by_its_newest_day() {
    let (store, _directory) = store().await;
    let visit = |user: &str, at| VisitRow {
        channel: ChannelName::parse("pms").unwrap(),
        user: UserId::parse(user).unwrap(),
        at: Timestamp(at),
    };
    for visits in [vec![visit("ann", 500), visit("bob", 100)], vec![visit("ann", 90)], vec![visit("ann", 500)]] {
        store.record(&Batch { visits, ..Batch::default() }).await.unwrap();
    }
    let totals = store.channels(Timestamp(200)).await.unwrap();
    assert_eq!(totals, [ChannelTotals { channel: ChannelName::parse("pms").unwrap(), ever: 2, today: 1 }]);
}
