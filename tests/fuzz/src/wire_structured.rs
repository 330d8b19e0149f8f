//! The fields of a beat, written as the client writes them and read as the server reads them; and the answer back.

use arbitrary::{Arbitrary, Unstructured};
use serde::Deserialize;
use stillhere_engine::{
    limits,
    page::PageState,
    pulse::{Dispatch, Means},
    spans::Span,
    time::Millis,
    wire::{Accepted, BadBeat, Beat, ChannelName, PagePath, RawBeat, SessionId},
};

use crate::{
    chance::{Length, Strides, Text, Told},
    wire_raw::obeys_the_limits,
};

/// A beat and its answer, as a broken or malicious client and an oddly configured server might make them.
#[derive(Debug, Arbitrary)]
struct Exchange {
    session: [u8; 16],
    seq: u32,
    t: Length,
    state: u8,
    next: Option<Length>,
    visible: Visible,
    active: Length,
    channel: Option<Text>,
    page: Option<Text>,
    token: Option<Text>,
    sign_out: bool,
    status: String,
    interval: Length,
    hidden_interval: Option<Length>,
    now_ms: u64,
    saved_seq: u32,
    idle: bool,
}

#[derive(Debug, Arbitrary)]
enum Visible {
    InOrder(Strides),
    Any(Vec<(Length, Length)>),
    Many(u8),
}

/// Both directions of one exchange.
///
/// # Panics
/// When a field does not survive the way, or is refused for a rule that it keeps.
pub fn check(bytes: &[u8]) {
    let Ok(exchange) = Exchange::arbitrary(&mut Unstructured::new(bytes)) else { return };
    let _told = Told(&exchange);
    exchange.beat();
    exchange.answer();
}

/// The body of a beat, with what only the page knows.
///
/// # Panics
/// When the engine has not written JSON.
pub(crate) fn sent(said: &Dispatch, channel: Option<String>, page: Option<String>, token: Option<String>) -> String {
    let mut body = serde_json::to_value(said).expect("a beat can be written");
    for (name, text) in [("channel", channel), ("page", page), ("token", token)] {
        if let Some(text) = text {
            body[name] = text.into();
        }
    }
    body.to_string()
}

impl Exchange {
    fn beat(&self) {
        let said = self.dispatch();
        let names = [&self.channel, &self.page, &self.token].map(|name| name.as_ref().map(|text| text.0.clone()));
        let [channel, page, token] = names.clone();
        let text = sent(&said, channel, page, token);
        let raw: RawBeat = serde_json::from_str(&text).expect("what the client writes can be read");
        assert_eq!([&raw.channel, &raw.page, &raw.token], names.each_ref());
        let broken = broken_rules(&said, names[0].as_deref(), names[1].as_deref());
        match raw.parse() {
            Ok(beat) => {
                assert!(broken.is_empty(), "{broken:?} were overlooked in {text}");
                obeys_the_limits(&beat);
                is_what_was_said(&beat, &said, names[0].as_deref(), names[1].as_deref());
            }
            Err(why) => assert_eq!(Some(&rule_of(&why)), broken.first(), "{why} {text}"),
        }
    }

    fn dispatch(&self) -> Dispatch {
        let states = [PageState::Active, PageState::Passive, PageState::Hidden, PageState::Frozen, PageState::Closed];
        let spans = match &self.visible {
            Visible::InOrder(strides) => strides.until(self.t.0),
            Visible::Any(spans) => spans.iter().map(|(start, end)| (start.0, end.0)).collect(),
            Visible::Many(count) => (0..u64::from(*count)).map(|at| (at, at)).collect(),
        };
        Dispatch {
            session: SessionId(self.session),
            seq: self.seq,
            t: Millis(self.t.0),
            state: states[usize::from(self.state) % states.len()],
            next: self.next.map(|next| Millis(next.0)),
            visible: spans.into_iter().map(|(start, end)| Span { start: Millis(start), end: Millis(end) }).collect(),
            active: Millis(self.active.0),
            sign_out: self.sign_out,
            idle: self.idle,
            means: Means::Fetch,
        }
    }

    /// The answer, written as the server writes it and read as JavaScript reads it: numbers are doubles there.
    fn answer(&self) {
        let said = Accepted {
            status: self.status.clone(),
            interval_ms: Millis(self.interval.0),
            hidden_interval_ms: self.hidden_interval.map(|interval| Millis(interval.0)),
            now_ms: self.now_ms,
            saved_seq: self.saved_seq,
        };
        let text = serde_json::to_string(&said).expect("an answer can be written");
        let read: AnswerInThePage = serde_json::from_str(&text).expect("what the server writes can be read");
        assert_eq!(read.status, said.status);
        assert_eq!(read.interval_ms, said.interval_ms.0 as f64);
        assert_eq!(read.hidden_interval_ms, said.hidden_interval_ms.map(|interval| interval.0 as f64));
        assert_eq!(read.now_ms, said.now_ms as f64);
        assert_eq!(read.saved_seq, f64::from(said.saved_seq));
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AnswerInThePage {
    status: String,
    interval_ms: f64,
    hidden_interval_ms: Option<f64>,
    now_ms: f64,
    saved_seq: f64,
}

/// The rules of the wire that these fields break, by field and in the order of the fields.
fn broken_rules(said: &Dispatch, channel: Option<&str>, page: Option<&str>) -> Vec<&'static str> {
    let spans = &said.visible;
    let is_ordered = spans.iter().all(|span| span.start <= span.end && span.end <= said.t)
        && spans.windows(2).all(|pair| pair[0].end <= pair[1].start);
    let is_path = |page: &str| !page.is_empty() && page.len() <= limits::PAGE_BYTES && !page.contains(char::is_control);
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-/@";
    let is_channel = |name: &str| {
        !name.is_empty() && name.len() <= limits::CHANNEL_BYTES && name.chars().all(|letter| letters.contains(letter))
    };
    let rules = [
        ("t", said.t <= limits::SESSION_AGE),
        ("seq", said.seq > 0),
        ("signOut", !said.sign_out || said.state == PageState::Closed),
        ("idle", !said.idle || said.next.is_none()),
        ("nextMs", said.next.is_none_or(|next| next >= limits::INTERVAL_MIN && next <= limits::LEASE_MAX)),
        ("visible, too many", spans.len() <= limits::SPANS),
        ("visible", is_ordered),
        ("activeMs", said.active <= said.t),
        ("channel", channel.is_none_or(is_channel)),
        ("page", page.is_none_or(is_path)),
    ];
    rules.into_iter().filter(|(_, holds)| !holds).map(|(field, _)| field).collect()
}

fn rule_of(why: &BadBeat) -> &'static str {
    match why {
        BadBeat::Number { field, .. } | BadBeat::Name { field, .. } => field,
        BadBeat::Spans => "visible",
        BadBeat::TooManySpans => "visible, too many",
        BadBeat::Json(_) => "JSON",
        BadBeat::Session => "session",
        BadBeat::SignOut => "signOut",
        BadBeat::Idle => "idle",
        BadBeat::Ago => "agoMs",
    }
}

fn is_what_was_said(beat: &Beat, said: &Dispatch, channel: Option<&str>, page: Option<&str>) {
    assert_eq!((beat.session, beat.seq, beat.t, beat.state), (said.session, said.seq, said.t, said.state));
    assert_eq!((beat.next, &beat.visible, beat.active), (said.next, &said.visible, said.active));
    assert_eq!((beat.sign_out, beat.idle), (said.sign_out, said.idle));
    assert_eq!(beat.channel.as_str(), channel.unwrap_or(ChannelName::DEFAULT));
    assert_eq!(beat.page.as_ref().map(PagePath::as_str), page);
}
