//! `stillhere demo`: all presets on one address, and tokens for whoever one would like to be.

use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::first,
    server::{Answer, Server, run},
};

/// The presets besides the site's own, each a system that asks for tokens.
const SYSTEMS: [&str; 5] = ["session-duration", "punch-clock", "who-is-online", "module-users", "availability"];

const JSON: (&str, &str) = ("content-type", "application/json");

async fn ask(server: &Server, wish: &Value, headers: &[(&str, &str)]) -> Answer {
    server.send(Method::POST, "/demo/tokens", Some(wish.to_string()), &[&[JSON], headers].concat()).await
}

/// A token for somebody in one of the systems.
async fn token(server: &Server, wish: Value) -> String {
    let answer = ask(server, &wish, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["token"].as_str().expect("a token").to_owned()
}

async fn status(server: &Server, path: &str, token: &str) -> u16 {
    server.status(Method::GET, path, &[("authorization", &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn each_preset_is_a_system_of_its_own_and_a_token_is_good_in_one_of_them() {
    let server = Server::demo().await;
    for system in SYSTEMS {
        let token = token(&server, json!({ "system": system, "user": "ann" })).await;
        for other in SYSTEMS {
            let expected = if other == system { 200 } else { 401 };
            assert_eq!(
                status(&server, &format!("/{other}/v1/channels"), &token).await,
                expected,
                "{system} in {other}"
            );
        }
        assert_eq!(
            status(&server, &format!("/{system}/v1/admin/stats"), &token).await,
            403,
            "{system}: she is no admin"
        );
    }
    assert_eq!(server.get("/v1/channels").await["channels"], json!([]), "at the site everybody is who they say");
}

#[tokio::test]
async fn who_beats_in_one_system_is_in_no_other_and_keeps_to_its_rules() {
    let server = Server::demo().await;
    let wish = json!({ "system": "punch-clock", "user": "ann", "name": "Ann Lee", "department": "Night shift" });
    let own = token(&server, wish).await;
    let mut beat = first('A', "");
    beat["token"] = own.clone().into();
    let answer = server.send(Method::POST, "/punch-clock/v1/beat", Some(beat.to_string()), &[JSON]).await;
    assert_eq!((answer.status, &answer.body["intervalMs"]), (200, &json!(10_000)), "{}", answer.body);

    let admin = token(&server, json!({ "system": "punch-clock", "user": "boss", "role": "admin" })).await;
    let list = server.get_as(&admin, "/punch-clock/v1/admin/users").await;
    let ann = &list["users"][0];
    assert_eq!(
        (&ann["user"], &ann["name"], &ann["department"]),
        (&json!("ann"), &json!("Ann Lee"), &json!("Night shift"))
    );
    assert!(server.sessions("ann").await.is_empty(), "the site has not heard of her");
}

#[tokio::test]
async fn the_gate_of_session_duration_leads_to_its_page() {
    let server = Server::demo().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let email = Some("email=ann%40example.com".to_owned());
    let answer = server.send(Method::POST, "/session-duration/v1/sessions", email, &[form]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.headers["location"], "/demos/session-duration/report.html");
    assert!(!answer.headers["set-cookie"].to_str().expect("text").contains("Secure"), "there is no TLS to oneself");
}

#[tokio::test]
async fn tokens_are_given_to_pages_of_this_machine_only_and_what_is_wrong_is_named() {
    let server = Server::demo().await;
    let wish = json!({ "system": "punch-clock", "user": "ann" });
    assert_eq!(ask(&server, &wish, &[("host", "demo.example")]).await.code(), "host_bad");
    let foreign = ask(&server, &wish, &[("origin", "https://elsewhere.example")]).await;
    assert!(!foreign.headers.contains_key("access-control-allow-origin"), "no page of elsewhere may read it");

    let nowhere = ask(&server, &json!({ "system": "time-clock", "user": "ann" }), &[]).await;
    let sentence = nowhere.body["error"]["message"].as_str().unwrap_or_default();
    assert!(nowhere.code() == "body_bad" && sentence.contains("time-clock") && sentence.contains("punch-clock"));
    for wish in
        [json!({ "system": "punch-clock" }), json!({ "system": "punch-clock", "user": "" }), json!([]), json!(7)]
    {
        assert_eq!(ask(&server, &wish, &[]).await.code(), "body_bad", "{wish}");
    }
    let lost = server.send(Method::GET, "/demo/tokens", None, &[]).await;
    assert_eq!((lost.status, lost.code()), (405, "method_wrong"));
}

#[tokio::test]
async fn a_server_that_is_no_demo_gives_no_tokens() {
    let server = Server::preset("demo").await;
    let answer = ask(&server, &json!({ "system": "punch-clock", "user": "ann" }), &[]).await;
    assert_eq!(answer.status, 404);
    let looked = server.send(Method::GET, "/demo/systems", None, &[]).await;
    assert_eq!(looked.status, 404, "by this the dashboard knows an ordinary server from the demo");
    let figures = server.send(Method::GET, "/v1/metrics", None, &[]).await;
    assert_eq!(figures.status, 404, "its figures are in one place");
}

#[tokio::test]
async fn every_system_is_listed_with_its_own_figures_for_pages_of_this_machine_only() {
    let server = Server::demo().await;
    let listed = server.get("/demo/systems").await;
    let of = |name: &str, endpoint: String, metrics: String, asks: bool| json!({ "name": name, "endpoint": endpoint, "metrics": metrics, "asksForTokens": asks });
    let others = SYSTEMS.map(|name| of(name, format!("/{name}/v1"), format!("/{name}/v1/metrics"), true));
    let site = of("demo", "/v1".into(), "/metrics".into(), false);
    assert_eq!(listed, Value::from([&others[..], &[site]].concat()));
    let foreign = server.send(Method::GET, "/demo/systems", None, &[("host", "demo.example")]).await;
    assert_eq!(foreign.code(), "host_bad");

    let mut beat = first('A', "");
    beat["token"] = token(&server, json!({ "system": "punch-clock", "user": "ann" })).await.into();
    let answer = server.send(Method::POST, "/punch-clock/v1/beat", Some(beat.to_string()), &[JSON]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    for system in listed.as_array().into_iter().flatten() {
        let (name, path) = (&system["name"], system["metrics"].as_str().expect("a path"));
        let text = server.figures(path).await;
        let taken = if name == "punch-clock" { 1 } else { 0 };
        assert!(text.contains(&format!("\nstillhere_beats_taken_total {taken}\n")), "{name}: {text}");
    }
}

#[tokio::test]
async fn a_restart_of_the_demo_loses_no_session_and_lets_old_tokens_go() {
    let mut server = Server::demo().await;
    let wish = json!({ "system": "availability", "user": "ann" });
    let old = token(&server, wish.clone()).await;
    let mut beat = first('A', "");
    beat["token"] = old.clone().into();
    let answer = server.send(Method::POST, "/availability/v1/beat", Some(beat.to_string()), &[JSON]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(server.stop().await, "every system has written down what it knew");
    server.restart().await;
    assert_eq!(status(&server, "/availability/v1/users/ann", &old).await, 401);
    let new = token(&server, wish).await;
    assert_eq!(server.get_as(&new, "/availability/v1/users/ann").await["status"], "online");
}

#[tokio::test]
async fn the_demo_listens_to_this_machine_only() {
    let (is_well, _, complaint) = run(&["demo", "--listen", "0.0.0.0:0"], &[]).await;
    assert!(!is_well && complaint.contains("only this machine"), "{complaint}");
}
