//! `POST /sessions`: the e-mail gate. A visitor says their address, gets a session and its cookie, and goes on to the
//! content.

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};
use stillhere_engine::{
    time::Timestamp,
    wire::{Accepted, Refusal},
};

use super::{App, beat};
use crate::{
    caller::Caller,
    error::{self, Rejection},
    identity::{Source, Visit, normalise_email},
    moment,
    settings::Auth,
};

#[derive(Deserialize)]
struct Asked {
    email: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    session: String,
    user: String,
    started_at: String,
    /// Until when the cookie lets them in.
    until_at: String,
}

/// How the visitor asked, and so how they are answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    /// A script, with JSON.
    Script,
    /// The form of a page, which goes on to another page.
    Form,
}

/// Lets a visitor in.
pub(super) async fn enter(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Rejection> {
    let (identity, now) = (&app.inner.identity, app.now());
    let (Some(gate), Auth::Email(rules)) = (identity.gate(), app.inner.settings.auth()) else {
        return Err(Rejection::GateOff);
    };
    // A foreign page could make a visitor's browser be somebody else here. What is no browser has none to be misled.
    if identity.source(&headers) == Source::Foreign {
        return Err(Rejection::OriginBad);
    }
    app.inner.limiter.visit(caller)?;
    let means = match beat::content_type(&headers).as_deref() {
        Some("application/x-www-form-urlencoded") => Means::Form,
        _ if beat::is_json_or_text(&headers) => Means::Script,
        _ => return Err(Rejection::TypeWrong),
    };
    let user = normalise_email(&email(means, &beat::whole(body)?)?).map_err(Rejection::EmailBad)?;
    let mut visit = Visit::begin(gate.new_session(), user, now);
    // The session began when the driver said so.
    visit.started_at = Timestamp(app.visit(caller, &visit, now).await?.now_ms);
    // A cookie of letters, digits and dots is always a header's value.
    let cookie = gate.cookie(&visit, now).ok_or(Refusal::Busy)?;
    let answer = match means {
        Means::Form => Redirect::to(&rules.content_url).into_response(),
        Means::Script => error::created(Json(Begun {
            session: visit.session.to_text(),
            user: visit.user.as_str().to_owned(),
            started_at: moment::to_text(visit.started_at),
            until_at: moment::to_text(visit.until),
        })),
    };
    Ok(([(header::SET_COOKIE, cookie)], answer).into_response())
}

fn email(means: Means, body: &Bytes) -> Result<String, Rejection> {
    let email = match means {
        Means::Script => serde_json::from_slice::<Asked>(body).ok().map(|asked| asked.email),
        Means::Form => {
            form_urlencoded::parse(body).find(|(name, _)| name == "email").map(|(_, email)| email.into_owned())
        }
    };
    email.ok_or_else(|| {
        Rejection::EmailBad("Send `{\"email\":\"ann@example.com\"}`, or a form with a field `email`.".into())
    })
}

impl App {
    /// The beat that the server makes for a page of a visitor.
    pub(super) async fn visit(&self, caller: Caller, visit: &Visit, now: Timestamp) -> Result<Accepted, Rejection> {
        let beat = visit.beat(self.inner.settings.policy(), now);
        self.beat(caller, &visit.user, Some(visit.started_at), beat).await
    }
}
