//! Runs the pulse: tells it what happens, does what it says, wakes it when it wants.
//!
//! Nobody else reads a clock. Whatever may run foreign code (a patched `fetch`, the page's token function) runs
//! while nothing is borrowed, so it may call back.

use std::cell::Cell;

use gloo_timers::callback::Timeout;
use js_sys::{Date, Function, Promise};
use stillhere_engine::{
    page::PageState,
    pulse::{Dispatch, Input, Outcome, Output, Pulse, Why},
    time::{Instant, Millis, Now, Timestamp},
    wire::SessionId,
};
use wasm_bindgen::prelude::*;
use web_sys::Event;

use crate::{
    answer::Complaint,
    events::{Face, why_name},
    keyed,
    listeners::{self, Listeners, Turn},
    options::Options,
    page, storage,
    transport::{self, Parcel},
};

struct Runner {
    pulse: Pulse,
    options: Options,
    face: Face,
    wait: (Instant, Why),
    timer: Option<Timeout>,
    /// Between `pagehide` and `pageshow`: whatever else is heard then is an echo.
    has_left: bool,
    _life: [Listeners; 2],
    /// Last, as the listeners call it. No `FnMut`: a run of that which is cut off bars all later ones.
    _callback: Closure<dyn Fn(Event)>,
}

thread_local! {
    static RUNNER: Cell<Option<Box<Runner>>> = const { Cell::new(None) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_with_chance(bytes: &mut [u8]);
}

/// The heart begins to beat, in place of any other.
pub(crate) fn begin(options: Options, face: Face) {
    let now = now();
    let mut seed = [0; 16];
    fill_with_chance(&mut seed);
    let callback = Closure::new(|event: Event| hear(&event));
    let life = Listeners::new(listeners::LIFE, Turn::First, function(&callback));
    let end = Listeners::new(listeners::END, Turn::Later, function(&callback));
    let runner = Runner {
        pulse: Pulse::begin(options.pulse.clone(), seed, storage::take(&options.url), now),
        options,
        face,
        wait: (Instant::NEVER, Why::Stopped),
        timer: None,
        has_left: false,
        _life: [life, end],
        _callback: callback,
    };
    RUNNER.set(Some(Box::new(runner)));
    tell(Input::Page(page::state()));
}

/// Sends the last word that `input` asks for; after it there is no listener, no timer and no stored session.
pub(crate) fn finish(input: Input) {
    tell(input);
    if let Some(runner) = RUNNER.take() {
        storage::take(&runner.options.url);
    }
}

/// Tells the pulse what has happened and does what it says.
pub(crate) fn tell(input: Input) {
    let now = now();
    with(|runner| runner.pulse.handle_input(input, now));
    while let Some(output) = with(|runner| runner.pulse.poll_output()) {
        match output {
            Output::Send(dispatch) => transport::send(dispatch),
            Output::Ended(session) => _ = with(|runner| runner.face.ended(&session.to_text())),
            Output::Wait { until, .. } => {
                with(|runner| runner.wait_until(until, now));
                break;
            }
        }
    }
}

/// Changes an option, and tells the server.
pub(crate) fn change(how: impl FnOnce(&mut Options)) {
    with(|runner| how(&mut runner.options));
    tell(Input::BeatNow);
}

/// The beat, ready to go out; `None` when its session is no longer this tab's.
pub(crate) fn pack(dispatch: &Dispatch) -> Option<Parcel> {
    with(|runner| (runner.pulse.session() == dispatch.session).then(|| Parcel::pack(dispatch, &runner.options)))?
}

/// A promise of the token that a beat needs before it can go out, if it needs one.
pub(crate) fn ask_for_token() -> Option<Promise> {
    let face: Face =
        with(|runner| runner.options.token.must_be_asked().then(|| JsValue::from(&runner.face).unchecked_into()))??;
    Some(face.token())
}

/// Remembers the token for the beats to come.
pub(crate) fn keep_token(token: &JsValue) {
    with(|runner| runner.options.token.keep(token));
}

/// What the server holds the user for.
pub(crate) fn status(status: JsValue) {
    with(|runner| runner.face.status(status));
}

/// The session that beats now.
pub(crate) fn session() -> Option<String> {
    with(|runner| runner.pulse.session().to_text())
}

/// How long the pulse waits from now on.
pub(crate) fn in_ms() -> f64 {
    let now = now();
    with(|runner| millis_until(runner.wait.0, now)).unwrap_or(f64::INFINITY)
}

/// What is left to know of a beat once it is out.
pub(crate) struct Receipt {
    session: SessionId,
    seq: u32,
    state: PageState,
    next: Option<Millis>,
    sent_at: Instant,
}

impl Receipt {
    /// For a beat that goes out now.
    pub(crate) fn of(dispatch: &Dispatch) -> Self {
        let &Dispatch { session, seq, state, next, .. } = dispatch;
        Self { session, seq, state, next, sent_at: now().instant }
    }

    /// Tells people what became of the beat.
    pub(crate) fn tell(&self, ok: bool) {
        let next_ms = self.next.map(|next| next.0 as f64);
        let took = now().instant.since(self.sent_at);
        with(|runner| runner.face.beat(self.seq, self.state.as_str(), next_ms, ok, took.0 as f64));
    }

    /// Tells people and the pulse.
    pub(crate) fn settle(&self, outcome: Outcome, complaint: Option<Complaint>) {
        self.tell(complaint.is_none());
        if let Some(Complaint { code, message }) = complaint {
            with(|runner| {
                if code.starts_with("token_") {
                    runner.options.token.forget();
                }
                if outcome != Outcome::Ended {
                    runner.face.error(&code, &message, outcome != Outcome::Refused);
                }
            });
        }
        tell(Input::Answered { session: self.session, seq: self.seq, outcome });
    }
}

impl Runner {
    fn wait_until(&mut self, until: Instant, now: Now) {
        // A timer may be early, by a fraction or because the wait is longer than it can count: then this comes by
        // again.
        self.timer = (until != Instant::NEVER)
            .then(|| Timeout::new(until.since(now.instant).0.min(i32::MAX as u64) as u32, || tell(Input::Timer)));
        let due = self.pulse.due();
        if self.wait != due {
            self.wait = due;
            self.face.wait(millis_until(due.0, now), why_name(due.1));
        }
    }
}

/// Everything that the listeners hear.
fn hear(event: &Event) {
    let kind = event.type_();
    if kind == "pageshow" {
        come_back();
        return;
    }
    if with(|runner| runner.has_left) != Some(false) {
        return;
    }
    match kind.as_str() {
        "visibilitychange" | "focus" | "blur" => tell(Input::Page(page::state())),
        "online" => tell(Input::Online),
        "pagehide" => {
            // Not kept for a return: to the server that is the end, unless another page goes on with the session.
            let is_kept = keyed::get(event, "persisted").is_truthy();
            leave(if is_kept { PageState::Frozen } else { PageState::Closed });
            with(|runner| runner.has_left = true);
        }
        // A browser that is short of memory may discard the page after this, without another word.
        "freeze" => leave(PageState::Frozen),
        "resume" => {
            with(|runner| storage::take(&runner.options.url));
            tell(Input::Page(page::state()));
        }
        _ => {}
    }
}

fn leave(state: PageState) {
    tell(Input::Page(state));
    with(|runner| storage::put(&runner.options.url, &runner.pulse.save()));
}

/// Out of the back/forward cache. Another page of the tab may have carried the session on meanwhile.
fn come_back() {
    // The first `pageshow`, of the page's own load, is no return.
    let saved = with(|runner| {
        let has_left = core::mem::take(&mut runner.has_left);
        has_left.then(|| storage::take(&runner.options.url))
    });
    if let Some(Some(saved)) = saved {
        tell(Input::Restore(saved));
        tell(Input::Page(page::state()));
    }
}

fn with<R>(act: impl FnOnce(&mut Runner) -> R) -> Option<R> {
    let mut runner = RUNNER.take()?;
    let said = act(&mut runner);
    RUNNER.set(Some(runner));
    Some(said)
}

fn now() -> Now {
    // The casts drop a fraction of a millisecond.
    Now { instant: Instant(performance_now() as u64), wall: Timestamp(Date::now() as u64) }
}

fn function(callback: &Closure<dyn Fn(Event)>) -> &Function {
    callback.as_ref().unchecked_ref()
}

fn millis_until(until: Instant, now: Now) -> f64 {
    if until == Instant::NEVER { f64::INFINITY } else { until.since(now.instant).0 as f64 }
}
