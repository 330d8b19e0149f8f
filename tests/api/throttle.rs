//! Floods: they are slowed down, and nobody's session ends because of them.

use std::pin::pin;

use futures_util::future::{Either, join_all, select};
use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later},
    server::{Answer, Server},
    token::{ENVIRONMENT, token},
};

/// A lease of 1.5 s, and a proxy that is believed.
const BRIEF: &str = "auth = \"none\"\ninterval_ms = 500\ngrace_ms = 500\nleave_grace_ms = 1\n\
                     trusted_proxies = [\"127.0.0.1\"]\n";
const ONE: &str = "192.0.2.1";
const OTHER: &str = "192.0.2.2";

async fn beat(server: &Server, address: &str, beat: &Value) -> Answer {
    let fields = [("x-forwarded-for", address), ("content-type", "text/plain")];
    server.send(Method::POST, "/v1/beat", Some(beat.to_string()), &fields).await
}

/// When it was answered.
fn now_ms(answer: &Answer) -> u64 {
    answer.body["nowMs"].as_u64().expect("a time")
}

/// A session of its own for each number.
fn nth(number: usize, user: &str) -> Value {
    later(first('A', user), json!({ "session": format!("{number:A>21}A"), "nextMs": 500 }))
}

fn check_throttled(answer: &Answer) {
    assert_eq!((answer.status, answer.code()), (429, "throttled"), "{}", answer.body);
    assert_eq!(answer.body["error"]["retry"], true);
    assert!(answer.body["error"]["retryAfterMs"].as_u64().is_some_and(|ms| ms > 0), "{}", answer.body);
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_flood_from_an_address_is_refused_and_a_session_there_lives_on_and_others_are_not_hurt() {
    let server = Server::with(&format!("{BRIEF}address_beats_per_s = 10\n")).await;
    let mut feed = server.feed("site").await;
    feed.next().await;
    let mut ann = nth(0, "ann");
    let began = beat(&server, ONE, &ann).await;
    assert_eq!(began.status, 200);
    let (mut refused, mut seq, mut passed) = (0, 1, 0);
    // For four leases, by the server's own clock.
    while passed < 6_000 {
        for number in 1..20 {
            let eves = later(nth(number, "eve"), json!({ "seq": seq, "t": seq }));
            let answer = beat(&server, ONE, &eves).await;
            if answer.status != 200 {
                check_throttled(&answer);
                refused += 1;
            }
        }
        seq += 1;
        ann = later(ann, json!({ "seq": seq, "t": seq }));
        let answer = beat(&server, ONE, &ann).await;
        match answer.status {
            200 => passed = now_ms(&answer) - now_ms(&began),
            _ => check_throttled(&answer),
        }
    }
    assert!(refused > 100, "{refused}");
    assert_eq!(beat(&server, OTHER, &nth(77, "bob")).await.status, 200);
    loop {
        match feed.next_in_words().await.as_str() {
            "join bob online" => break,
            told => assert!(!told.starts_with("leave ann"), "{told}"),
        }
    }
    assert_eq!(server.sessions("ann").await[0]["endedAt"], Value::Null);
}

#[tokio::test]
async fn one_session_that_floods_is_told_to_wait_and_goes_on() {
    let server = Server::with(BRIEF).await;
    let ann = nth(0, "ann");
    let mut answers = Vec::new();
    for seq in 1..40 {
        answers.push(beat(&server, ONE, &later(ann.clone(), json!({ "seq": seq, "t": seq }))).await);
    }
    check_throttled(answers.iter().find(|answer| answer.status != 200).expect("one is refused"));
    assert_eq!(beat(&server, ONE, &nth(1, "bob")).await.status, 200);
    assert_eq!(server.sessions("ann").await[0]["endedAt"], Value::Null);
}

#[tokio::test]
async fn a_forged_address_changes_nothing() {
    let settings = "auth = \"none\"\naddress_sessions_per_s = 1\n";
    let server = Server::with(settings).await;
    let mut refused = None;
    for number in 0..100 {
        let answer = beat(&server, &format!("198.51.100.{number}"), &nth(number, &format!("u{number}"))).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    check_throttled(&refused.expect("all are from one address"));
    let forwarded = [("forwarded", "for=203.0.113.1"), ("content-type", "text/plain")];
    let body = Some(nth(200, "zoe").to_string());
    check_throttled(&server.send(Method::POST, "/v1/beat", body, &forwarded).await);
}

#[tokio::test]
async fn after_a_restart_open_sessions_go_on_where_no_more_may_begin() {
    let mut server = Server::with(&format!("{BRIEF}address_sessions_per_s = 1\nboot_grace_ms = 60000\n")).await;
    let begun = 15;
    for number in 0..begun {
        assert_eq!(beat(&server, ONE, &nth(number, &format!("u{number}"))).await.status, 200);
    }
    server.kill().await;
    server.restart().await;
    let mut strangers = 100;
    while beat(&server, ONE, &nth(strangers, "eve")).await.status == 200 {
        strangers += 1;
    }
    for number in 0..begun {
        let next = later(nth(number, &format!("u{number}")), json!({ "seq": 2, "t": 1 }));
        let answer = beat(&server, ONE, &next).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(beat(&server, OTHER, &nth(99, "bob")).await.status, 200);
}

#[tokio::test]
async fn the_gate_lets_so_many_in_from_one_address_and_then_the_others() {
    let settings = "auth = \"email\"\naddress_visits_per_min = 3\ntrusted_proxies = [\"127.0.0.1\"]\n";
    let server = Server::start(&[], settings, &ENVIRONMENT).await;
    let enter = async |address: &str| {
        let fields =
            [("x-forwarded-for", address), ("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
        let body = Some("{\"email\":\"ann@example.com\"}".to_owned());
        server.send(Method::POST, "/v1/sessions", body, &fields).await
    };
    for _ in 0..3 {
        assert_eq!(enter(ONE).await.status, 201);
    }
    check_throttled(&enter(ONE).await);
    assert_eq!(enter(OTHER).await.status, 201);
}

#[tokio::test]
async fn lists_are_bounded_by_address_and_beats_are_taken_all_the_same() {
    let server = Server::with(&format!("{BRIEF}address_requests_per_s = 2\n")).await;
    let list =
        async |address: &str| server.send(Method::GET, "/v1/admin/users", None, &[("x-forwarded-for", address)]).await;
    let mut answers = Vec::new();
    while answers.last().is_none_or(|answer: &Answer| answer.status == 200) {
        assert!(answers.len() < 1_000, "it never ends");
        answers.push(list(ONE).await);
    }
    assert!(answers.len() > 8, "four seconds' worth at once: {}", answers.len());
    check_throttled(answers.last().expect("one was refused"));
    assert_eq!(list(OTHER).await.status, 200);
    assert_eq!(beat(&server, ONE, &nth(0, "ann")).await.status, 200);
}

#[tokio::test]
async fn an_address_with_bad_tokens_is_told_to_wait_and_good_ones_from_there_are_taken() {
    let server = Server::start(&[], "auth = \"jwt\"\ntrusted_proxies = [\"127.0.0.1\"]\n", &ENVIRONMENT).await;
    let bad = nth(0, "no token");
    let answers = join_all((0..1_500).map(|_| beat(&server, ONE, &bad))).await;
    let refused = answers.iter().filter(|answer| answer.status == 401).count();
    let throttled = answers.iter().filter(|answer| answer.status == 429).count();
    assert!(refused > 500 && throttled > 100 && refused + throttled == answers.len(), "{refused} and {throttled}");
    assert_eq!(beat(&server, OTHER, &nth(0, "no token")).await.code(), "token_bad");
    assert_eq!(beat(&server, ONE, &nth(1, &token("ann", "user"))).await.status, 200);
}

#[tokio::test]
async fn whoever_talks_nonsense_waits_for_the_answers_and_others_from_there_do_not() {
    let server = Server::start(&[], "auth = \"jwt\"\ntrusted_proxies = [\"127.0.0.1\"]\n", &ENVIRONMENT).await;
    let good = nth(1, &token("ann", "user"));
    assert_eq!(beat(&server, ONE, &good).await.status, 200);
    let (nothing, bobs) = (json!("{"), nth(2, &token("bob", "user")));
    let nonsense = join_all((0..200).map(|_| beat(&server, ONE, &nothing)));
    let (nonsense, beat) = (pin!(nonsense), pin!(beat(&server, ONE, &bobs)));
    let told = select(nonsense, beat).await;
    let Either::Right((answer, nonsense)) = told else { panic!("all of it was answered before a beat was") };
    assert_eq!(answer.status, 200);
    assert!(nonsense.await.iter().all(|answer| answer.status == 400), "it is answered all the same");
}
