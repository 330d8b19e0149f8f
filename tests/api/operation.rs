//! What an operator's programs ask: probes, requests' ids, and a log that they can read.

use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{beat::first, server::Server};

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
