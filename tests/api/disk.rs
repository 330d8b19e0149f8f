//! Bad disks: full, read-only, locked by somebody else, or gone. What has to be on disk waits and says so; who is here goes
//! on from memory; and when the disk is good again, so is the server, by itself.

use std::{
    cell::Cell,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    pin::pin,
    process::Command,
};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use stillhere_test_postgres::{Cluster, Disk};
use stillhere_tests::{
    beat::{first, later, session},
    server::{Answer, PATIENCE, Server},
};
use tokio::time::timeout;

/// With leases that outlive the longest bad disk here: a lock is waited for again and again.
const SETTINGS: &str = "auth = \"none\"\ninterval_ms = 60000\nleave_grace_ms = 60000\npunching = \"on-request\"\n";

/// What may be wrong with a disk, and be mended.
enum Trouble {
    /// Somebody has filled it; removing the ballast makes room.
    Full { disk: Mount },
    /// The file may not be written to any more.
    ReadOnly,
    /// Another process holds SQLite's lock.
    Locked { by: Option<SqliteConnection> },
    /// The database has crashed.
    Lost { cluster: Box<Cluster> },
}

impl Trouble {
    async fn begin(&mut self, data: &Path) {
        match self {
            Self::Full { disk } => disk.fill(),
            Self::ReadOnly => assert!(change_flags("+i", &files(data)), "it could before"),
            Self::Locked { by } => {
                let file = SqliteConnectOptions::new().filename(data.join("stillhere.sqlite"));
                let mut connection = SqliteConnection::connect_with(&file).await.expect("the file is there");
                // The server may be writing at this moment; SQLite waits for its turn.
                connection.execute("begin exclusive").await.expect("it is free at times");
                *by = Some(connection);
            }
            Self::Lost { cluster } => cluster.crash(),
        }
    }

    async fn end(&mut self, data: &Path) {
        match self {
            Self::Full { disk } => disk.make_room(),
            Self::ReadOnly => assert!(change_flags("-i", &files(data)), "as before"),
            Self::Locked { by } => {
                by.take().expect("it began").close().await.expect("it can be closed");
            }
            Self::Lost { cluster } => cluster.restart(),
        }
    }

    /// Whether what is there can be read meanwhile.
    const fn can_read(&self) -> bool {
        !matches!(self, Self::Lost { .. })
    }
}

/// A small disk in memory.
struct Mount {
    at: tempfile::TempDir,
}

impl Mount {
    fn new() -> Self {
        let at = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "stillhere-test"]).arg(at.path());
        assert!(
            runs(&mut mount),
            "a full disk needs the right to mount one: run the tests as root, or in a container that may"
        );
        Self { at }
    }

    fn ballast(&self) -> PathBuf {
        self.at.path().join("ballast")
    }

    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).expect("there is room for a name");
        let full = loop {
            if let Err(why) = ballast.write_all(&[0; 4_096]) {
                break why;
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).expect("it is there");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: the server may end a moment later.
        runs(Command::new("umount").arg("--lazy").arg(self.at.path()));
    }
}

fn runs(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// What SQLite writes to.
fn files(data: &Path) -> [PathBuf; 2] {
    ["stillhere.sqlite", "stillhere.sqlite-wal"].map(|name| data.join(name))
}

/// Makes files immutable or takes that back. Unlike a mode it binds root too, and those who have opened them before.
fn change_flags(flag: &str, files: &[PathBuf]) -> bool {
    runs(Command::new("chattr").arg(flag).args(files))
}

/// Whether an immutable file refuses those who have opened it before, which not every file system does.
fn can_be_made_read_only(folder: &Path) -> bool {
    let path = folder.join("probe");
    let mut file = File::create(&path).expect("the folder can be written");
    let can = change_flags("+i", std::slice::from_ref(&path)) && file.write_all(b"x").is_err();
    change_flags("-i", std::slice::from_ref(&path));
    can
}

async fn punch(server: &Server, user: &str, kind: &str) -> Answer {
    let bearer = format!("Bearer {user}");
    let fields = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    server.send(Method::POST, "/v1/punches", Some(json!({ "kind": kind }).to_string()), &fields).await
}

async fn sign_out(server: &Server, letter: char, user: &str) -> Answer {
    let (path, bearer) = (format!("/v1/sessions/{}", session(letter)), format!("Bearer {user}"));
    server.send(Method::DELETE, &path, None, &[("authorization", bearer.as_str())]).await
}

fn check_refused_for_now(answer: &Answer) {
    assert_eq!((answer.status, answer.code()), (503, "store_down"), "{}", answer.body);
    assert_eq!(answer.body["error"]["retry"], true, "{}", answer.body);
    assert!(answer.headers.contains_key("retry-after"));
}

async fn users(server: &Server, channel: &str) -> Vec<String> {
    let said = server.get(&format!("/v1/channels/{channel}")).await;
    let members = said["members"].as_array().expect("members").iter();
    members.map(|member| member["user"].as_str().unwrap_or("?").to_owned()).collect()
}

/// Asks again and again, as a tab does, until the answer has one of these codes.
async fn until(what: &str, codes: &[u16], ask: impl AsyncFn() -> u16) {
    let last = Cell::new(0);
    let asked = async {
        while !codes.contains(&last.get()) {
            last.set(ask().await);
        }
    };
    let healed = timeout(PATIENCE, asked).await;
    assert!(healed.is_ok(), "{what}: it does not heal by itself, and says {}", last.get());
}

/// The same story for every bad disk.
async fn is_borne_and_heals(mut server: Server, mut trouble: Trouble, data: &Path) {
    for (letter, user) in [('A', "ann"), ('B', "bob"), ('D', "dan")] {
        assert_eq!(server.beat(first(letter, user)).await.status, 200);
    }
    assert_eq!(punch(&server, "ann", "IN").await.status, 200);
    let mut feed = server.feed("site").await;
    assert_eq!(feed.next_in_words().await, "snapshot 3");

    trouble.begin(data).await;
    is_borne(&server, &trouble).await;
    while feed.next_in_words().await != "leave bob moved" {}
    trouble.end(data).await;

    until("a first beat", &[200], async || server.beat(first('C', "cid")).await.status).await;
    let last = later(first('B', "bob"), json!({ "seq": 3, "state": "closed", "channel": "yard" }));
    until("a last word", &[200], async || server.beat(&last).await.status).await;
    until("a sign-out", &[204], async || sign_out(&server, 'D', "dan").await.status).await;
    // Who was told to try again may hear that it is done.
    until("a punch", &[200, 409], async || punch(&server, "ann", "OUT").await.status).await;
    until("the probe", &[200], async || server.send(Method::GET, "/readyz", None, &[]).await.status).await;
    let ann = later(first('A', "ann"), json!({ "seq": 3, "t": 900, "visible": [[0, 500]] }));
    let saved = async || server.beat(&ann).await.body["savedSeq"].as_u64().unwrap_or(0);
    until("what was told meanwhile", &[1], async || u16::from(saved().await >= 2)).await;

    server.kill().await;
    server.restart().await;
    for user in ["ann", "bob", "cid", "dan"] {
        assert_eq!(server.sessions(user).await.len(), 1, "{user}");
    }
    assert_eq!(server.sessions("ann").await[0]["visibleMs"], 500, "told while the disk was bad");
    assert_eq!(server.sessions("bob").await[0]["state"], "closed");
    assert_eq!(server.sessions("dan").await[0]["reason"], "signed_out");
    let log = server.get("/v1/punches").await;
    let kinds: Vec<&Value> = log["punches"].as_array().expect("rows").iter().map(|row| &row["kind"]).collect();
    assert_eq!(kinds, ["OUT", "IN"], "each once");
}

/// What holds while the disk is bad.
async fn is_borne(server: &Server, trouble: &Trouble) {
    check_refused_for_now(&server.beat(first('C', "cid")).await);
    let told = later(first('A', "ann"), json!({ "seq": 2, "t": 500, "visible": [[0, 500]] }));
    let answer = server.beat(&told).await;
    assert_eq!((answer.status, &answer.body["savedSeq"]), (200, &json!(1)), "known, and kept in memory");
    let moved = later(first('B', "bob"), json!({ "seq": 2, "channel": "yard" }));
    assert_eq!(server.beat(moved).await.status, 200);
    assert_eq!(users(server, "yard").await, ["bob"]);
    assert!(users(server, "site").await.contains(&"ann".to_owned()));

    check_refused_for_now(&punch(server, "ann", "OUT").await);
    let last = later(first('B', "bob"), json!({ "seq": 3, "state": "closed", "channel": "yard" }));
    check_refused_for_now(&server.beat(last).await);
    check_refused_for_now(&sign_out(server, 'D', "dan").await);
    // A try may take as long as a lock is waited for; meanwhile nothing is better.
    let mut refused = pin!(server.beat(first('E', "eve")));
    loop {
        tokio::select! {
            biased;
            answer = &mut refused => break check_refused_for_now(&answer),
            ready = server.send(Method::GET, "/readyz", None, &[]) => assert_eq!(ready.status, 503, "{}", ready.body),
        }
    }
    let ready = server.send(Method::GET, "/readyz", None, &[]).await;
    assert_eq!((ready.status, &ready.body["storeWrites"]), (503, &json!("failing")), "{}", ready.body);
    assert_eq!(ready.body["storeReads"] == "ok", trouble.can_read(), "{}", ready.body);
    let list = server.send(Method::GET, "/v1/admin/sessions", None, &[]).await;
    assert_eq!(list.status == 200, trouble.can_read(), "{}", list.body);
    assert_eq!(server.get("/healthz").await["status"], "ok", "nobody need start it again");
}

async fn server_in(data: &Path) -> Server {
    Server::start(&["--data", &data.display().to_string()], SETTINGS, &[]).await
}

#[tokio::test]
async fn a_full_disk_is_borne_and_heals_when_there_is_room() {
    let disk = Mount::new();
    let data = disk.at.path().join("data");
    is_borne_and_heals(server_in(&data).await, Trouble::Full { disk }, &data).await;
}

#[tokio::test]
async fn a_read_only_file_is_borne_and_heals_when_it_may_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(
        can_be_made_read_only(folder.path()),
        "a read-only disk needs root and a folder for temporary files (TMPDIR) with immutable files, such as ext4 has"
    );
    let data = folder.path().join("data");
    is_borne_and_heals(server_in(&data).await, Trouble::ReadOnly, &data).await;
}

#[tokio::test]
async fn a_lock_of_another_process_is_borne_and_heals_when_it_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    is_borne_and_heals(server_in(&data).await, Trouble::Locked { by: None }, &data).await;
}

#[tokio::test]
async fn a_lost_postgres_is_borne_and_heals_when_it_is_back() {
    let cluster = Cluster::start(Disk::Awaited);
    let url = cluster.database("facts");
    let server = Server::start(&[], SETTINGS, &[("STILLHERE_DATABASE_URL", &url)]).await;
    is_borne_and_heals(server, Trouble::Lost { cluster: Box::new(cluster) }, Path::new("")).await;
}

#[tokio::test]
async fn a_server_does_not_start_on_a_disk_that_it_cannot_write_to_and_says_why() {
    let disk = Mount::new();
    let mut remount = Command::new("mount");
    assert!(runs(remount.args(["-o", "remount,ro"]).arg(disk.at.path())), "nothing is open there");
    let data = disk.at.path().join("data").display().to_string();
    let (went_well, _, said) =
        stillhere_tests::server::run(&["serve", "--listen", "127.0.0.1:0", "--data", &data], &[]).await;
    assert!(!went_well);
    assert!(said.contains("the store could not make its directory"), "{said}");
}
