//! Runs the pulse: tells it what happens, does what it says, wakes it when it wants.
//!
//! Nobody else reads a clock. Whatever may run foreign code (a patched `fetch`, the page's token function) runs
//! while nothing is borrowed, so it may call back.

use std::cell::Cell;

use gloo_timers::callback::Timeout;
use js_sys::Date;
use stillhere_engine::{
    pulse::{Input, Means, Output, Pulse, Why},
    time::{Instant, Now, Timestamp},
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::Document;

use crate::{answers, events::Face, page};

/// What beats.
pub(crate) struct Runner {
    pub(crate) pulse: Pulse,
    pub(crate) face: Face,
    pub(crate) document: Document,
    pub(crate) answer: Option<JsFuture>,
    wait: (Instant, Why),
    timer: Option<Timeout>,
}

thread_local! {
    static RUNNER: Cell<Option<Box<Runner>>> = const { Cell::new(None) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The heart begins to beat with the next that it is told, in place of any other.
pub(crate) fn begin(pulse: Pulse, face: Face, document: Document) {
    let (answer, wait) = (None, (Instant::NEVER, Why::Stopped));
    RUNNER.set(Some(Box::new(Runner { pulse, face, document, answer, wait, timer: None })));
}

/// Lets go of everything. After it there is no timer.
pub(crate) fn end() {
    drop(RUNNER.take());
}

/// Sees what the browser is doing with the page.
pub(crate) fn look(has_focus: bool) {
    if let Some(state) = with(|runner| page::state(&runner.document, has_focus)) {
        tell(Input::Page(state));
    }
}

/// Tells the pulse what has happened and does what it says.
pub(crate) fn tell(input: Input) {
    let now = now();
    with(|runner| runner.pulse.handle_input(input, now));
    while let Some((output, face)) = with(|runner| (runner.pulse.poll_output(), runner.face.clone())) {
        match output {
            Output::Send(beat) => {
                beat.say(|number| face.add(number as f64));
                let parts = beat.means == Means::Beacon;
                let answer = face.send(parts);
                if !parts {
                    answers::expect(answer);
                }
            }
            Output::Ended(session) => {
                face.name(session);
                face.ended();
            }
            Output::Wait { until, .. } => {
                with(|runner| runner.wait_until(until, now));
                break;
            }
        }
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
            self.face.wait(millis_until(due.0, now), due.1 as u32);
        }
    }
}

/// Lends the runner, if one beats.
pub(crate) fn with<R>(act: impl FnOnce(&mut Runner) -> R) -> Option<R> {
    let mut runner = RUNNER.take()?;
    let said = act(&mut runner);
    RUNNER.set(Some(runner));
    Some(said)
}

/// Both clocks.
pub(crate) fn now() -> Now {
    // The casts drop a fraction of a millisecond.
    Now { instant: Instant(performance_now() as u64), wall: Timestamp(Date::now() as u64) }
}

fn millis_until(until: Instant, now: Now) -> f64 {
    if until == Instant::NEVER { f64::INFINITY } else { until.since(now.instant).0 as f64 }
}
