//! Who may see whom: by visibility, by route, by who asks.

use reqwest::Method;
use serde_json::json;
use stillhere_tests::{
    beat::{first, later},
    server::Server,
    token::{ENVIRONMENT, token},
};

/// What somebody else gets from each route that shows people.
const ROUTES: [&str; 8] = [
    "/v1/channels/pms",
    "/v1/users/ann",
    "/v1/feed?channel=pms",
    "/v1/users?channel=pms",
    "/v1/feed?users=ann",
    "/v1/feed",
    "/v1/users",
    // Numbers name nobody.
    "/v1/feed?counts=true&channel=pms",
];

/// Ann is in `pms`, Bob too, Eve elsewhere.
async fn server(visibility: &str) -> Server {
    let settings = format!("auth = \"jwt\"\nvisibility = \"{visibility}\"\n");
    let server = Server::start(&[], &settings, &ENVIRONMENT).await;
    for (letter, user, channel) in [('A', "ann", "pms"), ('B', "bob", "pms"), ('C', "eve", "crm")] {
        let beat = later(first(letter, user), json!({ "channel": channel, "token": token(user, "user") }));
        assert_eq!(server.beat(beat).await.status, 200);
    }
    server
}

async fn statuses(server: &Server, user: &str, role: &str) -> Vec<u16> {
    let bearer = format!("Bearer {}", token(user, role));
    let mut statuses = Vec::new();
    for route in ROUTES {
        statuses.push(server.status(Method::GET, route, &[("authorization", &bearer)]).await);
    }
    statuses
}

#[tokio::test]
async fn everyone_sees_everybody_where_the_preset_says_so() {
    let server = server("everyone").await;
    for user in ["bob", "eve"] {
        assert_eq!(statuses(&server, user, "user").await, [200; 8], "{user}");
    }
}

#[tokio::test]
async fn in_one_channel_people_see_each_other_and_nobody_elsewhere_does() {
    let server = server("channel").await;
    assert_eq!(statuses(&server, "bob", "user").await, [200, 200, 200, 200, 200, 403, 403, 200]);
    assert_eq!(statuses(&server, "eve", "user").await, [403, 403, 403, 403, 403, 403, 403, 200]);
    assert_eq!(statuses(&server, "boss", "admin").await, [200; 8]);
}

#[tokio::test]
async fn an_employee_sees_only_their_own_status() {
    let server = server("own").await;
    assert_eq!(statuses(&server, "bob", "user").await, [403, 403, 403, 403, 403, 403, 403, 200]);
    assert_eq!(statuses(&server, "ann", "user").await, [403, 200, 403, 403, 200, 403, 403, 200]);
    assert_eq!(statuses(&server, "boss", "admin").await, [200; 8]);
    let others = format!("Bearer {}", token("ann", "user"));
    let among = server.status(Method::GET, "/v1/feed?users=ann,bob", &[("authorization", &others)]).await;
    assert_eq!(among, 403, "one of them is somebody else");
    let bearer = format!("Bearer {}", token("ann", "user"));
    let own = server.status(Method::GET, "/v1/feed?user=ann", &[("authorization", &bearer)]).await;
    assert_eq!(own, 200, "and is told of it");
}
