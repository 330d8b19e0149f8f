//! Runs the pulse: tells it what happens, does what it says, wakes it when it wants.
//!
//! Nobody else reads a clock. Whatever may run foreign code (a patched `fetch`, the page's token function) runs
//! while nothing is borrowed, so it may call back.

use core::cell::RefCell;

use gloo_timers::callback::Timeout;
use js_sys::{Date, Function};
use stillhere_engine::{
    page::PageState,
    pulse::{Dispatch, Input, Outcome, Output, Pulse, Why},
    time::{Instant, Millis, Now, Timestamp},
};
use wasm_bindgen::prelude::*;
use web_sys::Event;

use crate::{
    answer::Complaint,
    events::{Face, state_name, why_name},
    keyed,
    listeners::{self, Listeners},
    options::{Options, Wrong},
    page, storage,
    transport::{self, Parcel},
};

struct Runner {
    pulse: Pulse,
    options: Options,
    face: Face,
    wait: (Instant, Why),
    timer: Option<Timeout>,
    _life: Listeners,
    activity: Option<Listeners>,
    activity_timer: Option<Timeout>,
    /// Between `pagehide` and `pageshow`: whatever else is heard then is an echo.
    has_left: bool,
    /// Last, as the listeners call it.
    callback: Closure<dyn Fn(Event)>,
}

thread_local! {
    static RUNNER: RefCell<Option<Runner>> = const { RefCell::new(None) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn fill_with_chance(bytes: &mut [u8]) -> Result<(), JsValue>;
}

/// One event has taken care of its second.
const ACTIVITY_EVERY: Millis = Millis::seconds(1);

/// What became of a beat, for people.
pub(crate) struct Report<'a> {
    pub(crate) dispatch: &'a Dispatch,
    pub(crate) ok: bool,
    pub(crate) took: Millis,
}

/// Both clocks.
pub(crate) fn now() -> Now {
    // The casts drop a fraction of a millisecond.
    Now { instant: Instant(performance_now() as u64), wall: Timestamp(Date::now() as u64) }
}

/// The heart begins to beat, in place of any other.
pub(crate) fn begin(options: Options, face: Face) {
    let mut seed = [0; 16];
    let now = now();
    if fill_with_chance(&mut seed).is_err() {
        seed[..8].copy_from_slice(&performance_now().to_bits().to_le_bytes());
        seed[8..].copy_from_slice(&now.wall.0.to_le_bytes());
    }
    let callback = Closure::<dyn Fn(Event)>::new(hear);
    let function: &Function = callback.as_ref().unchecked_ref();
    let runner = Runner {
        pulse: Pulse::begin(options.pulse.clone(), seed, storage::take(&options.storage_key), now),
        options,
        face,
        wait: (Instant::NEVER, Why::Stopped),
        timer: None,
        _life: Listeners::new(listeners::LIFE, function),
        activity: Some(Listeners::new(listeners::ACTIVITY, function)),
        activity_timer: None,
        has_left: false,
        callback,
    };
    let _before = RUNNER.replace(Some(runner));
    tell(Input::Page(page::state()));
}

/// Sends the last word; after it there is no listener, no timer and no stored session.
pub(crate) fn stop() {
    tell(Input::Stop);
    if let Some(runner) = RUNNER.take() {
        storage::take(&runner.options.storage_key);
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
            Output::Wait { until, why } => {
                with(|runner| runner.wait_until(until, why, now));
                break;
            }
        }
    }
}

/// Changes an option and tells the server if that makes a difference.
pub(crate) fn change(how: impl FnOnce(&mut Options) -> Result<bool, Wrong>) {
    match with(|runner| how(&mut runner.options)) {
        Some(Ok(true)) => tell(Input::BeatNow),
        Some(Err(wrong)) => _ = with(|runner| runner.face.error("option_bad", &wrong.into(), false)),
        Some(Ok(false)) | None => {}
    }
}

/// The beat, ready to go out; `None` when its session is no longer this tab's.
pub(crate) fn pack(dispatch: &Dispatch) -> Option<Parcel> {
    with(|runner| (runner.pulse.session() == dispatch.session).then(|| Parcel::pack(dispatch, &runner.options)))?
}

/// What became of a beat, for the pulse and for people.
pub(crate) fn answered(report: &Report<'_>, outcome: Outcome, complaint: Option<Complaint>) {
    self::report(report);
    if let Some(Complaint { code, message }) = complaint
        && outcome != Outcome::Ended
    {
        let retry = outcome != Outcome::Refused;
        with(|runner| runner.face.error(&code, &message, retry));
    }
    tell(Input::Answered { session: report.dispatch.session, seq: report.dispatch.seq, outcome });
}

/// What became of a beat, for people only.
pub(crate) fn report(report: &Report<'_>) {
    let Report { dispatch, ok, took } = *report;
    let next_ms = dispatch.next.map(|next| next.0 as f64);
    with(|runner| runner.face.beat(dispatch.seq, state_name(dispatch.state), next_ms, ok, took.0 as f64));
}

/// What the server holds the user for.
pub(crate) fn status(status: JsValue) {
    with(|runner| runner.face.status(status));
}

/// The function to ask for a token before a beat can go out.
pub(crate) fn token_to_ask() -> Option<Function> {
    with(|runner| runner.options.token.to_ask())?
}

/// Remembers the token for the beats to come.
pub(crate) fn keep_token(token: String) {
    with(|runner| runner.options.token.keep(token));
}

/// The token is no longer good.
pub(crate) fn forget_token() {
    with(|runner| runner.options.token.forget());
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

fn with<R>(act: impl FnOnce(&mut Runner) -> R) -> Option<R> {
    RUNNER.with(|runner| runner.try_borrow_mut().ok()?.as_mut().map(act))
}

fn millis_until(until: Instant, now: Now) -> f64 {
    if until == Instant::NEVER { f64::INFINITY } else { until.since(now.instant).0 as f64 }
}

impl Runner {
    fn wait_until(&mut self, until: Instant, why: Why, now: Now) {
        // After a timer that was early (they are, by fractions) the wait is the same and the timer is gone.
        let ms = until.since(now.instant).0.min(i32::MAX as u64) as u32;
        self.timer = (until != Instant::NEVER).then(|| Timeout::new(ms, || tell(Input::Timer)));
        if self.wait != (until, why) {
            self.wait = (until, why);
            self.face.wait(millis_until(until, now), why_name(why));
        }
    }

    /// One input a second is enough: until then nothing listens, and typing costs nothing.
    fn rest(&mut self) {
        self.activity = None;
        self.activity_timer = Some(Timeout::new(ACTIVITY_EVERY.0 as u32, || _ = with(Self::listen)));
    }

    fn listen(&mut self) {
        self.activity = Some(Listeners::new(listeners::ACTIVITY, self.callback.as_ref().unchecked_ref()));
    }
}

/// Everything that the listeners hear.
fn hear(event: Event) {
    let kind = event.type_();
    let has_left = with(|runner| runner.has_left) == Some(true);
    match kind.as_str() {
        "pageshow" => {
            // The first one, of the page's own load, is no return.
            if has_left {
                come_back();
            }
        }
        _ if has_left => {}
        "pagehide" => {
            // Not kept for a return: to the server that is the end, unless another page goes on with the session.
            let is_kept = keyed::get(&event, "persisted").is_truthy();
            leave(if is_kept { PageState::Frozen } else { PageState::Closed });
            with(|runner| runner.has_left = true);
        }
        // A browser that is short of memory may discard the page after this, without another word.
        "freeze" => leave(PageState::Frozen),
        "resume" => {
            with(|runner| storage::take(&runner.options.storage_key));
            tell(Input::Page(page::state()));
        }
        "online" => tell(Input::Online),
        "visibilitychange" | "focus" | "blur" => tell(Input::Page(page::state())),
        _ => {
            with(Runner::rest);
            tell(Input::Activity);
        }
    }
}

fn leave(state: PageState) {
    tell(Input::Page(state));
    with(|runner| storage::put(&runner.options.storage_key, &runner.pulse.save()));
}

/// Out of the back/forward cache. Another page of the tab may have carried the session on meanwhile.
fn come_back() {
    let saved = with(|runner| {
        runner.has_left = false;
        storage::take(&runner.options.storage_key)
    });
    if let Some(Some(saved)) = saved {
        tell(Input::Restore(saved));
    }
    tell(Input::Page(page::state()));
}
