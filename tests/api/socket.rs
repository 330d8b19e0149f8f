//! The socket: beats up and events down, on one line, by the same rules as over HTTP.

use jsonwebtoken::Algorithm;
use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later, session},
    server::Server,
    socket::Socket,
    token::{ENVIRONMENT, SECRET, claims, seconds_from_now, signed, token},
};

const SETTINGS: &str = "auth = \"none\"\ninterval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 1\n";
const JWT: &str = "auth = \"jwt\"\nleave_grace_ms = 1\ntoken_cookie = \"token\"\n\
                   allowed_origins = [\"https://app.example\"]\n";

fn url(server: &Server) -> String {
    server.url("/v1/socket")
}

/// A beat as it is on a socket whose hello has said who it is.
fn untold(letter: char) -> Value {
    let mut beat = first(letter, "");
    beat.as_object_mut().expect("an object").remove("token");
    beat
}

#[tokio::test]
async fn a_beat_is_answered_by_an_ack_that_says_which_and_what_the_policy_is() {
    let server = Server::preset("availability").await;
    let mut socket = Socket::hello(&url(&server), json!({ "token": "tess" })).await;
    for seq in 1..=3 {
        socket.beat(later(untold('A'), json!({ "seq": seq, "t": seq }))).await;
        let ack = socket.hear_a("ack").await;
        assert_eq!((&ack["session"], &ack["seq"]), (&json!(session('A')), &json!(seq)));
        assert_eq!((&ack["status"], &ack["intervalMs"]), (&json!("online"), &json!(30_000)));
    }
    assert_eq!(server.sessions("tess").await[0]["state"], "active");
}

#[tokio::test]
async fn a_socket_that_falls_silent_ends_with_its_lease_and_not_with_its_line() {
    let server = Server::with(SETTINGS).await;
    let mut feed = server.feed("site").await;
    feed.next().await;
    let mut socket = Socket::hello(&url(&server), json!({ "token": "tess" })).await;
    socket.beat(later(untold('A'), json!({ "nextMs": 500 }))).await;
    socket.hear_a("ack").await;
    drop(socket);
    assert_eq!(feed.next_in_words().await, "join tess online");
    while feed.next_in_words().await != "leave tess timeout" {}
    let session = &server.sessions("tess").await[0];
    assert_eq!(session["reason"], "timeout");
}

#[tokio::test]
async fn what_the_feed_tells_comes_down_with_its_position_and_goes_on_after_it() {
    let server = Server::with(SETTINGS).await;
    let hello = json!({ "token": "ann", "channel": "site" });
    let mut socket = Socket::hello(&url(&server), hello.clone()).await;
    assert_eq!(socket.next_in_words().await, "snapshot 0");
    socket.beat(later(untold('A'), json!({ "nextMs": 60_000 }))).await;
    let mut heard = [socket.hear().await.expect("one"), socket.hear().await.expect("two")];
    heard.sort_by_key(|message| message["type"].to_string());
    assert_eq!((&heard[0]["type"], &heard[1]["type"]), (&json!("ack"), &json!("join")));
    assert_eq!(heard[1]["data"]["member"]["user"], "ann");
    let position = socket.position.clone();
    drop(socket);
    assert_eq!(server.beat(first('B', "bob")).await.status, 200);
    let mut again = Socket::hello(&url(&server), later(hello, json!({ "after": position }))).await;
    assert_eq!(again.next_in_words().await, "join bob online");
}

#[tokio::test]
async fn a_later_hello_asks_for_something_else_or_only_brings_a_newer_token() {
    let server = Server::start(&[], JWT, &ENVIRONMENT).await;
    let mut socket = Socket::hello(&url(&server), json!({ "token": token("ann", "user"), "channel": "site" })).await;
    assert_eq!(socket.next_in_words().await, "snapshot 0");
    socket.say_hello(json!({ "token": token("ann", "user") })).await;
    assert_eq!(server.beat(first('B', &token("bob", "user"))).await.status, 200);
    assert_eq!(socket.next_in_words().await, "join bob online", "without another snapshot");
    socket.say_hello(json!({ "users": ["eve", "bob"] })).await;
    assert_eq!(socket.next_in_words().await, "snapshot 1");
    socket.say_hello(json!({ "token": token("eve", "user") })).await;
    assert_eq!(server.beat(first('C', &token("eve", "user"))).await.status, 200);
    socket.say_hello(json!({ "channel": "site" })).await;
    assert_eq!(socket.next_in_words().await, "snapshot 2", "another person watches nothing before they ask");
}

#[tokio::test]
async fn counts_come_as_one_picture_and_then_for_each_channel_that_has_changed() {
    let server = Server::with(SETTINGS).await;
    assert_eq!(server.beat(later(first('A', "ann"), json!({ "channel": "pms", "nextMs": 60_000 }))).await.status, 200);
    let mut socket = Socket::hello(&url(&server), json!({ "counts": true })).await;
    let snapshot = socket.hear_a("snapshot").await;
    let pms = json!([{ "channel": "pms", "users": 1, "statuses": { "online": 1 } }]);
    assert_eq!(snapshot["data"]["channels"], pms);
    let bob = later(first('B', "bob"), json!({ "channel": "crm", "state": "hidden" }));
    assert_eq!(server.beat(bob).await.status, 200);
    let counts = &socket.hear_a("counts").await["data"];
    assert_eq!((&counts["channel"], &counts["statuses"]), (&json!("crm"), &json!({ "away": 1 })));
}

#[tokio::test]
async fn without_a_good_hello_nothing_is_said_but_why_it_ends() {
    let server = Server::start(&[], JWT, &ENVIRONMENT).await;
    let hello = |fields: Value| later(json!({ "type": "hello" }), fields);
    let over = signed(Algorithm::HS256, SECRET.as_bytes(), &claims(json!({ "exp": seconds_from_now(-120) })));
    let [ann, eve] = ["ann", "eve"].map(|user| token(user, "user"));
    let many: Vec<_> = (0..257).map(|number| format!("u{number}")).collect();
    for (case, message, code, reason) in [
        ("no token", hello(json!({})), 4401, "token_missing"),
        ("no token to watch with", hello(json!({ "everybody": true })), 4401, "token_missing"),
        ("nonsense for a token", hello(json!({ "token": "x" })), 4401, "token_bad"),
        ("a token that is over", hello(json!({ "token": over })), 4401, "token_bad"),
        ("somebody else's punches", hello(json!({ "token": eve, "user": "ann" })), 4403, "not_allowed"),
        ("two wishes", hello(json!({ "token": ann, "user": "ann", "channel": "site" })), 4400, "query_bad"),
        ("everybody and some", hello(json!({ "token": ann, "everybody": true, "channel": "site" })), 4400, "query_bad"),
        ("too many users", hello(json!({ "token": ann, "users": many })), 4400, "query_bad"),
        ("no users", hello(json!({ "token": ann, "users": [] })), 4400, "query_bad"),
        ("a field that there is not", hello(json!({ "token": ann, "chanel": "site" })), 4400, "body_bad"),
        ("a beat before it", json!({ "type": "beat", "beat": first('A', &ann) }), 4400, "body_bad"),
        ("another type", json!({ "type": "bye" }), 4400, "body_bad"),
        ("no object", json!([1]), 4400, "body_bad"),
    ] {
        let mut socket = Socket::open(&url(&server), &[]).await.expect("it opens");
        socket.say(message).await;
        assert_eq!(socket.hear_a("error").await["error"]["code"], reason, "{case}");
        assert_eq!(socket.hear().await, Err((code, reason.to_owned())), "{case}");
    }
    let mut socket = Socket::open(&url(&server), &[]).await.expect("it opens");
    socket.say_bytes(b"{\"type\":\"hello\"}").await;
    assert_eq!(socket.end().await, (4415, "type_wrong".into()));
    let mut socket = Socket::open(&url(&server), &[]).await.expect("it opens");
    socket.say(hello(json!({ "token": "x".repeat(9_000) }))).await;
    assert_eq!(socket.end().await, (4413, "body_too_long".into()));
}

#[tokio::test]
async fn a_header_or_a_cookie_of_our_page_says_who_it_is_and_a_bad_one_opens_nothing() {
    let server = Server::start(&[], JWT, &ENVIRONMENT).await;
    let (bearer, cookie) = (format!("Bearer {}", token("ann", "user")), format!("token={}", token("ann", "user")));
    let origin = ("origin", "https://app.example");
    for headers in [&[("authorization", bearer.as_str())][..], &[("cookie", &cookie), origin]] {
        let mut socket = Socket::open(&url(&server), headers).await.expect("it opens");
        assert_eq!(socket.say_hello(json!({})).await["user"], "ann");
    }
    let refused = async |headers: &[(&'static str, &str)]| {
        let (status, body) = Socket::open(&url(&server), headers).await.err().expect("it does not open");
        (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(refused(&[("authorization", "Bearer x")]).await, (401, "token_bad".into()));
    assert_eq!(refused(&[("cookie", "token=x"), origin]).await, (401, "token_bad".into()));
    for foreign in ["https://evil.example", "null"] {
        assert_eq!(refused(&[("cookie", &cookie), ("origin", foreign)]).await, (403, "origin_bad".into()));
        assert_eq!(
            refused(&[("origin", foreign)]).await,
            (403, "origin_bad".into()),
            "it could read all that it hears"
        );
    }
    assert_eq!(refused(&[("cookie", &cookie)]).await, (403, "origin_bad".into()), "nobody knows whose page it is");
    let plain = server.send(Method::GET, "/v1/socket", None, &[]).await;
    assert_eq!((plain.status, plain.code()), (426, "upgrade_missing"));
}

#[tokio::test]
async fn a_server_that_believes_everybody_lets_no_foreign_page_listen() {
    let server = Server::preset("demo").await;
    for (headers, code) in [
        (&[("origin", "https://evil.example")][..], "origin_bad"),
        (&[("host", "evil.example"), ("origin", "http://evil.example")], "host_bad"),
    ] {
        let (status, body) = Socket::open(&url(&server), headers).await.err().expect("it does not open");
        assert_eq!((status, &body["error"]["code"]), (403, &json!(code)));
    }
}

#[tokio::test]
async fn a_beat_is_refused_by_the_same_codes_as_over_http_and_the_talk_goes_on() {
    let server = Server::start(&[], JWT, &ENVIRONMENT).await;
    assert_eq!(server.beat(first('B', &token("bob", "user"))).await.status, 200);
    let mut socket = Socket::hello(&url(&server), json!({ "token": token("ann", "user") })).await;
    let closed = later(untold('C'), json!({ "state": "closed", "signOut": true }));
    for (beat, code) in [
        (later(untold('A'), json!({ "seq": 0 })), "beat_bad"),
        (later(untold('A'), json!({ "sequence": 1 })), "beat_bad"),
        (json!(7), "beat_bad"),
        (later(untold('B'), json!({ "seq": 2 })), "session_of_another"),
        (later(untold('A'), json!({ "token": "x" })), "token_bad"),
        (later(untold('A'), json!({ "channel": "two words" })), "beat_bad"),
    ] {
        let is_compared = beat.is_object() && code != "token_bad";
        let over_http = is_compared.then(|| later(beat.clone(), json!({ "token": token("ann", "user") })));
        socket.beat(beat).await;
        let error = socket.hear_a("error").await;
        assert_eq!(error["error"]["code"], code, "{error}");
        if let Some(beat) = over_http {
            assert_eq!(server.beat(beat).await.body["error"], error["error"]);
        }
    }
    for (beat, kind) in [(untold('C'), "ack"), (later(closed, json!({ "seq": 2 })), "ack"), (untold('D'), "ack")] {
        socket.beat(beat).await;
        socket.hear_a(kind).await;
    }
    socket.beat(later(untold('C'), json!({ "seq": 3 }))).await;
    let error = socket.hear_a("error").await;
    assert_eq!((&error["error"]["code"], &error["seq"]), (&json!("session_ended"), &json!(3)));
}

#[tokio::test]
async fn beats_of_one_session_are_as_many_as_over_http() {
    let server = Server::preset("demo").await;
    let mut socket = Socket::hello(&url(&server), json!({ "token": "ann" })).await;
    let mut seq = 0;
    let error = loop {
        seq += 1;
        assert!(seq < 100, "nobody is that patient");
        socket.beat(later(untold('A'), json!({ "seq": seq, "t": seq }))).await;
        let answer = socket.hear().await.expect("it goes on");
        if answer["type"] == "error" {
            break answer;
        }
    };
    assert_eq!((&error["error"]["code"], &error["error"]["retry"]), (&json!("throttled"), &json!(true)));
    assert!(error["error"]["retryAfterMs"].is_u64(), "{error}");
}

/// A token of ann that is over in so many seconds.
fn short(seconds: i64) -> String {
    signed(Algorithm::HS256, SECRET.as_bytes(), &claims(json!({ "exp": seconds_from_now(seconds) })))
}

#[tokio::test]
async fn neither_a_socket_nor_a_feed_outlives_its_token_and_a_newer_one_keeps_it_open() {
    let settings = format!("{JWT}jwt_leeway_ms = 0\n");
    let server = Server::start(&[], &settings, &ENVIRONMENT).await;
    let bearer = format!("Bearer {}", short(3));
    let mut feed = reqwest::Client::new().get(server.url("/v1/feed")).header("authorization", &bearer);
    feed = feed.timeout(stillhere_tests::server::PATIENCE);
    let mut feed = feed.send().await.expect("it opens");
    let hello = json!({ "token": short(3), "everybody": true });
    let mut over = Socket::hello(&url(&server), hello.clone()).await;
    let mut by_hello = Socket::hello(&url(&server), hello.clone()).await;
    let mut by_beat = Socket::hello(&url(&server), hello).await;
    for socket in [&mut by_hello, &mut by_beat] {
        assert_eq!(socket.next_in_words().await, "snapshot 0");
    }
    by_hello.say_hello(json!({ "token": short(600) })).await;
    by_beat.beat(later(untold('A'), json!({ "token": short(600) }))).await;
    assert_eq!(over.end().await, (4401, "token_bad".into()));
    while feed.chunk().await.expect("it ends as it should").is_some() {}
    let again = server.send(Method::GET, "/v1/feed", None, &[("authorization", &bearer)]).await;
    assert_eq!((again.status, again.code()), (401, "token_bad"));
    for mut socket in [by_hello, by_beat] {
        socket.say(json!({ "type": "hello", "counts": true })).await;
        while socket.hear().await.expect("it goes on")["type"] != "welcome" {}
    }
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye_and_comes_back_with_what_was_missed() {
    let mut server = Server::with(SETTINGS).await;
    let hello = json!({ "token": "ann", "channel": "site" });
    let mut socket = Socket::hello(&url(&server), hello.clone()).await;
    assert_eq!(socket.next_in_words().await, "snapshot 0");
    let position = socket.position.clone();
    assert_eq!(server.beat(later(first('B', "bob"), json!({ "state": "hidden" }))).await.status, 200);
    assert_eq!(socket.next_in_words().await, "join bob away");
    let (stopped, end) = tokio::join!(server.stop(), socket.end());
    assert!(stopped);
    assert_eq!(end, (1012, "stopping".into()));
    server.restart().await;
    let mut again = Socket::hello(&url(&server), later(hello, json!({ "after": position }))).await;
    assert_eq!(again.next_in_words().await, "join bob away");
    assert_eq!(again.next_in_words().await, "snapshot 1");
}

#[tokio::test]
async fn a_visitor_may_beat_and_not_look_around() {
    let settings = "auth = \"email\"\ncontent_url = \"/report.html\"\n";
    let server = Server::start(&["--preset", "session-duration"], settings, &ENVIRONMENT).await;
    let body = Some(json!({ "email": "ann@example.com" }).to_string());
    let fields = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    let entered = server.send(Method::POST, "/v1/sessions", body, &fields).await;
    let cookie = entered.headers["set-cookie"].to_str().expect("text").split(';').next().expect("a value").to_owned();
    let own = server.url("");
    let mut socket = Socket::open(&url(&server), &[("cookie", &cookie), ("origin", &own)]).await.expect("it opens");
    assert_eq!(socket.say_hello(json!({})).await["user"], "ann@example.com");
    socket.beat(untold('A')).await;
    socket.hear_a("ack").await;
    socket.say(json!({ "type": "hello", "counts": true })).await;
    assert_eq!(socket.end().await, (4403, "not_allowed".into()));
}

#[tokio::test]
async fn a_list_of_people_knows_the_names_of_those_who_beat_over_a_socket() {
    let server = Server::start(&[], JWT, &ENVIRONMENT).await;
    let ann = signed(Algorithm::HS256, SECRET.as_bytes(), &claims(json!({ "name": "Ann Lee" })));
    let mut socket = Socket::hello(&url(&server), json!({ "token": ann })).await;
    socket.beat(untold('A')).await;
    socket.hear_a("ack").await;
    let list = server.get_as(&token("boss", "admin"), "/v1/admin/users").await;
    assert_eq!(list["users"][0]["name"], "Ann Lee", "{list}");
}
