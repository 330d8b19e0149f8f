//! What a server's answer means for the beat that it answers.

use stillhere_engine::{pulse::Outcome, time::Millis};
use wasm_bindgen::JsValue;

use crate::keyed::{get, number};

/// An answer, read but not yet judged.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The body; `undefined` when it is no JSON.
    pub(crate) json: JsValue,
    /// The header of that name, for what a proxy says.
    pub(crate) retry_after: Option<Millis>,
}

/// Something that the page's developer should hear of.
pub(crate) struct Complaint {
    pub(crate) code: String,
    pub(crate) message: JsValue,
}

impl Answer {
    /// The outcome, and what there is to complain about.
    pub(crate) fn judge(&self) -> (Outcome, Option<Complaint>) {
        if self.status == 200
            && let Some(accepted) = accepted(&self.json)
        {
            return (accepted, None);
        }
        let error = get(&self.json, "error");
        let code = get(&error, "code").as_string();
        let after = number(&error, "retryAfterMs").map(Millis).or(self.retry_after).unwrap_or_default();
        let outcome = refusal(self.status, code.as_deref(), get(&error, "retry").is_truthy(), after);
        let complaint = Complaint { code: code.unwrap_or_else(|| "no_answer".into()), message: get(&error, "message") };
        (outcome, Some(complaint))
    }
}

/// `None` when it is not the policy that every accepted beat is answered with: perhaps a hotel's log-in page.
fn accepted(json: &JsValue) -> Option<Outcome> {
    Some(Outcome::Accepted {
        interval: Millis(number(json, "intervalMs")?),
        hidden_interval: number(json, "hiddenIntervalMs").map(Millis),
        saved_seq: number(json, "savedSeq").unwrap_or(0) as u32,
    })
}

/// Which outcome a refusal is. Without a code it is not from our server but from something on the way to it.
fn refusal(status: u16, code: Option<&str>, retry: bool, after: Millis) -> Outcome {
    match code {
        // Of another: somebody else has logged in since this tab began. Their stay is a session of its own.
        Some("session_ended" | "session_of_another") => Outcome::Ended,
        None | Some("token_missing" | "token_bad") => Outcome::Retry { after },
        Some(_) if retry || status >= 500 || status == 429 || status == 408 => Outcome::Retry { after },
        Some(_) => Outcome::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, code: Option<&str>, retry: bool, expected: Outcome) {
        assert_eq!(refusal(status, code, retry, Millis(7)), expected, "{status} {code:?}");
    }

    #[test]
    fn a_refusal_ends_the_session_the_beat_or_nothing() {
        let again = Outcome::Retry { after: Millis(7) };
        check(410, Some("session_ended"), false, Outcome::Ended);
        check(403, Some("session_of_another"), false, Outcome::Ended);
        check(401, Some("token_bad"), false, again.clone());
        check(503, Some("store_down"), true, again.clone());
        check(429, Some("too_many_sessions"), true, again.clone());
        check(500, Some("panic"), false, again.clone());
        check(404, None, false, again);
        check(404, Some("channel_unknown"), false, Outcome::Refused);
        check(400, Some("beat_bad"), false, Outcome::Refused);
    }
}
