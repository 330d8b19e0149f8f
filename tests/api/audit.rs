//! The command that checks the seals of the punch clock's log, against a server that writes them.

use std::process::Command;

use stillhere_tests::{
    beat::first,
    server::{Server, binary},
};

use crate::punch_clock::punch;

/// Runs `stillhere audit verify` on the server's store: its exit status, what it says and what it complains of.
fn verify(server: &Server, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(binary());
    command.args(["audit", "verify"]).args(arguments).env("STILLHERE_DATA", server.data());
    let ended = command.output().expect("the binary starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (ended.status.code(), text(ended.stdout), text(ended.stderr))
}

#[tokio::test]
async fn an_audit_says_that_the_log_is_whole_and_its_seal_says_so_for_ever() {
    let mut server = Server::preset("punch-clock").await;
    let (status, said, why) = verify(&server, &[]);
    assert!(status == Some(0) && said.starts_with("The log is empty"), "{said}{why}");
    assert_eq!(server.beat(first('A', "ann")).await.status, 200);
    assert_eq!(punch(&server, "ann", "IN").await.status, 200);
    let (status, said, why) = verify(&server, &[]);
    assert!(status == Some(0) && said.starts_with("1 rows are as they were sealed"), "{said}{why}");
    let seal = said.lines().last().expect("the seal").to_owned();
    assert_eq!(punch(&server, "ann", "OUT").await.status, 200);
    let (status, said, why) = verify(&server, &["--expect", &seal]);
    assert!(status == Some(0) && said.starts_with("2 rows"), "{said}{why}");
    assert!(server.stop().await);
    assert_eq!(verify(&server, &["--expect", &seal]).0, Some(0), "the server need not run");
    let (status, _, why) = verify(&server, &["--expect", &"0".repeat(64)]);
    assert!(status == Some(1) && why.contains("nowhere in it"), "{why}");
    for wrong in [&["--expect", "0"][..], &["--config", "/nowhere"], &["--preset", "none"]] {
        assert_eq!(verify(&server, wrong).0, Some(2), "{wrong:?}");
    }
    let (status, _, why) = verify(&server, &["--data", "/nowhere"]);
    assert!(status == Some(1) && why.contains("could not open its file"), "{why}");
}

#[tokio::test]
async fn an_audit_names_the_first_row_that_somebody_has_changed() {
    let mut server = Server::preset("punch-clock").await;
    for (letter, user) in [('A', "ann"), ('B', "bob-who-was-late")] {
        assert_eq!(server.beat(first(letter, user)).await.status, 200);
        assert_eq!(punch(&server, user, "IN").await.status, 200);
    }
    assert!(server.stop().await);
    // Whoever can write the file needs no database for it.
    let file = server.data().join("stillhere.sqlite");
    let mut bytes = std::fs::read(&file).expect("it is there");
    let (name, other) = (b"bob-who-was-late", b"eve-who-was-late");
    let places: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(name)).collect();
    places.iter().for_each(|&at| bytes[at..at + other.len()].copy_from_slice(other));
    std::fs::write(&file, bytes).expect("it can be written");
    let (status, said, why) = verify(&server, &[]);
    assert!(status == Some(1) && said.is_empty() && why.contains("row 2 is wrong: its user"), "{places:?}{said}{why}");
}
