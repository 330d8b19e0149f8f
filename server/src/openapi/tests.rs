use std::collections::BTreeSet;

use super::*;
use crate::routes::every_route;

const ERRORS: &str = include_str!("../error.rs");
const REFUSALS: &str = include_str!("../../../engine/src/wire/answer.rs");

/// The codes in the lines of a `match` such as `Self::Late => "late",`.
fn codes_in(source: &'static str) -> impl Iterator<Item = &'static str> {
    let lines = source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \""));
    lines.filter_map(|(_, rest)| rest.strip_suffix("\",")).filter(|code| !code.contains(' '))
}

#[test]
fn every_code_of_the_error_module_and_the_engine_is_in_the_catalogue() {
    let known: BTreeSet<_> = Rejection::every().iter().map(Rejection::code).collect();
    let written: BTreeSet<_> = codes_in(ERRORS).chain(codes_in(REFUSALS)).collect();
    assert!(written.len() > 25, "{written:?}");
    assert_eq!(known, written);
}

#[test]
fn every_code_is_one_that_some_route_can_answer() {
    let routes = every_route("/v1");
    let told: BTreeSet<_> =
        routes.iter().flat_map(|(_, route)| codes_of(route.who).iter().chain(route.codes).copied()).collect();
    let mut known: BTreeSet<_> = Rejection::every().iter().map(Rejection::code).collect();
    // That of a known address, for a method that it does not have.
    known.remove("method_wrong");
    assert_eq!(told, known);
}

#[test]
fn every_reference_leads_somewhere_and_nothing_is_left_over() {
    let document = document(every_route("/v1"));
    let text = document.to_string();
    let used: BTreeSet<_> =
        text.split("\"#/components/").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect();
    let mut there = BTreeSet::new();
    for kind in ["schemas", "parameters"] {
        let names = document["components"][kind].as_object().unwrap().keys();
        there.extend(names.map(|name| format!("{kind}/{name}")));
    }
    assert_eq!(used, there);
    for (_, item) in document["paths"].as_object().unwrap() {
        for (_, operation) in item.as_object().unwrap() {
            for way in operation["security"].as_array().unwrap().iter().filter_map(Value::as_object) {
                assert!(way.keys().all(|name| document["components"]["securitySchemes"][name].is_object()), "{way:?}");
            }
        }
    }
}

#[test]
fn each_code_says_whether_the_same_request_may_succeed_later() {
    let document = document(every_route("/v1"));
    let beat = &document["paths"]["/v1/beat"]["post"]["responses"];
    let kinds = |status: &str| {
        beat[status]["content"]["application/json"]["schema"]["allOf"][1]["properties"]["error"]["oneOf"].clone()
    };
    let kind = |codes: &[&str], retry: bool| json!({ "properties": { "code": { "enum": codes }, "retry": { "const": retry } } });
    assert_eq!(kinds("410"), json!([kind(&["session_ended"], false)]));
    assert_eq!(kinds("400"), json!([kind(&["beat_bad", "beat_empty"], false), kind(&["body_lost"], true)]));
}
