//! Use cases 3 and 5: the list of people, for an admin and for everybody.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later},
    server::Server,
    token::{ENVIRONMENT, SECRET, claims, signed, token},
};

/// Somebody's token with everything that a list may show.
fn signed_in(user: &str, name: &str) -> String {
    let shown = json!({
        "sub": user, "role": "user", "name": name, "email": format!("{user}@example.com"), "department": "Care",
        "specialties": ["sleep", "children"],
    });
    signed(Algorithm::HS256, SECRET.as_bytes(), &claims(shown))
}

async fn preset(name: &str) -> Server {
    Server::start(&["--preset", name], "auth = \"jwt\"\n", &ENVIRONMENT).await
}

async fn beat(server: &Server, letter: char, token: &str, change: Value) {
    let answer = server.beat(later(later(first(letter, ""), json!({ "token": token })), change)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn names(list: &Value) -> Vec<&str> {
    list["users"].as_array().expect("a list").iter().filter_map(|user| user["user"].as_str()).collect()
}

#[tokio::test]
async fn list_for_the_admin_has_every_field_of_whoever_is_online_and_the_counts() {
    let server = preset("who-is-online").await;
    let (ann, boss) = (signed_in("ann", "Ann Lee"), token("boss", "admin"));
    beat(&server, 'A', &ann, json!({})).await;
    beat(&server, 'B', &signed_in("bob", "Bob"), json!({ "state": "hidden" })).await;
    let list = server.get_as(&boss, "/v1/admin/users").await;
    assert_eq!((&list["total"], &list["counts"]), (&json!(2), &json!({ "online": 1, "away": 0, "offline": 1 })));
    assert_eq!(list["next"], Value::Null);
    assert!(list["nowAt"].as_str().is_some_and(|at| at.ends_with('Z')), "{list}");
    let ann = &list["users"][0];
    let shown = [
        ("user", "ann"),
        ("name", "Ann Lee"),
        ("email", "ann@example.com"),
        ("role", "user"),
        ("department", "Care"),
        ("status", "online"),
        ("lastSeenAgo", "just now"),
    ];
    for (field, expected) in shown {
        assert_eq!(ann[field], expected, "{field}");
    }
    assert!(ann["lastSeenAt"].as_str().is_some_and(|at| at.ends_with('Z')), "{ann}");
    assert!(ann["lastSeenMs"].as_u64().is_some_and(|ms| ms < 60_000), "{ann}");
    assert_eq!((&ann["channels"], &ann["sessions"]), (&json!(["site"]), &json!(1)));
    let away = server.get_as(&boss, "/v1/admin/users?status=offline").await;
    assert_eq!((names(&away), &away["total"]), (vec!["bob"], &json!(2)));
}

#[tokio::test]
async fn two_tabs_and_two_channels_are_one_person_with_the_best_of_their_statuses() {
    let server = Server::start(&[], "auth = \"jwt\"\n", &ENVIRONMENT).await;
    let (ann, bob) = (signed_in("ann", "Ann"), signed_in("bob", "Bob"));
    let (visible, hidden) =
        (|channel| json!({ "channel": channel }), |channel| json!({ "channel": channel, "state": "hidden" }));
    beat(&server, 'A', &ann, visible("pms")).await;
    beat(&server, 'B', &ann, visible("pms")).await;
    beat(&server, 'C', &ann, hidden("crm")).await;
    beat(&server, 'D', &bob, hidden("pms")).await;
    beat(&server, 'E', &bob, visible("crm")).await;
    let list = server.get_as(&token("boss", "admin"), "/v1/admin/users").await;
    assert_eq!((names(&list), &list["counts"]["online"]), (vec!["ann", "bob"], &json!(2)));
    let mut channels = list["users"][0]["channels"].as_array().expect("channels").clone();
    channels.sort_by_key(ToString::to_string);
    assert_eq!((channels, &list["users"][0]["sessions"]), (vec![json!("crm"), json!("pms")], &json!(3)));
}

#[tokio::test]
async fn public_list_says_who_is_available_and_nothing_personal() {
    let server = preset("availability").await;
    beat(&server, 'A', &signed_in("ann", "Ann Lee"), json!({})).await;
    let list = server.get_as(&token("patient", "user"), "/v1/users").await;
    let ann = &list["users"][0];
    assert_eq!((&ann["name"], &ann["specialties"]), (&json!("Ann Lee"), &json!(["sleep", "children"])));
    assert_eq!((&ann["status"], &ann["lastSeenAgo"]), (&json!("online"), &json!("just now")));
    for private in ["email", "role", "department"] {
        assert!(ann.get(private).is_none(), "{private}: {ann}");
    }
}

#[tokio::test]
async fn who_has_left_a_moment_ago_is_still_recently_active() {
    let server = preset("availability").await;
    beat(&server, 'A', &signed_in("ann", "Ann"), json!({})).await;
    let signed_out = json!({ "seq": 2, "t": 10, "state": "closed", "signOut": true, "nextMs": null });
    beat(&server, 'A', &signed_in("ann", "Ann"), signed_out).await;
    let list = server.get_as(&token("patient", "user"), "/v1/users").await;
    assert_eq!((names(&list), &list["users"][0]["status"]), (vec!["ann"], &json!("online")), "within two minutes");
    assert_eq!((&list["users"][0]["channels"], &list["users"][0]["sessions"]), (&json!([]), &json!(0)));
    let server = preset("who-is-online").await;
    beat(&server, 'A', &signed_in("ann", "Ann"), json!({})).await;
    beat(
        &server,
        'A',
        &signed_in("ann", "Ann"),
        json!({ "seq": 2, "t": 10, "state": "closed", "signOut": true, "nextMs": null }),
    )
    .await;
    let list = server.get_as(&token("boss", "admin"), "/v1/admin/users").await;
    assert_eq!(names(&list), Vec::<&str>::new(), "where an offline signal means offline, nobody is remembered");
}

#[tokio::test]
async fn pages_of_people_go_on_where_the_last_one_ended() {
    let server = preset("module-users").await;
    for (letter, user) in [('A', "cat"), ('B', "ann"), ('C', "bob")] {
        beat(&server, letter, &signed_in(user, user), json!({ "channel": "pms" })).await;
    }
    let boss = token("boss", "admin");
    let list = server.get_as(&boss, "/v1/admin/users?limit=2").await;
    assert_eq!((names(&list), &list["next"], &list["total"]), (vec!["ann", "bob"], &json!("bob"), &json!(3)));
    let list = server.get_as(&boss, "/v1/admin/users?limit=2&after=bob&channel=pms").await;
    assert_eq!((names(&list), &list["next"]), (vec!["cat"], &Value::Null));
    let list = server.get_as(&boss, "/v1/admin/users?channel=crm").await;
    assert_eq!(list["total"], 0);
}

#[tokio::test]
async fn a_question_about_people_that_cannot_be_answered_says_what_to_ask() {
    let server = preset("module-users").await;
    let boss = format!("Bearer {}", token("boss", "admin"));
    for (question, status, hint) in [
        ("status=asleep", 400, "offline"),
        ("limit=0", 400, "10000"),
        ("limit=10001", 400, "10000"),
        ("channel=parking", 404, "channel"),
        ("name=ann", 400, "name"),
    ] {
        let path = format!("/v1/admin/users?{question}");
        let answer = server.send(reqwest::Method::GET, &path, None, &[("authorization", &boss)]).await;
        let said = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert!(answer.status == status && said.contains(hint), "{question}: {} {}", answer.status, answer.body);
    }
}
