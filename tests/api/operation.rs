//! What an operator's programs ask: probes, requests' ids, and a log that they can read.

use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::first,
    server::{Server, run},
};

#[tokio::test]
async fn a_server_that_runs_says_that_it_is_alive_and_ready() {
    let server = Server::preset("demo").await;
    assert_eq!(server.get("/healthz").await, json!({ "status": "ok" }));
    let ready = json!({ "status": "ready", "driver": "ok", "storeReads": "ok", "storeWrites": "ok" });
    assert_eq!(server.get("/readyz").await, ready);
}

#[tokio::test]
async fn every_answer_carries_the_requests_id_and_a_sane_one_of_somebody_else_is_kept() {
    let server = Server::preset("demo").await;
    let id = async |path: &str, said: Option<&str>| {
        let fields: Vec<_> = said.map(|id| ("x-request-id", id)).into_iter().collect();
        let answer = server.send(Method::GET, path, None, &fields).await;
        answer.headers["x-request-id"].to_str().expect("text").to_owned()
    };
    for path in ["/", "/v1/channels", "/nothing", "/v1/nothing", "/healthz"] {
        assert_eq!(id(path, Some("abc-123")).await, "abc-123");
        let made = id(path, None).await;
        assert!(made.len() == 16 && made != id(path, None).await, "{made}");
        assert_eq!(id(path, Some("<script>")).await.len(), 16);
        assert_eq!(id(path, Some(&"a".repeat(65))).await.len(), 16);
    }
}

#[tokio::test]
async fn a_log_of_json_has_one_object_in_each_line_and_says_which_request_it_is_about() {
    let server = Server::start_logged(&["--preset", "demo", "--log-format", "json"], "", &[]).await;
    let fields = [("x-request-id", "the-one"), ("content-type", "text/plain")];
    let beat = Some(first('A', "ann").to_string());
    assert_eq!(server.send(Method::POST, "/v1/beat", beat, &fields).await.status, 200);
    let log = server.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let about: Vec<_> = lines.iter().filter(|line| line["span"]["id"] == "the-one").collect();
    assert!(about.iter().any(|line| line["path"] == "/v1/beat" && line["message"] == "begun"), "{about:?}");
    assert!(lines.iter().any(|line| line["level"] == "INFO" && line["message"] == "read back who was here"));
}

#[tokio::test]
async fn settings_are_checked_before_a_restart_and_what_is_wrong_says_what_to_change() {
    let (is_good, said, _) = run(&["check-config", "--preset", "punch-clock"], &[]).await;
    assert_eq!((is_good, said.as_str()), (true, "These settings can be followed.\n"));
    for (arguments, hint) in [
        (&["--interval-ms", "10000", "--grace-ms", "0", "--missed-beats", "0"][..], "missed_beats"),
        (&["--listen", "0.0.0.0:80"], "auth"),
        (&["--preset", "demos"], "punch-clock"),
        (&["--config", "/nowhere.toml"], "/nowhere.toml"),
    ] {
        let (is_good, said, why) = run(&[&["check-config"], arguments].concat(), &[]).await;
        assert!(!is_good && said.is_empty() && why.contains(hint), "{arguments:?}: {said} {why}");
    }
}

#[tokio::test]
async fn printed_settings_can_be_read_back_and_are_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    for preset in ["demo", "session-duration", "punch-clock", "who-is-online", "module-users", "availability"] {
        let file = folder.path().join(preset);
        let path = file.to_str().expect("a path of letters");
        let secret = ("STILLHERE_JWT_SECRET", "a secret that is long enough for anybody");
        let auth = if preset == "session-duration" { "email" } else { "jwt" };
        let (_, printed, why) = run(&["print-config", "--preset", preset, "--auth", auth], &[secret]).await;
        assert_eq!(why, "", "{preset}");
        std::fs::write(&file, &printed).expect("it can be written");
        let (_, again, why) = run(&["print-config", "--config", path], &[secret]).await;
        assert_eq!((again, why), (printed, String::new()), "{preset}");
    }
}
