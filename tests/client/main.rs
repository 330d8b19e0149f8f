//! What the client's JavaScript knows by itself because it weighs less there, held against the engine that has the rule.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;
use stillhere_engine::{
    limits,
    page::PageState,
    pulse::{Dispatch, Means, Why},
    spans::Span,
    time::Millis,
    wire::{ChannelName, PagePath, RawBeat, SessionId},
};

/// What an expression says in Node, with `options` and `beat` as the client's modules of these names.
fn in_node(expression: &str) -> Value {
    let imports = ["options", "beat"].map(|name| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../client-wasm/js");
        format!("import * as {name} from '{folder}/{name}.js';")
    });
    let script = format!("{} console.log(JSON.stringify({expression}))", imports.concat());
    let run = Command::new("node").args(["--input-type=module", "--eval", &script]).output();
    let run = run.expect("node 20 or newer is on the path: it builds the client too");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).expect("it says JSON")
}

/// The characters below U+0250 that the client lets into an option, once alone and once between others.
fn letters_of(option: &str) -> BTreeSet<u64> {
    let said = in_node(&format!(
        "Array.from({{ length: 0x250 }}, (_, code) => code).filter((code) => {{
           const letter = String.fromCharCode(code);
           return !options.wrong('{option}', letter) && !options.wrong('{option}', `a${{letter}}b`);
         }})"
    ));
    said.as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}

fn letters_where(is_name: impl Fn(&str) -> bool) -> BTreeSet<u64> {
    let letters = ('\0'..='\u{24f}').filter(|letter| is_name(&letter.to_string()) && is_name(&format!("a{letter}b")));
    letters.map(u64::from).collect()
}

#[test]
fn the_client_lets_through_the_channels_that_the_server_takes_and_no_others() {
    assert_eq!(letters_of("channel"), letters_where(|name| ChannelName::parse(name).is_ok()));
    let longest = in_node("[0, 1, 2].map((n) => !options.wrong('channel', 'a'.repeat(95 + n)))");
    assert_eq!(longest, serde_json::json!([true, true, false]));
    assert_eq!(limits::CHANNEL_BYTES, 96, "which is what the client says too");
}

#[test]
fn the_client_lets_through_the_pages_that_the_server_takes_and_cuts_the_longer_ones() {
    assert_eq!(letters_of("page"), letters_where(|path| PagePath::parse(path).is_ok()));
    assert_eq!(in_node("options.cut('/'.repeat(9999)).length"), limits::PAGE_BYTES);
}

#[test]
fn the_client_takes_the_intervals_that_the_engine_keeps_to() {
    let bounds = [limits::INTERVAL_MIN, limits::LEASE_MAX].map(|bound| bound.0);
    let [least, most] = bounds;
    let said =
        in_node(&format!("[{least} - 1, {least}, {most}, {most} + 1].map((ms) => !options.wrong('intervalMs', ms))"));
    assert_eq!(said, serde_json::json!([false, true, true, false]));
}

/// Beats with everything that a beat can have, and with nothing that it need not have.
fn beats() -> Vec<Dispatch> {
    let span = |start, end| Span { start: Millis(start), end: Millis(end) };
    let full = Dispatch {
        session: SessionId([0, 1, 62, 63, 64, 127, 128, 191, 192, 250, 251, 252, 253, 254, 255, 255]),
        seq: u32::MAX,
        t: limits::SESSION_AGE,
        state: PageState::Active,
        sign_out: false,
        idle: false,
        next: Some(Millis(75_000)),
        visible: vec![span(0, 10), span(20, 184_000)],
        active: Millis(61_000),
        means: Means::Fetch,
    };
    let bare = Dispatch { next: None, visible: vec![], active: Millis(0), ..full.clone() };
    let signed_out = Dispatch { state: PageState::Closed, sign_out: true, next: None, ..bare.clone() };
    let states = [PageState::Passive, PageState::Hidden, PageState::Frozen, PageState::Closed];
    let others = states.map(|state| Dispatch { state, ..full.clone() });
    let idle = Dispatch { idle: true, ..bare.clone() };
    others.into_iter().chain([full, bare, signed_out, idle]).collect()
}

#[test]
fn the_client_writes_the_beat_that_the_engine_means() {
    for beat in beats() {
        let mut said = Vec::new();
        beat.say(|number| said.push(number));
        let written = in_node(&format!("beat.readBeat({said:?})"));
        assert_eq!(written, serde_json::to_value(&beat).expect("a beat is written as JSON"));
        assert!(written.to_string().len() < 256, "{written}");
        let read = serde_json::from_value::<RawBeat>(written).expect("it is a beat").parse().expect("it is valid");
        assert_eq!(
            (read.session, read.seq, read.state, read.visible),
            (beat.session, beat.seq, beat.state, beat.visible)
        );
    }
}

#[test]
fn the_client_writes_an_id_as_the_engine_does_and_none_for_none() {
    assert_eq!(in_node("beat.readId([])"), "");
    let id = SessionId(*b"0123456789abcdef");
    assert_eq!(in_node(&format!("beat.readId({:?})", id.parts())), id.to_text());
}

#[test]
fn the_client_has_the_words_for_waiting_in_the_engines_order() {
    const HEART: &str = include_str!("../../client-wasm/js/heart.js");
    let (_, list) = HEART.split_once("const WHYS").expect("heart.js has the list");
    let words: Vec<&str> = list.split('"').nth(1).expect("it is a text").split(' ').collect();
    let whys = [
        Why::Interval,
        Why::Hidden,
        Why::Retry,
        Why::Answer,
        Why::PageChanged,
        Why::Returned,
        Why::Idle,
        Why::Asked,
        Why::Throttled,
        Why::Paused,
        Why::Refused,
        Why::Stopped,
    ];
    assert_eq!(words.len(), whys.len());
    for why in whys {
        let name = format!("{why:?}").to_lowercase();
        assert!(name.starts_with(words[why as usize]), "{name} is called {}", words[why as usize]);
    }
}
