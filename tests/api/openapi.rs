//! The description of the API against the server that gives it.

use reqwest::Method;
use serde_json::{Value, json};
use stillhere_tests::{
    beat::{first, later},
    server::Server,
};

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::DELETE, Method::PUT, Method::PATCH];

/// A path with a name wherever one belongs.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn the_document_names_the_routes_and_methods_that_the_server_has_and_no_others() {
    let server = Server::preset("punch-clock").await;
    let document = server.get("/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.contains_key("/v1/beat") && paths.contains_key("/client/{file}") && paths.len() > 12, "{paths:?}");
    for (path, item) in paths {
        for method in METHODS {
            // Only the head of the answer is awaited: a feed has no end.
            let client = reqwest::Client::new().request(method.clone(), server.url(&filled(path)));
            let answer = client.send().await.expect("the server answers");
            let is_listed = !item[method.as_str().to_lowercase()].is_null();
            assert_eq!(answer.status() != 405, is_listed, "{method} {path}: {}", answer.status());
        }
    }
    let elsewhere = Server::preset_with("demo", "base_path = \"/presence/v2\"\n").await;
    assert!(elsewhere.get("/openapi.json").await["paths"]["/presence/v2/beat"]["post"].is_object());
}

/// What is wrong with a value, by the parts of JSON Schema that the document uses.
fn fault(document: &Value, schema: &Value, value: &Value, place: &str) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = document.pointer(name.trim_start_matches('#')).expect("a reference leads somewhere");
        return fault(document, target, value, place);
    }
    if let Some(words) = schema["enum"].as_array() {
        return (!words.contains(value)).then(|| format!("{place}: {value} is none of {words:?}"));
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_kind = schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind)));
    if !is_kind {
        return Some(format!("{place}: {value} is no {}", schema["type"]));
    }
    let items = value.as_array().into_iter().flatten();
    let in_items = items.filter_map(|item| fault(document, &schema["items"], item, &format!("{place}[]"))).next();
    let Some(object) = value.as_object() else { return in_items };
    let mut required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(name) = required.find(|name| !object.contains_key(*name)) {
        return Some(format!("{place}: {name} is missing"));
    }
    object.iter().find_map(|(name, value)| match &schema["properties"][name] {
        Value::Null => Some(format!("{place}: nobody has said that there is {name}")),
        schema => fault(document, schema, value, &format!("{place}.{name}")),
    })
}

/// What is asked by GET: the path, the route that it is of, and the status of the answer.
const ASKED: [(&str, &str, u16); 22] = [
    ("/v1/channels", "/v1/channels", 200),
    ("/v1/channels/site", "/v1/channels/{name}", 200),
    ("/v1/channels/two%20words", "/v1/channels/{name}", 404),
    ("/v1/users/ann", "/v1/users/{user}", 200),
    ("/v1/users/nobody", "/v1/users/{user}", 200),
    ("/v1/users/ann/explain", "/v1/users/{user}/explain", 200),
    ("/v1/punches", "/v1/punches", 200),
    ("/v1/punches?limit=0", "/v1/punches", 400),
    ("/v1/admin/sessions", "/v1/admin/sessions", 200),
    ("/v1/admin/sessions?open=perhaps", "/v1/admin/sessions", 400),
    ("/v1/admin/stats", "/v1/admin/stats", 200),
    ("/v1/admin/stats?step=never", "/v1/admin/stats", 400),
    ("/v1/admin/users/ann/history", "/v1/admin/users/{user}/history", 200),
    (
        "/v1/admin/users/ann/history?by=day&from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z",
        "/v1/admin/users/{user}/history",
        200,
    ),
    ("/v1/admin/users/ann/history?by=year", "/v1/admin/users/{user}/history", 400),
    ("/v1/admin/sweep", "/v1/admin/sweep", 200),
    ("/v1/admin/webhooks", "/v1/admin/webhooks", 200),
    ("/v1/admin/webhooks/manager/dead", "/v1/admin/webhooks/{name}/dead", 200),
    ("/v1/admin/webhooks/manager/dead?after=x", "/v1/admin/webhooks/{name}/dead", 400),
    ("/v1/admin/webhooks/nobody/dead", "/v1/admin/webhooks/{name}/dead", 404),
    ("/healthz", "/healthz", 200),
    ("/readyz", "/readyz", 200),
];

#[tokio::test]
async fn answers_are_as_the_document_says() {
    // Nobody listens there, so that there is something to be said of it.
    let webhook =
        "[[webhook]]\nname = \"manager\"\nurl = \"http://127.0.0.1:9\"\nevents = [\"join\"]\nformat = \"slack\"\n";
    let server = Server::preset_with("punch-clock", webhook).await;
    let document = server.get("/openapi.json").await;
    let bearer = [("authorization", "Bearer ann"), ("content-type", "application/json")];
    let check = async |method: Method, path: &str, route: &str, body: Option<Value>| {
        let answer = server.send(method.clone(), path, body.map(|body| body.to_string()), &bearer).await;
        let operation = &document["paths"][route][method.as_str().to_lowercase()];
        let response = &operation["responses"][answer.status.to_string()];
        assert!(response.is_object(), "{method} {path} answers {}, and {operation} does not say so", answer.status);
        let schema = &response["content"]["application/json"]["schema"];
        let (schema, code) = match &schema["allOf"] {
            Value::Array(all) => (&all[0], &all[1]["properties"]["error"]["properties"]["code"]["enum"]),
            _ => (schema, &Value::Null),
        };
        assert_eq!(fault(&document, schema, &answer.body, path), None);
        let is_told = code.as_array().is_none_or(|codes| codes.contains(&json!(answer.code())));
        assert!(is_told, "{path}: {} is none of {code}", answer.code());
        answer.status
    };
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    let beat = later(first('A', "ann"), json!({ "page": "/one" }));
    assert_eq!(check(post.clone(), "/v1/beat", "/v1/beat", Some(beat)).await, 200);
    assert_eq!(check(post.clone(), "/v1/beat", "/v1/beat", Some(json!({}))).await, 400);
    for status in [200, 409] {
        let wish = Some(json!({ "kind": "IN" }));
        assert_eq!(check(post.clone(), "/v1/punches", "/v1/punches", wish).await, status);
    }
    assert_eq!(check(post.clone(), "/v1/punches", "/v1/punches", Some(json!({ "kind": "?" }))).await, 400);
    assert_eq!(check(post.clone(), "/v1/sessions", "/v1/sessions", Some(json!({}))).await, 404);
    for (path, route, status) in ASKED {
        assert_eq!(check(get.clone(), path, route, None).await, status, "{path}");
    }
    for way in ["retry", "test"] {
        let route = format!("/v1/admin/webhooks/{{name}}/{way}");
        let path = |name| format!("/v1/admin/webhooks/{name}/{way}");
        assert_eq!(check(post.clone(), &path("manager"), &route, None).await, 200);
        assert_eq!(check(post.clone(), &path("nobody"), &route, None).await, 404);
    }
    assert_eq!(check(delete, "/v1/sessions/x", "/v1/sessions/{id}", None).await, 400);
}
