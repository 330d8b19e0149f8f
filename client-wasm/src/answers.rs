//! The answers that are waited for.
//!
//! Each is a future, and a bell rings when one has come. There is never more to do then than to take it, so no queue of
//! tasks runs them: that would weigh a kilobyte.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake},
};

use js_sys::Promise;
use stillhere_engine::{pulse::Input, wire::SessionId};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::{numbers, runner};

/// Of beats that are under way.
#[derive(Default)]
pub(crate) struct Answers(Vec<Awaited>);

struct Awaited {
    session: SessionId,
    seq: u32,
    answer: JsFuture,
}

/// Rings when an answer has come.
struct Bell;

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        listen();
    }
}

impl Answers {
    /// Waits for what `answer` says of a beat, once somebody [`listen`]s.
    pub(crate) fn expect(&mut self, answer: Promise, session: SessionId, seq: u32) {
        self.0.push(Awaited { session, seq, answer: answer.into() });
    }

    /// One that has come, if one has. For all others the bell is armed.
    fn next(&mut self) -> Option<(Awaited, Result<JsValue, JsValue>)> {
        let bell = Arc::new(Bell).into();
        let mut context = Context::from_waker(&bell);
        for at in 0..self.0.len() {
            if let Poll::Ready(said) = Pin::new(&mut self.0[at].answer).poll(&mut context) {
                return Some((self.0.swap_remove(at), said));
            }
        }
        None
    }
}

/// Tells the pulse what has come, and is there when more does.
pub(crate) fn listen() {
    while let Some((Awaited { session, seq, .. }, said)) = runner::with(|runner| runner.answers.next()).flatten() {
        if let Ok(said) = said
            && let Some(outcome) = numbers::outcome(&said.unchecked_into())
        {
            runner::tell(Input::Answered { session, seq, outcome });
        }
    }
}
