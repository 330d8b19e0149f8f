//! The command that carries everything from one store into another: a server before it, and a server after it.

use std::process::Stdio;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection, Row};
use stillhere_test_postgres::{Cluster, Disk, PASSWORD};
use stillhere_tests::{
    beat::{first, later, session},
    endpoint::{Endpoint, Manner, SECRET},
    feed::Feed,
    server::{PATIENCE, Server, binary, run},
};
use tokio::{process::Command, time::timeout};

use crate::{punch_clock::punch, restart::facts};

const URL: &str = "STILLHERE_DATABASE_URL";

/// Makes whoever writes a punch wait for as long as this connection likes.
const HOLD: &str = "
    create function hold() returns trigger language plpgsql set lock_timeout = 0 as
        $$ begin perform pg_advisory_xact_lock(7); return new; end $$;
    create trigger hold before insert on punches for each row execute function hold();
    select pg_advisory_lock(7)";

/// Runs `stillhere migrate` from the server's folder into the database.
async fn migrate(server: &Server, url: &str, more: &[&str]) -> (bool, String, String) {
    let from = format!("sqlite:{}", server.data().display());
    run(&[&["migrate", "--from", &from, "--to", "postgres"], more].concat(), &[(URL, url)]).await
}

/// The last seal of the log, if the log is whole.
async fn seal(place: (&str, &str), expect: &[&str]) -> String {
    let (is_whole, said, why) = run(&[&["audit", "verify"], expect].concat(), &[place]).await;
    assert!(is_whole, "{said}{why}");
    said.lines().last().unwrap_or_default().to_owned()
}

/// People who came and went on, punched, were punched out, and were removed; and letters that nobody has taken.
async fn lives(server: &Server) {
    let beat = |letter, user: &str| later(first(letter, user), json!({ "nextMs": 600_000 }));
    for (letter, user) in [('A', "ann"), ('B', "bob"), ('Z', "zelda")] {
        let told = json!({ "page": "/one", "t": 60_000, "visible": [[0, 50_000]], "activeMs": 9_000 });
        assert_eq!(server.beat(later(beat(letter, user), told)).await.status, 200);
        assert_eq!(punch(server, user, "IN").await.status, 200);
    }
    let further = json!({ "seq": 2, "t": 61_000, "page": "/two", "channel": "site", "visible": [[55_000, 61_000]] });
    assert_eq!(server.beat(later(beat('A', "ann"), further)).await.status, 200);
    let mut feed = server.feed("site").await;
    assert_eq!(server.beat(later(beat('B', "bob"), json!({ "seq": 2, "state": "closed" }))).await.status, 200);
    while feed.next_in_words().await != "leave bob closed" {}
    let removed = server.send(Method::DELETE, "/v1/admin/users/zelda", None, &[]).await;
    assert_eq!(removed.status, 200, "{}", removed.body);
    while feed.next_in_words().await != "leave zelda removed" {}
}

/// What must be the same before and after.
async fn answers(server: &Server) -> Vec<Value> {
    let sessions = server.get("/v1/admin/sessions").await["sessions"].as_array().expect("a list").clone();
    let mut answers: Vec<Value> = sessions.iter().map(facts).collect();
    for session in &sessions {
        let one = server.get(&format!("/v1/admin/sessions/{}", session["session"].as_str().expect("an id"))).await;
        answers.push(json!([one["pages"], one["visible"]]));
    }
    for path in ["/v1/punches", "/v1/admin/users/ann/history", "/v1/admin/users/bob/history"] {
        let mut answer = server.get(path).await;
        // A history says until when it goes, which is now.
        if let Some(answer) = answer.as_object_mut() {
            answer.retain(|name, _| !["nowAt", "toAt"].contains(&name.as_str()));
        }
        answers.push(answer);
    }
    let channel = &server.get("/v1/channels").await["channels"][0];
    let report = &server.get("/v1/admin/webhooks").await["webhooks"][0];
    let is_in = [server.get("/v1/users/ann").await, server.get("/v1/users/bob").await].map(|user| user["isIn"].clone());
    answers.push(json!([channel["ever"], channel["active"], report["waiting"], report["dead"], is_in]));
    answers
}

#[tokio::test]
async fn everything_that_a_server_knew_is_known_after_a_migration() {
    let cluster = Cluster::start(Disk::Awaited);
    let url = cluster.database("facts");
    let endpoint = Endpoint::start().await;
    let (address, hook) = (endpoint.address, endpoint.url());
    drop(endpoint);
    let settings = format!(
        "leave_grace_ms = 1\n[[webhook]]\nname = \"manager\"\nurl = \"{hook}\"\nevents = [\"auto-out\", \"punch-in\"]\n"
    );
    let signing = ("STILLHERE_WEBHOOK_SECRET_MANAGER", SECRET);
    let mut old = Server::start(&["--preset", "punch-clock"], &settings, &[signing]).await;
    lives(&old).await;
    let mut feed = old.feed("site").await;
    feed.next().await;
    let position = feed.position.clone();
    assert_eq!(old.beat(later(first('C', "cid"), json!({ "nextMs": 600_000 }))).await.status, 200);
    assert_eq!(feed.next_in_words().await, "join cid in");
    let before = answers(&old).await;

    let (is_well, said, why) = migrate(&old, &url, &["--dry-run"]).await;
    assert!(is_well && said.contains("3 sessions") && said.contains("nothing was changed"), "{said}{why}");
    let (is_well, _, why) = migrate(&old, &url, &[]).await;
    assert!(!is_well && why.contains("at the source") && why.contains("is using it (process "), "{why}");
    assert!(old.stop().await);
    let data = old.data().display().to_string();
    let noted = seal(("STILLHERE_DATA", &data), &[]).await;
    let (is_well, said, why) = migrate(&old, &url, &[]).await;
    assert!(is_well && said.contains("Every row is there"), "{said}{why}");
    assert!(!said.contains(PASSWORD) && !why.contains(PASSWORD), "{said}{why}");

    assert_eq!(seal((URL, &url), &["--expect", &noted]).await, noted);
    let new = Server::start(&["--preset", "punch-clock"], &settings, &[signing, (URL, &url)]).await;
    assert_eq!(answers(&new).await, before);
    let mut feed = Feed::open(&new.url("/v1/feed?channel=site"), Some(&position)).await;
    assert_eq!(feed.next_in_words().await, "join cid in", "who comes back is told what was missed");
    assert_eq!(feed.next_in_words().await, "snapshot 2");
    let mut endpoint = Endpoint::start_at(address, Manner::Says(200)).await;
    let retried = new.send(Method::POST, "/v1/admin/webhooks/manager/retry", None, &[]).await;
    assert_eq!(retried.status, 200);
    for _ in 0..3 {
        assert!(endpoint.next().await.is_signed(), "two INs and an AUTO_OUT; zelda's went with her");
    }
    let further = later(first('A', "ann"), json!({ "seq": 3, "t": 70_000, "visible": [[62_000, 70_000]] }));
    assert_eq!(new.beat(further).await.status, 200);
    assert_eq!(punch(&new, "ann", "OUT").await.status, 200);
    assert_eq!(new.beat(later(first('D', "dan"), json!({ "nextMs": 600_000 }))).await.status, 200);
    assert_eq!(new.sessions("ann").await.len(), 1, "{} goes on", session('A'));
    seal((URL, &url), &["--expect", &noted]).await;
}

#[tokio::test]
async fn a_migration_that_was_killed_is_begun_again() {
    let cluster = Cluster::start(Disk::Awaited);
    let url = cluster.database("facts");
    let mut old = Server::preset("punch-clock").await;
    assert_eq!(old.beat(first('A', "ann")).await.status, 200);
    assert_eq!(punch(&old, "ann", "IN").await.status, 200);
    assert!(old.stop().await);
    // Somebody has tried the address first.
    assert!(Server::start(&["--preset", "punch-clock"], "", &[(URL, &url)]).await.stop().await);

    // Sessions can be written, and the first punch has to wait.
    let mut beside = PgConnection::connect(&url).await.expect("it is there");
    beside.execute(HOLD).await.expect("it can be held");
    let from = format!("sqlite:{}", old.data().display());
    let mut command = Command::new(binary());
    command.args(["migrate", "--from", &from, "--to", "postgres"]).env(URL, &url).stdout(Stdio::null());
    let mut migration = command.kill_on_drop(true).spawn().expect("the binary starts");
    let mut other = PgConnection::connect(&url).await.expect("it is there");
    let waits = "select 1 from pg_stat_activity where wait_event = 'advisory' and query like 'insert into punches%'";
    let waiting = async { while other.fetch_optional(waits).await.expect("an answer").is_none() {} };
    timeout(PATIENCE, waiting).await.expect("it comes to the punches");
    let (is_well, _, why) = run(&["serve", "--preset", "punch-clock", "--listen", "127.0.0.1:0"], &[(URL, &url)]).await;
    assert!(!is_well && why.contains("is using it (connection "), "no server starts meanwhile: {why}");
    migration.kill().await.expect("it can be killed");
    beside.execute("select pg_advisory_unlock(7)").await.expect("it is well");
    let sessions = other.fetch_one("select count(*) from sessions").await.expect("an answer");
    assert_eq!(sessions.get::<i64, _>(0), 0, "nothing of it is a fact");

    let (is_well, said, why) = migrate(&old, &url, &[]).await;
    assert!(is_well, "{said}{why}");
    let new = Server::start(&["--preset", "punch-clock"], "", &[(URL, &url)]).await;
    assert_eq!(new.sessions("ann").await.len(), 1);
    assert_eq!(punch(&new, "ann", "IN").await.code(), "punched_already");
    drop(new);
    let (is_well, _, why) = migrate(&old, &url, &[]).await;
    assert!(!is_well && why.contains("there is something in its table sessions"), "{why}");
}

#[tokio::test]
async fn a_place_that_is_none_and_two_of_a_kind_are_refused_before_anything_is_opened() {
    for (from, to, hint) in [
        ("sqlite", "mysql", "--to: write sqlite"),
        ("sqlite", "postgres", "STILLHERE_DATABASE_URL"),
        ("sqlite", "postgres://ann:hunter2@localhost/facts", "others can read a command line"),
        ("sqlite:/nowhere", "sqlite:/elsewhere", "both SQLite"),
        ("sqlite:/nowhere", "postgres://ann@localhost/facts", "no server has kept anything here"),
    ] {
        let (is_well, said, why) = run(&["migrate", "--from", from, "--to", to], &[]).await;
        assert!(!is_well && why.contains(hint) && !why.contains("hunter2") && !said.contains("hunter2"), "{said}{why}");
    }
}
