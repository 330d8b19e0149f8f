//! Where requests meet their limits, and refusals are counted.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request},
    http::{Method, request},
    response::{IntoResponse, Response},
};
use stillhere_engine::{
    time::Timestamp,
    wire::{Accepted, Beat, Refusal, UserId},
};

use super::{App, Parts};
use crate::{
    caller::{Caller, Peer},
    error::{Code, Rejection, is_nonsense},
    identity::Who,
    limiter::{Limiter, Throttled, Turn},
    limits,
    openapi::route,
};

/// Whom the request is from, by its connection or by the word of a proxy.
impl FromRequestParts<App> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut request::Parts, app: &App) -> Result<Self, Infallible> {
        let peer = Peer::from_request_parts(parts, app).await?;
        Ok(app.inner.proxies.caller(peer, &parts.headers))
    }
}

impl App {
    /// What bounds how much is asked, for whoever keeps it small.
    pub(crate) fn limiter(&self) -> Arc<Limiter> {
        Arc::clone(&self.inner.limiter)
    }

    /// Takes the beat of somebody with a token, and remembers what lists show of them: before anybody can be told that they
    /// have come, so that a chat is told by name.
    pub(super) async fn beat_of(&self, caller: Caller, who: &Arc<Who>, beat: Beat) -> Result<Accepted, Rejection> {
        self.inner.profiles.note(who);
        self.beat(caller, &who.user, who.issued_at, beat).await
    }

    /// Takes a beat, if it is not too much.
    pub(super) async fn beat(
        &self,
        caller: Caller,
        user: &UserId,
        issued_at: Option<Timestamp>,
        beat: Beat,
    ) -> Result<Accepted, Rejection> {
        let Parts { presence, limiter, .. } = &*self.inner;
        let session = beat.session;
        match limiter.beat(caller, user, session)? {
            Turn::Free => {}
            Turn::IfOpen(_) if presence.is_open(user.clone(), session).await? => {}
            Turn::IfOpen(after) => return Err(Throttled(after).into()),
        }
        let accepted = presence.beat(user.clone(), issued_at, beat).await?;
        limiter.took(session);
        Ok(accepted)
    }

    /// What is no beat is bounded by its address.
    pub(super) fn bound(&self, caller: Caller, request: &Request) -> Result<(), Throttled> {
        let path = request.uri().path().strip_prefix(self.inner.settings.base_path());
        let is_its_own = |path| [route::BEAT.path, route::GATE.path].contains(&path);
        let has_its_own = request.method() == Method::POST && path.is_some_and(is_its_own);
        if has_its_own { Ok(()) } else { self.inner.limiter.request(caller) }
    }

    /// Counts the answer if it is a refusal. An address that is told again and again that its token is no good is told to wait,
    /// and one that goes on saying what no page says is made to.
    pub(super) async fn count_refusal(&self, caller: Caller, mut response: Response) -> Response {
        if response.extensions().get() == Some(&Code::of(&Refusal::TokenBad.into()))
            && let Err(throttled) = self.inner.limiter.bad_token(caller)
        {
            response = Rejection::from(throttled).into_response();
        }
        if is_nonsense(&response) && self.inner.limiter.nonsense(caller).is_err() {
            pause(self).await;
        }
        if let Some(Code(code)) = response.extensions().get() {
            self.inner.metrics.refusal(code);
        }
        response
    }
}

/// Refusing costs as much as answering. Whoever waits for the answer does not ask again meanwhile, and nobody else waits.
async fn pause(app: &App) {
    let (mut stop, clock) = (app.inner.stop.clone(), app.inner.presence.clock());
    let over = clock.now().after(limits::NONSENSE_PAUSE);
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        () = clock.reached(over) => {}
    }
}
