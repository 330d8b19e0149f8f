//! What lies in `server/deploy/`, tried out with the programs that read it.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]

use reqwest::Client;
use serde_json::json;
use stillhere_tests::{
    beat::{first, later, session},
    feed::Feed,
    nginx::{self, EXAMPLE, Nginx},
    server::Server,
    socket::Socket,
};

const PROXIED: &str = "trusted_proxies = [\"127.0.0.1\"]\n";

/// The server's address without anything around it.
fn address(server: &Server) -> String {
    server.url("").trim_start_matches("http://").to_owned()
}

#[tokio::test]
async fn nginx_takes_the_example() {
    assert_eq!(nginx::check(EXAMPLE).await, Ok(()));
    let broken = nginx::check(&EXAMPLE.replace("proxy_buffering", "proxy_bufering")).await;
    assert!(broken.is_err_and(|said| said.contains("proxy_bufering")), "and it looks at what it takes");
}

#[tokio::test]
async fn through_nginx_the_feed_tells_each_change_at_once() {
    let server = Server::preset_with("demo", PROXIED).await;
    let proxy = Nginx::before(&address(&server)).await;
    let mut feed = Feed::open(&proxy.url("/v1/feed?channel=site"), None).await;
    assert_eq!(feed.next_in_words().await, "snapshot 0");
    for (seq, state, told) in
        [(1, "active", "join ann online"), (2, "hidden", "update ann away"), (3, "active", "update ann online")]
    {
        let beat = later(first('A', "ann"), json!({ "seq": seq, "t": seq, "state": state }));
        let answer = Client::new().post(proxy.url("/v1/beat")).body(beat.to_string()).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        // While the line stays open: what waits for more to come would wait for ever.
        assert_eq!(feed.next_in_words().await, told);
    }
    let client = Client::new();
    let out = client.delete(proxy.url(&format!("/v1/sessions/{}", session('A')))).bearer_auth("ann").send().await;
    assert_eq!(out.expect("an answer").status(), 204);
    assert_eq!(feed.next_in_words().await, "leave ann signed_out");
}

#[tokio::test]
async fn through_nginx_a_socket_beats_and_hears_and_belongs_to_the_pages_of_that_name() {
    let server = Server::preset_with("demo", PROXIED).await;
    let proxy = Nginx::before(&address(&server)).await;
    let url = proxy.url("/v1/socket");
    let own = proxy.url("");
    for (origin, is_ours) in [(own.as_str(), true), ("https://evil.example", false)] {
        assert_eq!(Socket::open(&url, &[("origin", origin)]).await.is_ok(), is_ours, "{origin}");
    }
    let mut socket = Socket::hello(&url, json!({ "token": "ann", "channel": "site" })).await;
    assert_eq!(socket.next_in_words().await, "snapshot 0");
    socket.beat(first('A', "ann")).await;
    let mut heard = [socket.hear().await.expect("one"), socket.hear().await.expect("two")];
    heard.sort_by_key(|message| message["type"].to_string());
    assert_eq!([&heard[0]["type"], &heard[1]["type"]], [&json!("ack"), &json!("join")]);
}

#[tokio::test]
async fn through_nginx_figures_and_probes_are_nobodys_and_a_forged_address_is_thrown_away() {
    let settings = format!("{PROXIED}address_sessions_per_s = 1\n");
    let server = Server::preset_with("demo", &settings).await;
    let proxy = Nginx::before(&address(&server)).await;
    let client = Client::new();
    for path in ["/metrics", "/readyz"] {
        assert_eq!(client.get(proxy.url(path)).send().await.expect("an answer").status(), 404, "{path}");
    }
    let begin = async |number: usize| {
        let beat = later(first('A', &format!("u{number}")), json!({ "session": format!("{number:A>21}A") }));
        let request = client.post(proxy.url("/v1/beat")).header("x-forwarded-for", format!("203.0.113.{number}"));
        let request = request.header("forwarded", format!("for=203.0.113.{number}"));
        request.body(beat.to_string()).send().await.expect("an answer").status().as_u16()
    };
    let mut number = 0;
    while begin(number).await == 200 {
        number += 1;
        assert!(number < 200, "each looks like another address");
    }
    assert_eq!(begin(number).await, 429);
    let id = client.get(proxy.url("/healthz")).header("x-request-id", "mine").send().await.expect("an answer");
    assert_eq!(id.headers()["x-request-id"].len(), 32, "nginx names the requests");
}
