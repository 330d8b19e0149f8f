//! Who is in office.

use sqlx::{AssertSqlSafe, Executor};

use super::*;
use crate::{
    settings::DatabaseUrl,
    store::{
        Office, Postgres,
        tests::ground::{connect, database},
    },
};

pub(super) async fn who_works_alone_is_always_in_office(ground: &Ground) {
    let store = ground.store().await;
    let mut offices = [store.office().await.unwrap().unwrap(), store.office().await.unwrap().unwrap()];
    for office in &mut offices {
        assert!(office.is_held().await);
    }
    for office in offices {
        office.close().await;
    }
    assert!(store.office().await.unwrap().is_some());
}

/// Ends the connection that holds the office as the network would, and waits until it is gone.
async fn cut_off(url: &DatabaseUrl) {
    let mut beside = connect(url).await;
    // The number is that of the office's lock, in two halves.
    let sql = format!(
        "select pg_terminate_backend(pid, 30000) from pg_locks
        where locktype = 'advisory' and granted and objid = {} and classid = {}
            and database = (select oid from pg_database where datname = current_database())",
        u32::from_be_bytes(*b"l-of"),
        u32::from_be_bytes(*b"stil"),
    );
    assert_eq!(beside.fetch_all(AssertSqlSafe(sql)).await.unwrap().len(), 1);
}

/// Asks until it is given: the database hears of the end of a connection in its own time.
async fn taken_over(store: &Postgres) -> Office {
    loop {
        if let Some(office) = store.office().await.unwrap() {
            return office;
        }
    }
}

#[tokio::test]
async fn an_office_is_held_by_one_node_and_taken_over_when_that_one_is_gone() {
    let url = database();
    let (ann, bob) = (Postgres::open_shared(&url).await.unwrap(), Postgres::open_shared(&url).await.unwrap());
    let mut anns = ann.office().await.unwrap().unwrap();
    assert!(anns.is_held().await && anns.is_held().await);
    assert!(bob.office().await.unwrap().is_none());
    assert!(ann.office().await.unwrap().is_none(), "it is one even within a node");
    // As when its process ends.
    drop(anns);
    let mut bobs = taken_over(&bob).await;
    assert!(bobs.is_held().await);
    bobs.close().await;
    let anns = ann.office().await.unwrap().expect("who gives it back has given it back");
    anns.close().await;
}

#[tokio::test]
async fn who_has_lost_the_connection_of_an_office_learns_it_by_asking() {
    let url = database();
    let (ann, bob) = (Postgres::open_shared(&url).await.unwrap(), Postgres::open_shared(&url).await.unwrap());
    let mut anns = ann.office().await.unwrap().unwrap();
    assert!(anns.is_held().await);
    cut_off(&url).await;
    let mut bobs = bob.office().await.unwrap().expect("nobody has it");
    assert!(!anns.is_held().await);
    assert!(!anns.is_held().await, "it does not come back by itself");
    assert!(bobs.is_held().await);
    anns.close().await;
    assert!(bobs.is_held().await, "nothing is given back that is not held");
}

#[tokio::test]
async fn a_lone_server_does_not_come_beside_a_node_in_office() {
    let url = database();
    let node = Postgres::open_shared(&url).await.unwrap();
    let office = node.office().await.unwrap().unwrap();
    node.close().await.unwrap();
    let why = Postgres::open(&url).await.unwrap_err().to_string();
    assert!(why.contains("nodes that share their work are using it"), "{why}");
    office.close().await;
    Postgres::open(&url).await.unwrap();
}
