//! Server processes whose facts are in a real PostgreSQL, and what becomes of them when either is killed.

use std::{
    fs::{File, read_to_string},
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;
use stillhere_test_postgres::{Cluster, Disk, PASSWORD};
use stillhere_tests::{
    beat::{first, later},
    server::{PATIENCE, Server, binary},
};
use tokio::time::timeout;

use crate::restart::{SETTINGS, is_killed_and_comes_back};

async fn server_on(cluster: &Cluster, settings: &str) -> Server {
    let url = cluster.database("facts");
    Server::start(&[], settings, &[("STILLHERE_DATABASE_URL", &url)]).await
}

#[tokio::test]
async fn a_killed_server_comes_back_with_everybody_in_and_every_length_right() {
    let cluster = Cluster::start(Disk::Awaited);
    is_killed_and_comes_back(&mut server_on(&cluster, SETTINGS).await).await;
}

#[tokio::test]
async fn a_database_that_crashes_takes_nothing_along_and_new_sessions_wait_for_it() {
    let mut cluster = Cluster::start(Disk::Awaited);
    let mut server = server_on(&cluster, "auth = \"none\"\nleave_grace_ms = 60000\n").await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    assert_eq!(server.beat(first('B', "bob")).await.status, 200);
    assert_eq!(server.beat(later(first('B', "bob"), json!({ "seq": 2, "state": "closed" }))).await.status, 200);

    cluster.crash();
    let refusal = server.beat(first('C', "cid")).await;
    assert_eq!((refusal.status, refusal.code()), (503, "store_down"));
    let beat = later(first('A', "ann"), json!({ "seq": 2, "t": 500, "visible": [[0, 500]] }));
    assert_eq!(server.beat(&beat).await.status, 200, "who is known is answered from memory");
    let members = server.get("/v1/channels/site").await["members"].as_array().cloned().unwrap_or_default();
    assert!(members.iter().any(|member| member["user"] == "ann"), "{members:?}");

    cluster.restart();
    // It comes back by itself; until then the tab does what it was told, and tries again: too often, at times.
    let tries = async { while server.beat(first('C', "cid")).await.status != 200 {} };
    timeout(PATIENCE, tries).await.expect("it heals");
    server.kill().await;
    server.restart().await;
    assert_eq!(server.sessions("bob").await[0]["state"], "closed", "acknowledged before the crash");
    assert_eq!(server.sessions("cid").await.len(), 1, "acknowledged after it");
    assert_eq!(server.sessions("ann").await.len(), 1);
}

#[tokio::test]
async fn a_stop_writes_everything_and_leaves_the_database_to_the_next_server() {
    let cluster = Cluster::start(Disk::Awaited);
    let mut server = server_on(&cluster, "auth = \"none\"\n").await;
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    let beat = later(first('A', "ann"), json!({ "seq": 2, "t": 500, "visible": [[0, 500]] }));
    assert_eq!(server.beat(beat).await.status, 200);
    assert!(server.stop().await);
    assert!(!server.data().join("stillhere.sqlite").exists(), "one place is enough");
    server.restart().await;
    assert_eq!(server.sessions("ann").await[0]["visibleMs"], 500);
}

/// Runs a server until it says something, and gives back that and all that it can log until then.
fn said_and_logged(url: &str, folder: &Path, command: &str) -> String {
    let log = folder.join("log.txt");
    let mut server = Command::new(binary())
        .args([command, "--listen", "127.0.0.1:0"])
        .env("STILLHERE_DATABASE_URL", url)
        .env("STILLHERE_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(File::create(&log).expect("a file for the log"))
        .spawn()
        .expect("the server's binary starts");
    let mut said = String::new();
    let mut output = BufReader::new(server.stdout.take().expect("it has an output"));
    // Settings are many lines, and a server that listens says one.
    while output.read_line(&mut said).is_ok_and(|bytes| bytes > 0) && !said.contains("http://") {}
    server.kill().expect("it can be killed");
    server.wait().expect("it ends");
    said + &read_to_string(log).expect("the log can be read")
}

#[test]
fn the_password_is_neither_logged_nor_printed_whether_it_is_right_or_wrong() {
    let cluster = Cluster::start(Disk::Ignored);
    let url = cluster.database("facts");
    let folder = tempfile::tempdir().expect("a folder");
    let wrong = url.replace(PASSWORD, "hunter2-hunter2");
    for (url, command, hint) in [
        (&url, "serve", "pg_advisory_lock"),
        (&wrong, "serve", "password authentication failed"),
        (&url, "print-config", "database_url = \"postgres://stillhere@localhost/facts"),
    ] {
        let shown = said_and_logged(url, folder.path(), command);
        assert!(shown.contains(hint), "{shown}");
        assert!(!shown.contains(PASSWORD) && !shown.contains("hunter2"), "{shown}");
    }
}
