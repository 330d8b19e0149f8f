//! What only a database over a network can do wrong.

use sqlx::{AssertSqlSafe, Executor, PgConnection, Postgres as Database, QueryBuilder, Row};
use stillhere_engine::{
    time::{Millis, Timestamp},
    tracker::{End, EndReason, VisitRow},
    wire::{ChannelName, SessionId, UserId},
};
use stillhere_test_postgres::PASSWORD;

use super::{
    Postgres,
    history::{BEFOREHAND, BEGUN},
    read::push_page,
};
use crate::{
    settings::DatabaseUrl,
    store::{
        Entry, SessionQuery, Store,
        tests::{
            batch,
            ground::{connect, database},
            row,
        },
    },
};

const ALL: SessionQuery =
    SessionQuery { user: None, channel: None, page: None, from: None, to: None, stay: None, limit: 50, after: None };

/// Ends the store's connections that are as `which` says, and waits until they are gone. Says how many there were.
async fn terminate(beside: &mut PgConnection, which: &'static str) -> usize {
    let others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and";
    let sql = format!("select pg_terminate_backend(pid, 30000) {others} {which}");
    beside.fetch_all(AssertSqlSafe(sql)).await.unwrap().len()
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_of_a_batch_takes_the_batch_along_and_the_next_try_is_whole() {
    let url = database();
    let store = Postgres::open(&url).await.unwrap();
    store.record(&batch(vec![row(1, 1)]).into()).await.unwrap();
    let (mut beside, mut other) = (connect(&url).await, connect(&url).await);
    // Sessions are written before visits, so a batch with both stops between them.
    beside.execute("begin; lock table visits in access exclusive mode").await.unwrap();
    let mut told = batch(vec![row(1, 2), row(2, 1)]);
    let (channel, user) = (ChannelName::default(), UserId::parse("ann").unwrap());
    told.visits.push(VisitRow { channel, user, at: Timestamp(5) });
    told.alive_at = Some(Timestamp(77));
    let told = Entry::from(told);
    let killing = async {
        while terminate(&mut other, "wait_event_type = 'Lock' and query like '%insert into visits%'").await == 0 {
            tokio::task::yield_now().await;
        }
    };
    let (refusal, ()) = tokio::join!(store.record(&told), killing);
    let refusal = refusal.unwrap_err().to_string();
    assert!(refusal.starts_with("the store could not write: "), "{refusal}");
    beside.execute("rollback").await.unwrap();
    assert_eq!(store.session(SessionId([1; 16])).await.unwrap(), Some(row(1, 1)));
    assert_eq!(store.session(SessionId([2; 16])).await.unwrap(), None);
    store.record(&told).await.unwrap();
    assert_eq!(store.session(SessionId([1; 16])).await.unwrap(), Some(row(1, 2)));
    assert_eq!(store.session(SessionId([2; 16])).await.unwrap(), Some(row(2, 1)));
    assert_eq!(store.alive_at().await.unwrap(), Some(Timestamp(77)));
}

#[tokio::test]
async fn readers_that_have_lost_their_connections_get_others_and_nobody_notices() {
    let url = database();
    let store = Postgres::open(&url).await.unwrap();
    store.record(&batch(vec![row(1, 1)]).into()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(store.session(SessionId([1; 16])).await.unwrap(), Some(row(1, 1)));
        assert!(terminate(&mut connect(&url).await, "query like '%from sessions%'").await > 0);
    }
}

#[tokio::test]
async fn a_server_that_has_lost_its_connection_does_not_write_beside_the_one_that_came_after_it() {
    let url = database();
    let first = Postgres::open(&url).await.unwrap();
    assert!(terminate(&mut connect(&url).await, "true").await > 0);
    let second = Postgres::open(&url).await.unwrap();
    first.record(&batch(vec![row(1, 1)]).into()).await.unwrap_err();
    let refusal = first.record(&batch(vec![row(1, 1)]).into()).await.unwrap_err().to_string();
    assert!(refusal.contains("another stillhere server is using it"), "{refusal}");
    second.record(&batch(vec![row(2, 1)]).into()).await.unwrap();
    second.close().await.unwrap();
    first.record(&batch(vec![row(1, 1)]).into()).await.unwrap();
}

/// What the writer's connection has been told, in a database whose owner prefers something else. Nobody else can ask, so the
/// writer tells by what it writes.
async fn told(setting: &str, preferred: &str) -> String {
    let url = database();
    let mut beside = connect(&url).await;
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&mut beside).await.unwrap();
    let prefer = format!("alter role stillhere in database {name} set {preferred}");
    beside.execute(AssertSqlSafe(prefer)).await.unwrap();
    let store = Postgres::open_shared(&url).await.unwrap();
    let witness = format!(
        "create function tell() returns trigger language plpgsql as $$
            begin new.page = '/' || current_setting('{setting}'); return new; end $$;
        create trigger tell before insert on sessions for each row execute function tell()"
    );
    sqlx::raw_sql(AssertSqlSafe(witness)).execute(&mut beside).await.unwrap();
    store.record(&batch(vec![row(1, 1)]).into()).await.unwrap();
    let page: String = sqlx::query_scalar("select page from sessions").fetch_one(&mut beside).await.unwrap();
    page.trim_start_matches('/').to_owned()
}

#[tokio::test]
async fn what_is_acknowledged_is_on_the_disk_whatever_others_in_the_database_are_content_with() {
    assert_eq!(told("synchronous_commit", "synchronous_commit = off").await, "on");
}

#[tokio::test]
async fn a_statement_sees_what_was_written_before_it_whatever_others_in_the_database_prefer() {
    let preferred = "default_transaction_isolation = 'repeatable read'";
    assert_eq!(told("transaction_isolation", preferred).await, "read committed");
}

#[tokio::test]
async fn emptying_the_log_of_punches_is_refused_like_any_other_way_to_lose_one() {
    let url = database();
    let _store = Postgres::open(&url).await.unwrap();
    let why = connect(&url).await.execute("truncate punches").await.unwrap_err().to_string();
    assert!(why.contains("append-only"), "{why}");
}

#[tokio::test]
async fn the_lists_of_one_user_and_of_one_channel_are_read_from_their_indexes() {
    let url = database();
    let store = Postgres::open(&url).await.unwrap();
    let rows = (0..20_000_u32).map(|number| {
        let mut row = row(1, 1);
        row.session = SessionId(u128::from(number).to_be_bytes());
        row.user = UserId::parse(&format!("user{}", number % 100)).unwrap();
        row.channel = ChannelName::parse(&format!("channel{}", number % 100)).unwrap();
        row.started_at = Timestamp(u64::from(number));
        row
    });
    store.record(&batch(rows.collect()).into()).await.unwrap();
    let mut beside = connect(&url).await;
    beside.execute("analyze").await.unwrap();
    let (user, channel) = (UserId::parse("user7").unwrap(), ChannelName::parse("channel7").unwrap());
    for (query, index) in [
        (SessionQuery { user: Some(user), ..ALL }, "sessions_by_user"),
        (SessionQuery { channel: Some(channel), ..ALL }, "sessions_by_channel"),
        (ALL, "sessions_by_start"),
    ] {
        let mut sql = QueryBuilder::<Database>::new("explain ");
        push_page(&mut sql, &query);
        let plan = sql.build().fetch_all(&mut beside).await.unwrap();
        let plan: Vec<&str> = plan.iter().map(|line| line.get(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains(&format!("Scan Backward using {index} on sessions")), "{plan}");
        assert!(!plan.contains("Sort"), "{plan}");
    }
}

#[tokio::test]
async fn the_history_of_a_small_range_is_read_from_indexes_however_long_the_past_is() {
    const DAY: u64 = 86_400_000;
    let url = database();
    let store = Postgres::open(&url).await.unwrap();
    // An hour each, one after another, and now and then somebody who stays for days.
    let rows = (0..20_000_u32).map(|number| {
        let mut row = row(1, 1);
        row.session = SessionId(u128::from(number).to_be_bytes());
        row.started_at = Timestamp(u64::from(number) * DAY / 24);
        let ended_at = row.started_at.after(Millis(if number % 500 == 0 { 3 * DAY } else { DAY / 24 }));
        let (reason, error_bound) = (EndReason::Closed, Millis(0));
        row.end = Some(End { ended_at, detected_at: ended_at, reason, error_bound });
        row
    });
    store.record(&batch(rows.collect()).into()).await.unwrap();
    let mut beside = connect(&url).await;
    beside.execute("analyze").await.unwrap();
    let from = 400 * DAY as i64;
    let beforehand = ["sessions_past", "sessions_long", "sessions_open"];
    for (sql, indexes) in [(BEFOREHAND, &beforehand[..]), (BEGUN, &["Index Only Scan using sessions_past"])] {
        let explain = AssertSqlSafe(format!("explain {sql}"));
        let plan = sqlx::query(explain).bind(from).bind(from + DAY as i64 / 24);
        let plan = plan.fetch_all(&mut beside).await.unwrap();
        let plan: Vec<&str> = plan.iter().map(|line| line.get(0)).collect();
        let plan = plan.join("\n");
        assert!(!plan.contains("Seq Scan on sessions"), "{plan}");
        assert!(indexes.iter().all(|name| plan.contains(name)), "{plan}");
    }
}

#[tokio::test]
async fn a_password_is_in_no_refusal_and_in_nothing_that_is_printed() {
    let good = database();
    let wrong = DatabaseUrl::new(&good.expose().replace(PASSWORD, "hunter2-hunter2"));
    let nobody = DatabaseUrl::new("postgres://ann:hunter2-hunter2@127.0.0.1:1/nowhere");
    for (url, hint) in [(wrong, "password authentication failed"), (nobody, "could not reach its database")] {
        let why = Postgres::open(&url).await.unwrap_err();
        let shown = format!("{why} {why:?} {url} {url:?}");
        assert!(shown.contains(hint) && !shown.contains("hunter2"), "{shown}");
    }
    let store = Postgres::open(&good).await.unwrap();
    assert!(!format!("{store:?}").contains(PASSWORD));
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_name_is_refused() {
    let url = database();
    let sql = "create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0";
    connect(&url).await.execute(sql).await.unwrap();
    let (start, rest) = url.expose().rsplit_once("/test").unwrap();
    let (_, query) = rest.split_once('?').unwrap();
    let why = Postgres::open(&DatabaseUrl::new(&format!("{start}/latin?{query}"))).await.unwrap_err().to_string();
    assert!(why.contains("its encoding is LATIN1: make one by"), "{why}");
}
