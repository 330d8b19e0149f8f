//! The description of the API for programs: OpenAPI 3.1, made from the list of [routes](route) and of refusals.

pub(crate) mod route;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::error::Rejection;
use route::{Content, Route, Who};

/// Schemas, parameters and ways to say who asks.
const COMPONENTS: &str = include_str!("components.json");

/// The whole document, for routes with the path below which they lie.
pub(crate) fn document<'a>(routes: impl IntoIterator<Item = (&'a str, &'a Route)>) -> Value {
    let mut paths = Map::new();
    for (base, route) in routes {
        let path = format!("{base}{}", route.path.replace('*', ""));
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[route.method.as_str()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "stillhere",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Who is here now, since when, and how long did they stay?",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        // A file of this crate, which its tests read.
        "components": serde_json::from_str::<Value>(COMPONENTS).unwrap_or_default(),
    })
}

fn operation(route: &Route) -> Value {
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path.map(|name| {
        json!({ "name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": { "type": "string" } })
    });
    let in_query = route.query.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }));
    let mut operation = json!({
        "summary": route.what,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "security": security(route.who),
        "responses": responses(route),
    });
    if let Some(body) = route.body {
        let schema = json!({ "schema": schema(body) });
        operation["requestBody"] = json!({ "content": { "application/json": schema, "text/plain": schema } });
    }
    operation
}

/// One of these is enough.
fn security(who: Who) -> Value {
    match who {
        Who::Anybody => json!([]),
        Who::Known => json!([{ "bearer": [] }, { "visit": [] }]),
        Who::Socket => json!([{}, { "bearer": [] }, { "visit": [] }]),
        Who::Watcher | Who::Admin => json!([{ "bearer": [] }]),
        Who::Sweeper => json!([{ "bearer": [] }, { "cronSecret": [] }, { "cronHeader": [] }]),
        Who::Operator => json!([{}, { "metricsToken": [] }]),
    }
}

/// The codes that follow from who may ask.
const fn codes_of(who: Who) -> &'static [&'static str] {
    match who {
        Who::Anybody => &[],
        Who::Known => &["token_missing", "token_bad", "origin_bad", "host_bad", "throttled", "late"],
        Who::Socket => &["token_bad", "origin_bad", "host_bad", "throttled", "late"],
        Who::Watcher | Who::Admin | Who::Sweeper => {
            &["token_missing", "token_bad", "origin_bad", "host_bad", "throttled", "late", "not_allowed"]
        }
        Who::Operator => &["token_missing", "token_bad", "throttled", "metrics_closed"],
    }
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    for (status, content) in route.answers {
        let content = match content {
            Content::Nothing => json!({}),
            Content::Json(name) => json!({ "application/json": { "schema": schema(name) } }),
            Content::JsonOrCsv(name) => json!({ "application/json": { "schema": schema(name) }, "text/csv": {} }),
            Content::Text(kind) => json!({ *kind: {} }),
        };
        responses.insert(status.to_string(), json!({ "description": "As asked for.", "content": content }));
    }
    let known = Rejection::every();
    let mut refused: BTreeMap<u16, Vec<(&str, bool)>> = BTreeMap::new();
    for code in codes_of(route.who).iter().chain(route.codes) {
        let refusal = known.iter().find(|rejection| rejection.code() == *code);
        let (status, retry) = refusal.map(|it| (it.status_number(), it.retry())).unwrap_or_default();
        refused.entry(status).or_default().push((code, retry));
    }
    for (status, told) in refused {
        let codes: Vec<&str> = told.iter().map(|(code, _)| *code).collect();
        let of = |wanted| told.iter().filter(move |(_, retry)| *retry == wanted).map(|(code, _)| *code);
        let kinds = [false, true].map(|retry| (retry, of(retry).collect::<Vec<_>>()));
        let kinds = kinds.into_iter().filter(|(_, codes)| !codes.is_empty());
        let kinds: Vec<_> = kinds
            .map(|(retry, codes)| json!({ "properties": { "code": { "enum": codes }, "retry": { "const": retry } } }))
            .collect();
        let code =
            json!({ "properties": { "error": { "properties": { "code": { "enum": codes } }, "oneOf": kinds } } });
        let schema = json!({ "allOf": [schema("Error"), code] });
        let description = format!("Refused: {}.", codes.join(", "));
        let refusal = json!({ "description": description, "content": { "application/json": { "schema": schema } } });
        responses.insert(status.to_string(), refusal);
    }
    responses.into()
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
