//! Beats onto the wire: `fetch` while the page lives, `sendBeacon` for its last word, each the other's fallback.
//!
//! The body is text, the token lies in it and no header is set, so no browser asks the server beforehand.

use js_sys::{Object, Promise};
use stillhere_engine::{
    pulse::{Dispatch, Means, Outcome},
    time::Millis,
    wire::to_json,
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Response;

use crate::{
    answer::{Answer, Complaint},
    keyed,
    options::Options,
    runner::{self, Receipt},
};

#[wasm_bindgen]
extern "C" {
    // Foreign code has patched it in many a page, and may throw at once.
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, how: &JsValue) -> Result<Promise, JsValue>;

    // Absent in a few privacy browsers, where the call throws.
    #[wasm_bindgen(catch, js_namespace = navigator, js_name = sendBeacon)]
    fn send_beacon(url: &str, body: &str) -> Result<bool, JsValue>;
}

/// A beat as it goes out.
pub(crate) struct Parcel {
    url: String,
    body: String,
    credentials: Option<JsValue>,
}

impl Parcel {
    /// The beat, with the channel, page and token of this moment.
    pub(crate) fn pack(dispatch: &Dispatch, options: &Options) -> Self {
        let beat = dispatch.on_the_wire(options.channel.clone(), options.page.clone(), options.token.known());
        Self {
            url: options.url.clone(),
            // A beat has nothing that the serializer does not know.
            body: to_json(&beat).unwrap_or_default(),
            credentials: options.credentials.clone(),
        }
    }

    fn fetch(&self) -> Result<JsFuture, JsValue> {
        let how = Object::new();
        keyed::set(&how, "method", &"POST".into());
        keyed::set(&how, "body", &self.body.as_str().into());
        keyed::set(&how, "keepalive", &JsValue::TRUE);
        if let Some(credentials) = &self.credentials {
            keyed::set(&how, "credentials", credentials);
        }
        fetch(&self.url, &how).map(JsFuture::from)
    }

    /// True when the browser has taken it.
    fn beacon(&self) -> bool {
        send_beacon(&self.url, &self.body).unwrap_or(false)
    }
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
    let receipt = Receipt::of(dispatch);
    let mut is_out = parcel.beacon();
    if !is_out && let Ok(answer) = parcel.fetch() {
        is_out = true;
        // Nobody needs the answer, but a rejection that nobody awaits would stand in the page's console.
        spawn_local(async {
            let _ = answer.await;
        });
    }
    receipt.tell(is_out);
}

async fn deliver(dispatch: Dispatch) {
    if let Some(token) = runner::ask_for_token() {
        match JsFuture::from(token).await {
            Ok(token) => runner::keep_token(&token),
            Err(thrown) => {
                let complaint = Complaint { code: "token_function".into(), message: thrown };
                Receipt::of(&dispatch).settle(Outcome::Retry { after: Millis::ZERO }, Some(complaint));
                return;
            }
        }
    }
    let Some(parcel) = runner::pack(&dispatch) else { return };
    let receipt = Receipt::of(&dispatch);
    drop(dispatch);
    let answer = match parcel.fetch() {
        Ok(answer) => answer.await,
        Err(thrown) => {
            // The beacon's answer is never seen, so the beat counts as lost, but the server has it.
            parcel.beacon();
            Err(thrown)
        }
    };
    drop(parcel);
    let answer = match answer {
        Ok(response) => read(response.unchecked_into()).await,
        Err(_) => Answer { status: 0, json: JsValue::UNDEFINED, retry_after: None },
    };
    let (outcome, complaint) = answer.judge();
    if complaint.is_none() {
        runner::status(keyed::get(&answer.json, "status"));
    }
    receipt.settle(outcome, complaint);
}

async fn read(response: Response) -> Answer {
    let json = match response.json() {
        Ok(json) => JsFuture::from(json).await.unwrap_or(JsValue::UNDEFINED),
        Err(_) => JsValue::UNDEFINED,
    };
    Answer { status: response.status(), json, retry_after: retry_after(&response) }
}

/// Whole seconds; a proxy that names a date instead is not waited for.
fn retry_after(response: &Response) -> Option<Millis> {
    let seconds = response.headers().get("retry-after").ok()??;
    let digits = seconds.bytes().map(|digit| u64::from(digit.wrapping_sub(b'0')));
    Some(Millis::seconds(digits.fold(0, |number, digit| number.saturating_mul(10).saturating_add(digit))))
}
