//! One request to an endpoint.

use std::{error::Error, io, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, header, response::Parts},
};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use stillhere_engine::time::{Millis, Timestamp};
use tokio::time::timeout;

use super::{Format, Hook, signature::sign};
use crate::{limits, moment, store::Letter};

/// What every letter is sent as.
const SENDER: &str = concat!("stillhere/", env!("CARGO_PKG_VERSION"));

/// Why a letter was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// A sentence without the address.
    pub(crate) why: String,
    /// How long the endpoint wants to be left alone.
    pub(super) asked: Option<Millis>,
    /// The endpoint says that there will never be anybody.
    pub(super) is_gone: bool,
}

impl Failure {
    fn new(mut why: String) -> Self {
        let end = (0..=limits::WEBHOOK_WHY_BYTES.min(why.len())).rev().find(|&end| why.is_char_boundary(end));
        why.truncate(end.unwrap_or_default());
        Self { why, asked: None, is_gone: false }
    }
}

/// Sends letters. Redirects are not followed: a letter goes where the settings say, or nowhere.
#[derive(Clone)]
pub(super) struct Post {
    client: Client<HttpsConnector<HttpConnector>, Body>,
}

impl Post {
    /// Ready to send to these hooks.
    pub(super) fn new(hooks: &[Hook]) -> io::Result<Self> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(limits::WEBHOOK_PATIENCE));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(hooks)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits::WEBHOOK_IDLE)
            .pool_max_idle_per_host(limits::WEBHOOKS)
            .build(connector);
        Ok(Self { client })
    }

    /// Sends the letter's `body`, and waits for what the endpoint says, no longer than `patience`.
    pub(super) async fn deliver(
        &self,
        hook: &Hook,
        letter: &Letter,
        body: String,
        now: Timestamp,
        patience: Duration,
    ) -> Result<(), Failure> {
        let request = request(hook, letter, body, now).map_err(|why| Failure::new(why.to_string()))?;
        let asked = timeout(patience, self.client.request(request)).await;
        let answered = asked.map_err(|_| Failure::new(format!("no answer within {} s", patience.as_secs())))?;
        let (head, rest) = answered.map_err(|why| Failure::new(sentence(&why)))?.into_parts();
        // What it says beside is nothing to us, but a connection that was read to its end can be used again.
        let _ = timeout(limits::WEBHOOK_REST, to_bytes(Body::new(rest), limits::WEBHOOK_ANSWER_BYTES)).await;
        judge(&head, now)
    }
}

/// Whom to believe that they are who they say: the system's certificates.
fn tls(hooks: &[Hook]) -> io::Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    // A machine without any may well have a webhook of its own.
    let is_any_needed = hooks.iter().any(|hook| hook.url.scheme_str() == Some("https"));
    let builder = if is_any_needed {
        builder.with_native_roots()?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}

fn request(hook: &Hook, letter: &Letter, body: String, now: Timestamp) -> Result<Request<Body>, axum::http::Error> {
    let at_s = now.0 / 1_000;
    let mut request = Request::post(hook.url.clone())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, SENDER)
        .header("webhook-id", &letter.message)
        .header("webhook-timestamp", at_s);
    if hook.format == Format::Standard {
        request = request.header("webhook-signature", sign(&hook.secrets, &letter.message, at_s, &body));
    }
    request.body(Body::from(body))
}

/// What an endpoint's answer means.
fn judge(head: &Parts, now: Timestamp) -> Result<(), Failure> {
    let code = head.status.as_u16();
    let failure = |why: String| Err(Failure::new(why));
    match code {
        200..=299 => Ok(()),
        300..=399 => failure(format!("the endpoint answered {code}, and redirects are not followed")),
        410 => Err(Failure { is_gone: true, ..Failure::new("the endpoint answered 410: it is gone".into()) }),
        429 | 503 => {
            let asked = retry_after(&head.headers, now);
            Err(Failure { asked, ..Failure::new(format!("the endpoint answered {code}")) })
        }
        _ => failure(format!("the endpoint answered {code}")),
    }
}

/// Seconds, or a moment.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Millis> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Millis(seconds.saturating_mul(1_000)));
    }
    moment::parse_http(text).map(|until| until.since(now))
}

/// What went wrong, with what lay behind it.
fn sentence(why: &dyn Error) -> String {
    let mut sentence = why.to_string();
    let mut source = why.source();
    while let Some(why) = source {
        let more = why.to_string();
        if !sentence.contains(&more) {
            sentence = format!("{sentence}: {more}");
        }
        source = why.source();
    }
    sentence
}

#[cfg(test)]
mod tests {
    use axum::http::Response;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_270_000_000);

    fn answer(code: u16, retry_after: Option<&str>) -> Result<(), Failure> {
        let mut response = Response::builder().status(code);
        if let Some(text) = retry_after {
            response = response.header("retry-after", text);
        }
        judge(&response.body(()).unwrap().into_parts().0, NOW)
    }

    #[test]
    fn only_a_code_of_success_means_that_a_letter_has_arrived() {
        for code in [200, 201, 204, 299] {
            assert_eq!(answer(code, None), Ok(()));
        }
        for code in [199, 301, 302, 304, 400, 404, 410, 500] {
            let failure = answer(code, Some("5")).unwrap_err();
            assert!(failure.why.contains(&code.to_string()), "{failure:?}");
            assert_eq!((failure.is_gone, failure.asked), (code == 410, None));
        }
    }

    #[test]
    fn an_endpoint_may_ask_for_patience_in_seconds_or_until_a_moment() {
        for code in [429, 503] {
            let asked = |text| answer(code, text).unwrap_err().asked;
            assert_eq!(asked(None), None);
            assert_eq!(asked(Some("7")), Some(Millis::seconds(7)));
            assert_eq!(asked(Some("Sat, 21 Nov 2026 14:07:40 GMT")), Some(Millis::minutes(1)));
            assert_eq!(asked(Some("Sat, 21 Nov 2020 14:07:40 GMT")), Some(Millis::ZERO));
            assert_eq!(asked(Some("soon")), None);
        }
    }

    #[test]
    fn a_reason_is_cut_where_a_letter_ends() {
        let failure = Failure::new("é".repeat(limits::WEBHOOK_WHY_BYTES));
        assert_eq!(failure.why.len(), limits::WEBHOOK_WHY_BYTES);
        assert_eq!(Failure::new(format!("a{}", failure.why)).why.len(), limits::WEBHOOK_WHY_BYTES - 1);
    }
}
