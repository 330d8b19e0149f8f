//! Beats onto the wire: `fetch` while the page lives, `sendBeacon` for its last word, each the other's fallback.
//!
//! The body is text, the token lies in it and no header is set, so no browser asks the server beforehand.

use js_sys::{Object, Promise};
use stillhere_engine::{
    pulse::{Dispatch, Means, Outcome},
    time::Millis,
    wire::{RawBeat, to_json},
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Response;

use crate::{
    answer::{Answer, Complaint},
    keyed::{get, set},
    options::Options,
    page,
    runner::{self, Report},
    token,
};

/// A beat as it goes out.
pub(crate) struct Parcel {
    url: String,
    body: String,
    credentials: JsValue,
}

impl Parcel {
    /// The beat, with the channel, page and token of this moment.
    pub(crate) fn pack(dispatch: &Dispatch, options: &Options) -> Self {
        let beat = RawBeat {
            session: dispatch.session.to_text(),
            seq: dispatch.seq.into(),
            t: dispatch.t.into(),
            state: dispatch.state,
            next_ms: dispatch.next.map(Into::into),
            visible: dispatch.visible.iter().map(|span| (span.start.into(), span.end.into())).collect(),
            active_ms: dispatch.active.into(),
            channel: options.channel.clone(),
            page: options.page.clone(),
            token: options.token.known(),
        };
        Self {
            url: options.url.clone(),
            // A beat has nothing that the serializer does not know.
            body: to_json(&beat).unwrap_or_default(),
            credentials: options.credentials.clone(),
        }
    }

    fn fetch(&self) -> Result<JsFuture, JsValue> {
        let how = Object::new();
        set(&how, "method", &"POST".into());
        set(&how, "body", &self.body.as_str().into());
        set(&how, "keepalive", &JsValue::TRUE);
        if !self.credentials.is_undefined() {
            set(&how, "credentials", &self.credentials);
        }
        fetch(&self.url, &how).map(JsFuture::from)
    }

    /// True when the browser has taken it.
    fn beacon(&self) -> bool {
        // Absent in a few privacy browsers, where the call throws.
        page::window().navigator().send_beacon_with_opt_str(&self.url, Some(&self.body)).unwrap_or(false)
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, how: &JsValue) -> Result<Promise, JsValue>;
}

/// Sends a beat; the runner hears what became of it.
pub(crate) fn send(dispatch: Dispatch) {
    match dispatch.means {
        Means::Fetch => spawn_local(deliver(dispatch)),
        Means::Beacon => part(&dispatch),
    }
}

/// The page may be gone before anything is answered: no step of this waits.
fn part(dispatch: &Dispatch) {
    let Some(parcel) = runner::pack(dispatch) else { return };
    let mut is_out = parcel.beacon();
    if !is_out && let Ok(answer) = parcel.fetch() {
        is_out = true;
        // Nobody needs the answer, but a rejection that nobody awaits would stand in the page's console.
        spawn_local(async {
            let _ = answer.await;
        });
    }
    runner::report(&Report { dispatch, ok: is_out, took: Millis::ZERO });
}

async fn deliver(dispatch: Dispatch) {
    if let Some(function) = runner::token_to_ask() {
        match token::ask(function).await {
            Ok(token) => runner::keep_token(token),
            Err(thrown) => {
                let complaint = Complaint { code: "token_function".into(), message: thrown };
                let outcome = Outcome::Retry { after: Millis::ZERO };
                runner::answered(
                    &Report { dispatch: &dispatch, ok: false, took: Millis::ZERO },
                    outcome,
                    Some(complaint),
                );
                return;
            }
        }
    }
    let Some(parcel) = runner::pack(&dispatch) else { return };
    let sent_at = runner::now().instant;
    let answer = match parcel.fetch() {
        Ok(answer) => read(answer).await,
        // Something in the page has broken `fetch`. The beacon's answer is never seen, so the beat counts as
        // lost, but the server has it.
        Err(_) => {
            parcel.beacon();
            Answer { status: 0, json: JsValue::UNDEFINED, retry_after: None }
        }
    };
    let took = runner::now().instant.since(sent_at);
    let (outcome, complaint) = answer.judge();
    if complaint.as_ref().is_some_and(|complaint| complaint.code.starts_with("token_")) {
        runner::forget_token();
    }
    if complaint.is_none() {
        runner::status(get(&answer.json, "status"));
    }
    runner::answered(&Report { dispatch: &dispatch, ok: complaint.is_none(), took }, outcome, complaint);
}

async fn read(answer: JsFuture) -> Answer {
    let Ok(response) = answer.await else {
        return Answer { status: 0, json: JsValue::UNDEFINED, retry_after: None };
    };
    let response: Response = response.unchecked_into();
    let json = match response.json() {
        Ok(json) => JsFuture::from(json).await.unwrap_or(JsValue::UNDEFINED),
        Err(_) => JsValue::UNDEFINED,
    };
    Answer { status: response.status(), json, retry_after: None }
}
