//! What nodes do that write into one PostgreSQL at once.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor, PgConnection};
use stillhere_engine::{
    spans::Span,
    tracker::{PunchKind, SpanRow},
};
use tokio::time::timeout;

use super::{
    chain::{punch, unsealed, whole, write},
    ground::connect,
    letters::{entry, letter},
    *,
};
use crate::{
    limits,
    settings::DatabaseUrl,
    store::{Entry, Letter, Postgres, StoreError, postgres},
};

/// Longer than anything takes here that gets through at all.
const LONG: Duration = Duration::from_secs(30);

fn empty() -> (Ground, DatabaseUrl) {
    let url = ground::database();
    (Ground::Postgres(url.clone()), url)
}

async fn node(url: &DatabaseUrl) -> Postgres {
    Postgres::open_shared(url).await.unwrap()
}

fn refusal<T>(opened: Result<T, StoreError>) -> String {
    opened.err().expect("it is taken").to_string()
}

/// Where nodes are held up in the middle of a statement, until it is opened.
struct Gate(PgConnection);

impl Gate {
    /// Before a row comes into the table, if it is as `which` says.
    async fn before(url: &DatabaseUrl, table: &str, which: &str) -> Self {
        let mut beside = connect(url).await;
        let sql = format!(
            "create function gate() returns trigger language plpgsql as
                $$ begin perform pg_advisory_xact_lock_shared(7); return new; end $$;
            create trigger gate before insert on {table} for each row when ({which}) execute function gate();
            select pg_advisory_lock(7)"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut beside).await.unwrap();
        Self(beside)
    }

    /// Until so many stand before it.
    async fn reached_by(&mut self, nodes: i64) {
        let sql = "select count(*) from pg_locks where locktype = 'advisory' and not granted and objid = 7 and
            database = (select oid from pg_database where datname = current_database())";
        while sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut self.0).await.unwrap() < nodes {}
    }

    async fn open(&mut self) {
        self.0.execute("select pg_advisory_unlock(7)").await.unwrap();
    }
}

#[tokio::test]
async fn two_nodes_write_into_one_database_and_a_lone_server_is_kept_out() {
    let (_, url) = empty();
    let (ann, bob) = (node(&url).await, node(&url).await);
    record(&ann, &[row(1, 1)]).await;
    record(&bob, &[row(1, 2), row(2, 1)]).await;
    assert_eq!((stored(&ann, 1).await, stored(&ann, 2).await), (row(1, 2), row(2, 1)));
    let (server, migration) = tokio::join!(Postgres::open(&url), postgres::open_alone(&url));
    for why in [refusal(server), refusal(migration)] {
        assert!(why.contains("nodes that share their work are using it (connection "), "{why}");
        assert!(why.contains("; stop them all, or give this server"), "{why}");
    }
    ann.close().await.unwrap();
    assert!(refusal(Postgres::open(&url).await).contains("nodes that share"), "one is enough");
    bob.close().await.unwrap();
    assert_eq!(stored(&Postgres::open(&url).await.unwrap(), 2).await, row(2, 1));
}

#[tokio::test]
async fn a_lone_server_keeps_nodes_out() {
    let (_, url) = empty();
    let server = Postgres::open(&url).await.unwrap();
    let (one, another) = tokio::join!(Postgres::open_shared(&url), Postgres::open_shared(&url));
    for why in [refusal(one), refusal(another)] {
        assert!(why.contains("a stillhere server that works alone is using it (connection "), "{why}");
        assert!(why.contains("; stop that one, or give this node another `database_url`"), "{why}");
    }
    server.close().await.unwrap();
    record(&node(&url).await, &[row(1, 1)]).await;
}

#[tokio::test]
async fn a_node_that_has_lost_its_connection_comes_back_as_a_node() {
    let (_, url) = empty();
    let (ann, bob) = (node(&url).await, node(&url).await);
    let sql = "select pg_terminate_backend(pid, 30000) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    assert_eq!(connect(&url).await.fetch_all(sql).await.unwrap().len(), 2);
    bob.record(&batch(vec![row(2, 1)]).into()).await.unwrap_err();
    record(&bob, &[row(2, 1)]).await;
    ann.record(&batch(vec![row(1, 1)]).into()).await.unwrap_err();
    record(&ann, &[row(1, 1)]).await;
    assert!(refusal(Postgres::open(&url).await).contains("nodes that share"), "and the lock is the nodes' again");
}

#[tokio::test]
async fn three_nodes_start_on_an_empty_database() {
    let (_, url) = empty();
    let nodes = tokio::join!(node(&url), node(&url), node(&url));
    for (store, id) in [&nodes.0, &nodes.1, &nodes.2].into_iter().zip(1..) {
        record(store, &[row(id, 1)]).await;
    }
    assert_eq!(nodes.0.open_sessions(None).await.unwrap().rows.make().unwrap().len(), 3);
}

#[tokio::test]
async fn three_nodes_start_on_a_log_from_before_there_were_seals_and_it_is_sealed_once() {
    let (ground, url) = empty();
    unsealed(&ground).await;
    let nodes = tokio::join!(node(&url), node(&url), node(&url));
    assert_eq!(whole(&ground).await.head.count, 6);
    write(&nodes.2, &[punch("bob", PunchKind::In, 20)]).await;
    assert_eq!(whole(&ground).await.rows, 7);
}

#[tokio::test]
async fn punches_of_two_nodes_at_once_are_one_chain() {
    const STAYS: u64 = 30;
    let (ground, url) = empty();
    let (ann, bob) = (node(&url).await, node(&url).await);
    // Each node tells of a stay of its own, and both of one more.
    let writing = async |node: &Postgres, user: &'static str| {
        for epoch in 1..=STAYS {
            for kind in [PunchKind::In, PunchKind::Out] {
                write(node, &[punch(user, kind, epoch), punch("zoë", kind, epoch)]).await;
            }
        }
    };
    tokio::join!(writing(&ann, "ann"), writing(&bob, "bob"), async {
        for _ in 0..10 {
            whole(&ground).await;
        }
    });
    let audit = whole(&ground).await;
    assert_eq!(audit.head.count, 3 * 2 * i64::try_from(STAYS).unwrap());
    assert!(ann.open_punches().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_log_that_two_nodes_cut_and_erase_while_a_third_writes_is_one_chain() {
    const EPOCHS: u64 = 40;
    let (ground, url) = empty();
    let (ann, bob, zoe) = (node(&url).await, node(&url).await, node(&url).await);
    let writing = async {
        for epoch in 1..=EPOCHS {
            let user = format!("user{}", epoch % 4);
            write(&zoe, &[punch(&user, PunchKind::In, epoch), punch(&user, PunchKind::Out, epoch)]).await;
        }
    };
    // Two that believe to be in office.
    let forgetting = async |node: &Postgres| {
        let mut cut = 0;
        for epoch in 1..=EPOCHS / 2 {
            cut += node.cut(Timestamp(1_000 * epoch), Timestamp(1)).await.unwrap();
            node.remove(&UserId::parse(&format!("user{}", epoch % 4)).unwrap()).await.unwrap();
        }
        cut
    };
    let ((), anns, bobs) = tokio::join!(writing, forgetting(&ann), forgetting(&bob));
    let rest = bob.cut(Timestamp(1_000 * EPOCHS / 2), Timestamp(2)).await.unwrap();
    let audit = whole(&ground).await;
    let cut = anns + bobs + rest;
    assert_eq!((cut, audit.head.count), (EPOCHS - 2, 2 * i64::try_from(EPOCHS).unwrap()), "each row once");
    assert_eq!(audit.rows, audit.head.count - i64::try_from(cut).unwrap());
}

#[tokio::test]
async fn a_node_that_finds_nothing_to_cut_off_keeps_nobody_waiting() {
    let (_, url) = empty();
    let node = node(&url).await;
    assert_eq!(node.cut(Timestamp(u64::MAX), Timestamp(1)).await.unwrap(), 0);
    let sql = "select count(*) from pg_stat_activity where datname = current_database() and state <> 'idle'
        and pid <> pg_backend_pid()";
    let busy: i64 = sqlx::query_scalar(sql).fetch_one(&mut connect(&url).await).await.unwrap();
    assert_eq!(busy, 0, "the transaction that has looked is over");
}

#[tokio::test]
async fn batches_that_stand_in_each_others_way_are_both_written() {
    let (_, url) = empty();
    let mut beside = connect(&url).await;
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&mut beside).await.unwrap();
    // So that it is found out soon.
    let sql = AssertSqlSafe(format!("alter database {name} set deadlock_timeout = '10ms'"));
    beside.execute(sql).await.unwrap();
    let (ann, bob) = (node(&url).await, node(&url).await);
    let mut gate = Gate::before(&url, "letters", "new.event = 'second'").await;
    // Each has written one letter when both go on to the other's.
    let told = |id: u8, first, second| {
        let second = Letter { event: "second".into(), ..letter("pay", second) };
        Entry { batch: batch(vec![row(id, 1)]), ..entry([letter("pay", first), second]) }
    };
    let (anns, bobs) = (told(1, 1, 2), told(2, 2, 1));
    let (one, another, ()) = tokio::join!(ann.record(&anns), bob.record(&bobs), async {
        gate.reached_by(2).await;
        gate.open().await;
    });
    one.unwrap();
    another.unwrap();
    assert_eq!((stored(&ann, 1).await, stored(&ann, 2).await), (row(1, 1), row(2, 1)));
    assert_eq!(ann.outbox().count("pay").await.unwrap().waiting, 2);
}

#[tokio::test]
async fn a_batch_that_never_gets_through_is_an_error_after_a_few_tries() {
    let (ground, url) = empty();
    let store = node(&url).await;
    let sql = "create sequence tries;
        create function refuse() returns trigger language plpgsql as
            $$ begin perform nextval('tries'); raise exception 'again' using errcode = '40001'; end $$;
        create trigger refuse before insert on sessions for each row execute function refuse()";
    ground.meddle(sql).await.unwrap();
    let why = store.record(&batch(vec![row(1, 1)]).into()).await.unwrap_err().to_string();
    assert!(why.starts_with("the store could not write: ") && why.contains("again"), "{why}");
    let mut beside = connect(&url).await;
    let tries: i64 = sqlx::query_scalar("select last_value from tries").fetch_one(&mut beside).await.unwrap();
    assert_eq!(tries, 1 + i64::try_from(limits::CLASHES).unwrap());
    ground.meddle("drop trigger refuse on sessions").await.unwrap();
    record(&store, &[row(1, 1)]).await;
}

#[tokio::test]
async fn a_span_of_a_session_that_another_node_forgets_meanwhile_keeps_no_batch_off_the_disk() {
    let (ground, url) = empty();
    let (ann, bob) = (node(&url).await, node(&url).await);
    record(&ann, &[ended(row(1, 1), 5, EndReason::Closed)]).await;
    let mut gate = Gate::before(&url, "spans", "true").await;
    let (session, span) = (SessionId([1; 16]), Span { start: Millis(0), end: Millis(5) });
    let late = SpanRow { session, span, start_at: Timestamp(1), end_at: Timestamp(6) };
    let told: Entry = Batch { spans: vec![late], ..batch(vec![row(2, 1)]) }.into();
    let (written, ()) = tokio::join!(ann.record(&told), async {
        gate.reached_by(1).await;
        assert_eq!(bob.forget(Timestamp(u64::MAX)).await.unwrap(), 1);
        gate.open().await;
    });
    written.unwrap();
    assert_eq!(stored(&ann, 2).await, row(2, 1));
    assert_eq!(ground.spans().await, []);
}

#[tokio::test]
async fn a_node_that_is_stopped_in_the_middle_of_a_batch_does_not_stop_the_others() {
    let (ground, url) = empty();
    let (ann, bob) = (node(&url).await, node(&url).await);
    let mut gate = Gate::before(&url, "letters", "true").await;
    let batch = Batch { punches: vec![punch("ann", PunchKind::In, 1)], ..Batch::default() };
    let told = Entry { batch, ..entry([letter("pay", 1)]) };
    let mut stopped = std::pin::pin!(ann.record(&told));
    tokio::select! {
        _ = &mut stopped => panic!("nobody has let it pass"),
        () = gate.reached_by(1) => {}
    }
    // From here on nothing comes from that node, which has written into the log of punches.
    gate.open().await;
    timeout(LONG, write(&bob, &[punch("bob", PunchKind::In, 1)])).await.expect("the other one has lost its turn");
    assert_eq!(whole(&ground).await.rows, 1);
    stopped.await.unwrap_err();
    ann.record(&told).await.unwrap();
    assert_eq!(whole(&ground).await.rows, 2);
}
