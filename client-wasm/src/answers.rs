//! The answer that is waited for.
//!
//! Only the newest beat's: it knows all that those of the beats before it do. It is a future, and a bell rings when it
//! has come. There is no more to do then than to take it, so no queue of tasks runs it: that would weigh a kilobyte.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake},
};

use js_sys::Promise;
use stillhere_engine::pulse::Input;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::{numbers, runner};

/// Rings when the answer has come.
struct Bell;

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        listen();
    }
}

/// Waits for what `answer` says of a beat.
pub(crate) fn expect(answer: Promise) {
    runner::with(|runner| runner.answer = Some(JsFuture::from(answer)));
    listen();
}

/// Tells the pulse what has come, or is there when it does.
fn listen() {
    let come = runner::with(|runner| {
        let bell = Arc::new(Bell).into();
        let answer = Pin::new(runner.answer.as_mut()?);
        let Poll::Ready(Ok(said)) = answer.poll(&mut Context::from_waker(&bell)) else { return None };
        // Whether it is another session's by now, JavaScript has asked when the answer came.
        Some((runner.pulse.session(), said))
    });
    if let Some((session, said)) = come.flatten()
        && let Some((seq, outcome)) = numbers::outcome(&said.unchecked_into())
    {
        runner::tell(Input::Answered { session, seq, outcome });
    }
}
