//! Who is believed to be who: every route that asks, with everything that is no good token.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later, session},
    feed::Feed,
    server::{Answer, Server, run},
    token::{ENVIRONMENT, SECRET, claims, seconds_from_now, signed, token},
};

const SETTINGS: &str = "auth = \"jwt\"\njwt_issuer = \"https://id.example\"\njwt_audience = \"stillhere\"\n\
                        token_cookie = \"token\"\nallowed_origins = [\"https://app.example\"]\n";

/// Every route that asks who it is, and what a good token of a user gets there.
const ROUTES: [(Method, &str, u16); 22] = [
    (Method::POST, "/v1/beat", 200),
    // Whoever may ask is told that this is no punch.
    (Method::POST, "/v1/punches", 415),
    (Method::GET, "/v1/punches", 200),
    (Method::DELETE, "/v1/sessions/AAAAAAAAAAAAAAAAAAAAAA", 204),
    (Method::GET, "/v1/channels", 200),
    (Method::GET, "/v1/channels/site", 200),
    (Method::GET, "/v1/users", 200),
    (Method::GET, "/v1/users/ann", 200),
    (Method::GET, "/v1/users/ann/explain", 200),
    (Method::GET, "/v1/feed", 200),
    (Method::GET, "/v1/feed?users=ann", 200),
    (Method::GET, "/v1/feed?counts=true", 200),
    (Method::GET, "/v1/admin/sessions", 403),
    (Method::GET, "/v1/admin/sessions/AAAAAAAAAAAAAAAAAAAAAA", 403),
    (Method::DELETE, "/v1/admin/users/ann", 403),
    (Method::GET, "/v1/admin/webhooks", 403),
    (Method::GET, "/v1/admin/webhooks/manager/dead", 403),
    (Method::POST, "/v1/admin/webhooks/manager/retry", 403),
    (Method::POST, "/v1/admin/webhooks/manager/test", 403),
    (Method::GET, "/v1/admin/users", 403),
    (Method::GET, "/v1/admin/stats", 403),
    (Method::GET, "/v1/admin/users/ann/history", 200),
];

/// The claims that the server of these tests asks for, and others over them.
fn ours(others: Value) -> Value {
    let mut all = json!({ "iss": "https://id.example", "aud": "stillhere" });
    let Value::Object(others) = others else { panic!("claims are an object") };
    for (name, value) in others {
        all[name] = value;
    }
    claims(all)
}

fn good(others: Value) -> String {
    signed(Algorithm::HS256, SECRET.as_bytes(), &ours(others))
}

/// A beat's body without a token.
fn body() -> Value {
    let mut body = first('A', "");
    body.as_object_mut().expect("an object").remove("token");
    body
}

async fn ask(server: &Server, method: &Method, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = (path == "/v1/beat").then(|| body().to_string());
    server.send(method.clone(), path, body, fields).await
}

fn check(answer: &Answer, status: u16, code: &str, case: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{case}: {}", answer.body);
    assert_eq!(answer.body["error"]["retry"], false, "{case}");
    assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401, "{case}");
}

/// What is wrong, and the token.
fn bad_tokens() -> Vec<(&'static str, String)> {
    let with = |others| good(others);
    let (message, signature) = {
        let token = with(json!({}));
        let (message, signature) = token.rsplit_once('.').expect("three parts");
        (message.to_owned(), signature.to_owned())
    };
    let payload = message.split_once('.').expect("two parts").1.to_owned();
    // {"alg":"none"}, in some spellings.
    let none = ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJOb25lIn0", "eyJhbGciOiJOT05FIn0"];
    let mut bad: Vec<_> = none.iter().map(|header| ("no algorithm", format!("{header}.{payload}."))).collect();
    bad.extend([
        ("malformed", "not-a-token".to_owned()),
        ("half", message.clone()),
        ("unsigned", format!("{message}.")),
        ("another's signature", format!("{message}.{}", signature.chars().rev().collect::<String>())),
        (
            "another's claims",
            format!("{}.{signature}", with(json!({ "sub": "bob" })).rsplit_once('.').expect("parts").0),
        ),
        ("another secret", signed(Algorithm::HS256, &[b'x'; 32], &ours(json!({})))),
        ("another algorithm", signed(Algorithm::HS512, SECRET.as_bytes(), &ours(json!({})))),
        ("over", with(json!({ "exp": seconds_from_now(-120) }))),
        ("without an end", with(json!({ "exp": null }))),
        ("too early", with(json!({ "nbf": seconds_from_now(120) }))),
        ("another issuer", with(json!({ "iss": "https://evil.example" }))),
        ("no issuer", with(json!({ "iss": null }))),
        ("another audience", with(json!({ "aud": ["other"] }))),
        ("no audience", with(json!({ "aud": null }))),
        ("nobody", with(json!({ "sub": null }))),
    ]);
    bad
}

#[tokio::test]
async fn no_route_takes_anything_but_a_good_token_and_no_log_holds_one() {
    let server = Server::start_logged(&[], SETTINGS, &ENVIRONMENT).await;
    let mut said = vec![SECRET.to_owned()];
    for (method, path, _) in &ROUTES {
        check(&ask(&server, method, path, &[]).await, 401, "token_missing", path);
        for (case, token) in bad_tokens() {
            let case = format!("{case}, {path}");
            let bearer = format!("Bearer {token}");
            check(&ask(&server, method, path, &[("authorization", &bearer)]).await, 401, "token_bad", &case);
            let cookie = format!("token={token}");
            let fields = [("cookie", cookie.as_str()), ("origin", "https://app.example")];
            check(&ask(&server, method, path, &fields).await, 401, "token_bad", &case);
            said.push(token);
        }
    }
    for (case, token) in bad_tokens() {
        check(&server.beat(later(body(), json!({ "token": token }))).await, 401, "token_bad", case);
        said.push(token);
    }
    let token = good(json!({}));
    assert_eq!(server.beat(later(body(), json!({ "token": token }))).await.status, 200, "and a good one is taken");
    said.push(token);
    let log = server.log();
    assert!(log.contains("DEBUG") && log.contains("/v1/admin/sessions"), "everything was logged: {} bytes", log.len());
    for text in said {
        assert!(!log.contains(&text), "{text}");
        // Nor the part that would let somebody else in.
        let signature = text.rsplit('.').next().unwrap_or_default();
        assert!(signature.len() < 20 || !log.contains(signature), "{text}");
    }
}

/// Whether a path is one of a route, in which a part in braces is anything.
fn is_of(route: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let parts = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (route, path) = (parts(route), parts(path));
    let is_same = |(route, path): (&String, &String)| route == path || route.starts_with('{');
    route.len() == path.len() && route.iter().zip(&path).all(is_same)
}

#[tokio::test]
async fn no_route_that_asks_who_it_is_is_missing_in_the_table() {
    let server = Server::preset("demo").await;
    let document = server.get("/openapi.json").await;
    let mut asking = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let asks =
                operation["security"].as_array().is_some_and(|ways| ways.iter().any(|way| !way["bearer"].is_null()));
            // The cron job's secret and the socket's hello have tables of their own.
            let is_elsewhere = path.ends_with("/admin/sweep") || path.ends_with("/socket");
            if asks && !is_elsewhere {
                asking += 1;
                let is_it = |entry: &&(Method, &str, u16)| {
                    entry.0.as_str().eq_ignore_ascii_case(method) && is_of(path, entry.1)
                };
                assert!(ROUTES.iter().any(|entry| is_it(&entry)), "{method} {path} is in no table");
            }
        }
    }
    assert!(asking >= 20, "{asking}");
}

#[tokio::test]
async fn a_users_token_opens_what_users_may_see_and_an_admins_everything() {
    let server = Server::start(&[], SETTINGS, &ENVIRONMENT).await;
    for (method, path, status) in &ROUTES {
        // A feed that opens does not end.
        if !path.starts_with("/v1/feed") {
            let bearer = format!("Bearer {}", good(json!({ "role": ["user", "administrator"] })));
            let answer = ask(&server, method, path, &[("authorization", &bearer)]).await;
            assert_eq!(answer.status, *status, "{path}: {}", answer.body);
        }
    }
    let bearer = format!("Bearer {}", good(json!({ "role": "user" })));
    for path in ["/v1/admin/sessions", "/v1/admin/stats"] {
        let answer = server.send(Method::GET, path, None, &[("authorization", &bearer)]).await;
        check(&answer, 403, "not_allowed", "a user is no admin");
    }
    let admin = good(json!({ "role": ["admin"] }));
    assert_eq!(server.get_as(&admin, "/v1/admin/sessions").await["sessions"][0]["user"], "ann");
    assert_eq!(server.get_as(&admin, "/v1/admin/users/ann/history").await["total"]["sessions"], 1);
    assert_eq!(server.get_as(&admin, "/v1/admin/stats").await["totals"]["users"], 1);
    Feed::open_as(&server.url("/v1/feed"), &good(json!({}))).await;
}

#[tokio::test]
async fn a_token_for_somebody_elses_session_is_refused() {
    let server = Server::start(&[], "auth = \"jwt\"\n", &ENVIRONMENT).await;
    assert_eq!(server.beat(first('A', &token("ann", "user"))).await.status, 200);
    let eve = later(first('A', &token("eve", "admin")), json!({ "seq": 2 }));
    check(&server.beat(eve).await, 403, "session_of_another", "not even an admin's");
    let eve = format!("Bearer {}", token("eve", "user"));
    let fields = [("authorization", eve.as_str())];
    let answer = server.send(Method::DELETE, &format!("/v1/sessions/{}", session('A')), None, &fields).await;
    check(&answer, 403, "session_of_another", "nor signed out");
    let answer = server.send(Method::GET, "/v1/punches?user=ann", None, &fields).await;
    check(&answer, 403, "not_allowed", "nor is their log read");
    let answer = server.send(Method::GET, "/v1/feed?user=ann", None, &fields).await;
    check(&answer, 403, "not_allowed", "nor are they followed");
    let answer = server.send(Method::GET, "/v1/users/ann/explain", None, &fields).await;
    check(&answer, 403, "not_allowed", "nor explained");
    let answer = server.send(Method::GET, "/v1/admin/users/ann/history", None, &fields).await;
    check(&answer, 403, "not_allowed", "nor is told how long they were here");
}

#[tokio::test]
async fn a_token_that_is_refreshed_in_mid_session_is_no_leave() {
    let server = Server::start(&[], "auth = \"jwt\"\nleave_grace_ms = 1\n", &ENVIRONMENT).await;
    let renewed = |seconds| {
        signed(Algorithm::HS256, SECRET.as_bytes(), &claims(json!({ "exp": seconds_from_now(600 + seconds) })))
    };
    let admin = token("boss", "admin");
    let mut feed = Feed::open_as(&server.url("/v1/feed?channel=site"), &admin).await;
    assert_eq!(feed.next_in_words().await, "snapshot 0");
    for seq in 1..=5_u64 {
        let beat =
            later(first('A', &renewed(i64::try_from(seq).expect("small"))), json!({ "seq": seq, "t": seq * 10 }));
        assert_eq!(server.beat(beat).await.status, 200);
    }
    assert_eq!(server.beat(first('B', &token("bob", "user"))).await.status, 200);
    assert_eq!(feed.next_in_words().await, "join ann online");
    assert_eq!(feed.next_in_words().await, "join bob online", "nothing happened in between");
    let sessions = server.get_as(&admin, "/v1/admin/sessions?user=ann").await;
    assert_eq!(sessions["totals"]["sessions"], 1);
}

#[tokio::test]
async fn a_public_key_checks_what_its_private_one_signed_and_is_no_secret() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/keys");
    let read = |name: &str| std::fs::read(format!("{folder}/{name}")).expect("a key");
    for (algorithm, name) in [(Algorithm::RS256, "rsa"), (Algorithm::ES256, "ec"), (Algorithm::EdDSA, "ed")] {
        let settings = format!("auth = \"jwt\"\njwt_public_key_file = \"{folder}/{name}.pub.pem\"\n");
        let server = Server::start(&[], &settings, &[]).await;
        let private = read(&format!("{name}.pem"));
        let key = match algorithm {
            Algorithm::RS256 => EncodingKey::from_rsa_pem(&private),
            Algorithm::ES256 => EncodingKey::from_ec_pem(&private),
            _ => EncodingKey::from_ed_pem(&private),
        };
        let token = encode(&Header::new(algorithm), &claims(json!({})), &key.expect("a key")).expect("a token");
        assert_eq!(server.beat(first('A', &token)).await.status, 200, "{name}");
        let forged = signed(Algorithm::HS256, &read(&format!("{name}.pub.pem")), &claims(json!({})));
        check(&server.beat(first('B', &forged)).await, 401, "token_bad", name);
    }
}

#[tokio::test]
async fn the_command_makes_tokens_that_the_server_takes() {
    let environment = [ENVIRONMENT[0], ("STILLHERE_AUTH", "jwt"), ("STILLHERE_ROLE_CLAIM", "realm_access.roles")];
    let server = Server::start(&[], "", &environment).await;
    let (is_good, admin, _) = run(&["token", "--user", "boss", "--role", "admin", "--hours", "1"], &environment).await;
    assert!(is_good);
    let (is_good, ann, _) = run(&["token", "--user", "ann", "--claim", "name=Ann Lee"], &environment).await;
    assert!(is_good);
    assert_eq!(server.beat(first('A', ann.trim())).await.status, 200);
    assert_eq!(server.get_as(admin.trim(), "/v1/admin/sessions?user=ann").await["totals"]["sessions"], 1);
    for (arguments, environment, hint) in [
        (&["token", "--user", "ann"][..], &[][..], "STILLHERE_JWT_SECRET"),
        (&["token", "--user", ""], &ENVIRONMENT[..], "--user"),
        (&["token", "--user", "ann", "--hours", "0"], &ENVIRONMENT, "--hours"),
        (&["token", "--user", "ann", "--claim", "name"], &ENVIRONMENT, "--claim"),
        (&["token"], &ENVIRONMENT, "--user"),
    ] {
        let (is_good, said, why) = run(arguments, environment).await;
        assert!(!is_good && said.is_empty() && why.contains(hint), "{arguments:?}: {said} {why}");
    }
    let (_, help, _) = run(&["token", "--help"], &[]).await;
    assert!(help.contains("Authorization: Bearer $(stillhere token"), "{help}");
}

#[tokio::test]
async fn printed_settings_hide_the_secret() {
    let (is_good, said, why) = run(&["print-config", "--auth", "jwt"], &ENVIRONMENT).await;
    assert!(is_good, "{why}");
    assert!(said.contains("STILLHERE_JWT_SECRET = ***") && said.contains("auth = \"jwt\""), "{said}");
    assert!(!said.contains(SECRET) && !why.contains(SECRET));
}

#[tokio::test]
async fn a_server_that_believes_everybody_answers_to_no_foreign_name() {
    let server = Server::preset("demo").await;
    for (method, path, _) in &ROUTES {
        check(&ask(&server, method, path, &[("host", "evil.example")]).await, 403, "host_bad", path);
    }
    let body = Some(first('A', "ann").to_string());
    let answer = server.send(Method::POST, "/v1/beat", body, &[("host", "localhost:4747")]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}
