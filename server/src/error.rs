//! Every way in which a request can be refused: whose fault it is, and whether to try again. The only place that
//! knows status codes.

use axum::{
    Json,
    extract::rejection::{BytesRejection, FailedToBufferBody, JsonRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use stillhere_engine::{
    time::Millis,
    wire::{BadBeat, Refusal},
};

use crate::{limiter::Throttled, limits};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// A rule of the engine.
    Engine(Refusal),
    /// A beat without a body, and without a session to stand for one.
    BeatEmpty,
    /// A body that is not what the route takes; the sentence says what is wrong.
    BodyBad(String),
    /// A body over its limit.
    BodyTooLong,
    /// The line broke while the body came in.
    BodyLost,
    /// A body that says it is something else than JSON or plain text.
    TypeWrong,
    /// The route exists, for other methods.
    MethodWrong,
    /// There is nothing here.
    Unknown,
    /// A part of the address after `?` breaks a rule; the sentence says which.
    QueryBad(String),
    /// A cookie says who it is, and a page that is not ours has it sent.
    OriginBad,
    /// Without authentication, a request by a name that is not only this machine's.
    HostBad,
    /// Somebody wants to come through a gate that is not there.
    GateOff,
    /// No e-mail address; the sentence says why not.
    EmailBad(String),
    /// As many watch as may.
    TooManyWatchers,
    /// As many sockets are open as may be.
    TooManySockets,
    /// Somebody asks for a socket and does not want one.
    UpgradeMissing,
    /// A socket on which nobody says anything.
    Silent,
    /// Somebody asks for figures that are not for them.
    MetricsClosed,
    /// More than one session, user or address may ask; after this time there is a turn.
    Throttled(Millis),
    /// The answer took too long.
    Late,
    /// The browser's side was not there when this server was built.
    ClientUnbuilt,
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self::Engine(refusal)
    }
}

impl From<Throttled> for Rejection {
    fn from(Throttled(after): Throttled) -> Self {
        Self::Throttled(after)
    }
}

impl From<JsonRejection> for Rejection {
    fn from(why: JsonRejection) -> Self {
        match why {
            JsonRejection::MissingJsonContentType(_) => Self::TypeWrong,
            JsonRejection::BytesRejection(BytesRejection::FailedToBufferBody(
                FailedToBufferBody::LengthLimitError(_),
            )) => Self::BodyTooLong,
            JsonRejection::BytesRejection(_) => Self::BodyLost,
            other => Self::BodyBad(format!("{}.", other.body_text())),
        }
    }
}

/// The code of a refusal, beside the answer that says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) &'static str);

impl Code {
    /// That of a rejection.
    pub(crate) const fn of(rejection: &Rejection) -> Self {
        Self(rejection.code())
    }
}

/// Whether it answers what no page of ours says: no beat, no good token, or far too much.
pub(crate) fn is_nonsense(response: &Response) -> bool {
    use StatusCode as Status;
    let senseless =
        [Status::BAD_REQUEST, Status::UNAUTHORIZED, Status::PAYLOAD_TOO_LARGE, Status::UNSUPPORTED_MEDIA_TYPE];
    senseless.contains(&response.status())
}

/// `{"error":{"code":…,"message":…,"retry":…}}`
#[derive(Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    error: ErrorText,
}

/// What is told of a rejection.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorText {
    code: &'static str,
    message: String,
    retry: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl Rejection {
    /// The answer with `"success": false` beside the error, as pages of an older system expect it.
    pub(crate) fn with_success(&self) -> Response {
        self.respond(Some(false))
    }

    fn respond(&self, success: Option<bool>) -> Response {
        let retry_after_ms = self.retry_after_ms();
        let mut response = (self.status(), Json(Body { success, error: self.text() })).into_response();
        // Whoever counts refusals finds the code here.
        response.extensions_mut().insert(Code::of(self));
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(ms) = retry_after_ms {
            // Whole seconds, and never too early.
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    /// What is told of it where there is no status code.
    pub(crate) fn text(&self) -> ErrorText {
        let retry_after_ms = self.retry_after_ms();
        ErrorText { code: self.code(), message: self.message(), retry: self.retry(), retry_after_ms }
    }

    /// What a socket ends with: the status code, in the thousand that is an application's own (RFC 6455, 7.4.2).
    pub(crate) const fn close_code(&self) -> u16 {
        4_000 + self.status_number()
    }

    /// One of each kind, for the description of the API.
    pub(crate) fn every() -> Vec<Self> {
        let engine = [
            Refusal::BadBeat(BadBeat::Json(String::new())),
            Refusal::TokenMissing,
            Refusal::TokenBad,
            Refusal::NotAllowed,
            Refusal::SessionOfAnother,
            Refusal::ChannelUnknown,
            Refusal::SessionEnded,
            Refusal::TooManySessions,
            Refusal::NoSession,
            Refusal::PunchedAlready,
            Refusal::PunchesOff,
            Refusal::StoreDown,
            Refusal::Busy,
        ];
        let own = [
            Self::BeatEmpty,
            Self::BodyBad(String::new()),
            Self::BodyTooLong,
            Self::BodyLost,
            Self::TypeWrong,
            Self::MethodWrong,
            Self::Unknown,
            Self::QueryBad(String::new()),
            Self::OriginBad,
            Self::HostBad,
            Self::GateOff,
            Self::EmailBad(String::new()),
            Self::TooManyWatchers,
            Self::TooManySockets,
            Self::UpgradeMissing,
            Self::Silent,
            Self::MetricsClosed,
            Self::Throttled(Millis::ZERO),
            Self::Late,
            Self::ClientUnbuilt,
        ];
        engine.map(Self::Engine).into_iter().chain(own).collect()
    }

    /// Its status code as a number.
    pub(crate) const fn status_number(&self) -> u16 {
        self.status().as_u16()
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Engine(refusal) => match refusal {
                Refusal::BadBeat(_) => StatusCode::BAD_REQUEST,
                Refusal::TokenMissing | Refusal::TokenBad => StatusCode::UNAUTHORIZED,
                Refusal::NotAllowed | Refusal::SessionOfAnother => StatusCode::FORBIDDEN,
                Refusal::ChannelUnknown => StatusCode::NOT_FOUND,
                Refusal::SessionEnded => StatusCode::GONE,
                Refusal::TooManySessions => StatusCode::TOO_MANY_REQUESTS,
                Refusal::NoSession | Refusal::PunchedAlready | Refusal::PunchesOff => StatusCode::CONFLICT,
                Refusal::StoreDown | Refusal::Busy => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::BeatEmpty | Self::BodyBad(_) | Self::BodyLost | Self::QueryBad(_) | Self::EmailBad(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::OriginBad | Self::HostBad | Self::MetricsClosed => StatusCode::FORBIDDEN,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TypeWrong => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::MethodWrong => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unknown | Self::GateOff => StatusCode::NOT_FOUND,
            Self::UpgradeMissing => StatusCode::UPGRADE_REQUIRED,
            Self::Silent => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyWatchers | Self::TooManySockets | Self::Late | Self::ClientUnbuilt => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Engine(refusal) => refusal.code(),
            Self::BeatEmpty => "beat_empty",
            Self::BodyBad(_) => "body_bad",
            Self::BodyTooLong => "body_too_long",
            Self::BodyLost => "body_lost",
            Self::TypeWrong => "type_wrong",
            Self::MethodWrong => "method_wrong",
            Self::Unknown => "not_found",
            Self::QueryBad(_) => "query_bad",
            Self::OriginBad => "origin_bad",
            Self::HostBad => "host_bad",
            Self::GateOff => "gate_off",
            Self::EmailBad(_) => "email_bad",
            Self::TooManyWatchers => "too_many_watchers",
            Self::TooManySockets => "too_many_sockets",
            Self::UpgradeMissing => "upgrade_missing",
            Self::Silent => "silent",
            Self::MetricsClosed => "metrics_closed",
            Self::Throttled(_) => "throttled",
            Self::Late => "late",
            Self::ClientUnbuilt => "client_unbuilt",
        }
    }

    /// Whether the same request may succeed later.
    pub(crate) const fn retry(&self) -> bool {
        match self {
            Self::Engine(refusal) => refusal.retry(),
            Self::BodyLost
            | Self::TooManyWatchers
            | Self::TooManySockets
            | Self::Throttled(_)
            | Self::Silent
            | Self::Late => true,
            _ => false,
        }
    }

    /// When it may be different: a moment for what passes by itself, longer where somebody has to leave first.
    const fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::Engine(Refusal::Busy | Refusal::StoreDown | Refusal::NoSession) | Self::Late => Some(1_000),
            Self::Throttled(after) => Some(after.0),
            Self::Engine(Refusal::TooManySessions) | Self::TooManyWatchers | Self::TooManySockets => Some(10_000),
            _ => None,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Engine(refusal) => refusal.message(),
            Self::BeatEmpty => {
                "The body is empty, and no cookie of the e-mail gate stands for one; a beat names at least \
                                `session`, `seq`, `t` and `state`."
                    .into()
            }
            Self::BodyTooLong => {
                format!("The body is over {} bytes; a beat needs less.", stillhere_engine::limits::BEAT_BYTES)
            }
            Self::BodyBad(why) => why.clone(),
            Self::BodyLost => "The body did not arrive whole; send it again.".into(),
            Self::TypeWrong => "Send JSON as application/json or, as sendBeacon does with a string, text/plain.".into(),
            Self::MethodWrong => "This route knows other methods; `Allow` lists them.".into(),
            Self::Unknown => "There is nothing at this address.".into(),
            Self::QueryBad(why) | Self::EmailBad(why) => why.clone(),
            Self::OriginBad => {
                "A cookie says who asks, and the request is from no page that may use it: add the page's \
                                origin to the server's `allowed_origins`, or send a token."
                    .into()
            }
            Self::HostBad => "This server believes everybody and so answers only to names of this machine, such as \
                              localhost, and of its `allowed_origins`; give it `auth = \"jwt\"` to be reached by others."
                .into(),
            Self::GateOff => {
                "This server has no e-mail gate; its settings would have to say `auth = \"email\"`.".into()
            }
            Self::TooManyWatchers => {
                format!("{} watchers are here, which is all that there is room for; try again later.", limits::WATCHERS)
            }
            Self::TooManySockets => {
                format!("{} sockets are open, which is all that there is room for; try again later.", limits::SOCKETS)
            }
            Self::UpgradeMissing => "This is a WebSocket: open it with `new WebSocket(…)`, version 13.".into(),
            Self::Silent => "Nothing has come on this socket for too long; open another one, and say hello at once.".into(),
            Self::MetricsClosed => {
                "The metrics are for programs of this machine: ask from there, give the server a STILLHERE_METRICS_TOKEN \
                 and send it, or set `metrics = \"open\"`."
                    .into()
            }
            Self::Throttled(_) => {
                "This is more than one session, user or address may ask; the session goes on, try again in a moment.".into()
            }
            Self::Late => "The answer took too long; try again in a moment.".into(),
            Self::ClientUnbuilt => "The browser's side is not built; run `cargo xtask build` and start again.".into(),
        }
    }
}

/// The answer to whoever has made something.
pub(crate) fn created(what: impl IntoResponse) -> Response {
    (StatusCode::CREATED, what).into_response()
}

/// The answer to whoever asks whether to send requests here: not now.
pub(crate) fn unready(what: impl IntoResponse) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, what).into_response()
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.respond(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_try_again_is_told_when() {
        for refusal in [Refusal::Busy, Refusal::StoreDown, Refusal::TooManySessions] {
            let response = Rejection::from(refusal.clone()).into_response();
            assert!(refusal.retry());
            assert!(response.headers().contains_key(header::RETRY_AFTER), "{refusal:?}");
        }
        let ended = Rejection::from(Refusal::SessionEnded).into_response();
        assert_eq!(ended.status(), StatusCode::GONE);
        assert!(!ended.headers().contains_key(header::RETRY_AFTER));
    }
}
