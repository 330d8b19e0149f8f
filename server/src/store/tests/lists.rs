//! Pages of the list of sessions, and the totals.

use std::collections::HashSet;

use stillhere_engine::tracker::{ViewRow, VisitRow};

use super::*;
use crate::{
    limits,
    store::{ChannelTotals, Left, SessionQuery, Stay, Totals},
};

const ALL: SessionQuery =
    SessionQuery { user: None, channel: None, page: None, from: None, to: None, stay: None, limit: 100, after: None };

async fn ids(store: &dyn Store, query: SessionQuery) -> Vec<u8> {
    store.session_page(&query).await.unwrap().rows.iter().map(|row| row.session.0[0]).collect()
}

pub(super) async fn pages_of_the_list_neither_skip_nor_repeat_while_new_sessions_come_in(ground: &Ground) {
    let store = &*ground.store().await;
    // Every second pair starts in the same millisecond: the moment alone does not order them.
    let at_once = |id: u8| {
        let mut row = row(id, 1);
        row.started_at = Timestamp(1_000 + u64::from(id / 2));
        row
    };
    record(store, &(1..=9).map(at_once).collect::<Vec<_>>()).await;
    let mut seen = Vec::new();
    let mut query = SessionQuery { limit: 2, ..ALL };
    loop {
        let page = store.sessions(&query).await.unwrap().page;
        seen.extend(page.rows.iter().map(|row| row.session.0[0]));
        record(store, &[at_once(100 + seen.len() as u8)]).await;
        let Some(next) = page.next else { break };
        query.after = Cursor::parse(&next.to_string());
        assert_eq!(query.after, Some(next));
    }
    assert_eq!(seen, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
}

pub(super) async fn totals_are_over_everything_that_matches(ground: &Ground) {
    let store = &*ground.store().await;
    let mut rows: Vec<_> = (1..=4).map(|id| row(id, 10)).collect();
    rows[3].user = UserId::parse("ann").unwrap();
    rows[3].channel = ChannelName::parse("orders").unwrap();
    rows[3] = ended(rows[3].clone(), 2_000, EndReason::Closed);
    record(store, &rows).await;
    let store = &store;
    let totals = |query| async move { store.sessions(&query).await.unwrap().totals };
    let all = totals(SessionQuery { limit: 1, ..ALL }).await;
    let open = (1..=3).map(|id| 10_000 - id).sum::<u64>();
    let expected =
        Totals { sessions: 4, users: 2, duration: Millis(open + 2_000), visible: Millis(400), active: Millis(200) };
    assert_eq!(all, expected);
    assert_eq!(totals(SessionQuery { to: Some(Timestamp(0)), ..ALL }).await, Totals::default());
}

pub(super) async fn totals_of_a_list_too_long_to_be_looked_through_are_the_same(ground: &Ground) {
    let store = &*ground.store().await;
    let rows = (0..3 * u64::from(limits::SUMMED_ROWS)).map(|number| {
        let mut row = row(1, 10);
        row.session = SessionId(u128::from(number).to_be_bytes());
        row.user = UserId::parse(&format!("user{}", number * 7 % 41)).unwrap();
        row.channel = ChannelName::parse(if number % 5 == 0 { "crm" } else { "pms" }).unwrap();
        row.started_at = Timestamp(1_000 + number / 2);
        row.last_seen_at = row.started_at.after(Millis(number));
        row.visible = Millis(number % 13);
        if number % 10 == 0 { row } else { ended(row, number, EndReason::Closed) }
    });
    let rows: Vec<_> = rows.collect();
    record(store, &rows).await;
    let pms = ChannelName::parse("pms").ok();
    let (from, to) = (Some(Timestamp(1_020)), Some(Timestamp(1_140)));
    for query in [
        ALL,
        SessionQuery { from, ..ALL },
        SessionQuery { from, to, ..ALL },
        SessionQuery { stay: Some(Stay::Ended), to, ..ALL },
        SessionQuery { stay: Some(Stay::Open), ..ALL },
        SessionQuery { channel: pms.clone(), ..ALL },
        SessionQuery { channel: pms, from, stay: Some(Stay::Ended), ..ALL },
    ] {
        let matches = |row: &&SessionRow| {
            query.channel.as_ref().is_none_or(|channel| row.channel == *channel)
                && query.from.is_none_or(|from| row.started_at >= from)
                && query.to.is_none_or(|to| row.started_at < to)
                && query.stay.is_none_or(|stay| row.end.is_none() == (stay == Stay::Open))
        };
        let found: Vec<_> = rows.iter().filter(matches).collect();
        let users: HashSet<_> = found.iter().map(|row| &row.user).collect();
        let sum = |of: fn(&SessionRow) -> Millis| found.iter().fold(Millis::ZERO, |sum, row| sum.plus(of(row)));
        let expected = Totals {
            sessions: found.len() as u64,
            users: users.len() as u64,
            duration: sum(|row| row.last_seen_at.since(row.started_at)),
            visible: sum(|row| row.visible),
            active: sum(|row| row.active),
        };
        assert_eq!(store.sessions(&query).await.unwrap().totals, expected, "{query:?}");
    }
}

pub(super) async fn the_list_is_filtered_by_user_channel_page_time_and_end(ground: &Ground) {
    let store = &*ground.store().await;
    let mut rows: Vec<_> = (1..=4).map(|id| row(id, 1)).collect();
    rows[0].user = UserId::parse("ann").unwrap();
    rows[1].channel = ChannelName::parse("orders").unwrap();
    rows[2] = ended(rows[2].clone(), 10, EndReason::Closed);
    record(store, &rows).await;
    rows[3].seq = 2;
    rows[3].page = PagePath::parse("/orders/18").ok();
    record(store, &rows[3..]).await;
    let ann = SessionQuery { user: Some(UserId::parse("ann").unwrap()), ..ALL };
    assert_eq!(ids(store, ann).await, [1]);
    assert_eq!(ids(store, SessionQuery { channel: Some(rows[1].channel.clone()), ..ALL }).await, [2]);
    let page = PagePath::parse("/orders/17").ok();
    assert_eq!(ids(store, SessionQuery { page: page.clone(), ..ALL }).await, [3, 2, 1]);
    let (session, channel) = (rows[3].session, rows[3].channel.clone());
    let view = ViewRow { session, seq: 2, channel, page: page.clone(), until_at: rows[3].last_seen_at };
    store.record(&Batch { views: vec![view], ..Batch::default() }.into()).await.unwrap();
    assert_eq!(ids(store, SessionQuery { page, ..ALL }).await, [4, 3, 2, 1], "it was there and went on");
    assert_eq!(ids(store, SessionQuery { stay: Some(Stay::Open), ..ALL }).await, [4, 2, 1]);
    assert_eq!(ids(store, SessionQuery { stay: Some(Stay::Ended), ..ALL }).await, [3]);
    let window = SessionQuery { from: Some(rows[1].started_at), to: Some(rows[3].started_at), ..ALL };
    assert_eq!(ids(store, window).await, [3, 2]);
}

pub(super) async fn a_visit_is_counted_once_ever_and_by_its_newest_day(ground: &Ground) {
    let store = &*ground.store().await;
    let visit = |user: &str, at| VisitRow {
        channel: ChannelName::parse("pms").unwrap(),
        user: UserId::parse(user).unwrap(),
        at: Timestamp(at),
    };
    for visits in [vec![visit("ann", 500), visit("bob", 100)], vec![visit("ann", 500)], vec![visit("ann", 90)]] {
        store.record(&Batch { visits, ..Batch::default() }.into()).await.unwrap();
    }
    let totals = store.channels(Timestamp(200)).await.unwrap();
    assert_eq!(totals, [ChannelTotals { channel: ChannelName::parse("pms").unwrap(), ever: 2, today: 1 }]);
}

pub(super) async fn who_has_left_lately_comes_once_with_what_was_newest(ground: &Ground) {
    let store = &*ground.store().await;
    // The first two are the same user's; the third ended too long ago; the fourth has not.
    let mut rows = [row(1, 10), row(2, 20), row(3, 10), row(4, 10)];
    for (row, name) in rows.iter_mut().zip(["zoë", "zoë", "ann", "bob"]) {
        row.user = UserId::parse(name).unwrap();
    }
    rows[1].channel = ChannelName::parse("orders").unwrap();
    let newest = rows[1].clone();
    let ended = [(0, 5_000), (1, 6_000), (2, 100)].map(|(at, ms)| ended(rows[at].clone(), ms, EndReason::Closed));
    record(store, &ended).await;
    record(store, &rows[3..]).await;
    let left = store.left(rows[0].started_at.after(Millis(1_000))).await.unwrap();
    let SessionRow { user, channel, last_seen_at, last_active_at, .. } = newest;
    assert_eq!(left, [Left { user, channel, last_seen_at, last_active_at }]);
}
