//! What Axum itself costs: a handler that only answers 204, or, told to be a `feed`, one that passes bytes on to everybody
//! who listens. It says where it listens, as the server does.
#![allow(clippy::expect_used, reason = "a measurement that cannot go on says so by failing")]

use std::{convert::Infallible, env};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{delete, get, post},
};
use futures_util::stream;
use tokio::{net::TcpListener, sync::broadcast};

/// As long as what the server says of somebody who comes and who goes.
const SNAPSHOT: &[u8] =
    b"event: snapshot\ndata: {\"now\":\"2026-01-01T00:00:00.000Z\",\"members\":[]}\nid: 19b77f3a000-0\n\n";
const JOIN: &[u8] =
    b"event: join\ndata: {\"at\":\"2026-01-01T00:00:00.000Z\",\"channel\":\"lobby\",\"user\":\"user-2000000000\",\
    \"status\":\"online\",\"since\":\"2026-01-01T00:00:00.000Z\",\"sessions\":1}\nid: 19b77f3a000-1\n\n";
const LEAVE: &[u8] =
    b"event: leave\ndata: {\"at\":\"2026-01-01T00:00:00.000Z\",\"channel\":\"lobby\",\"user\":\"user-2000000000\",\
    \"reason\":\"signed_out\",\"lastSeen\":\"2026-01-01T00:00:00.000Z\"}\nid: 19b77f3a000-2\n\n";

/// Events that a listener may be behind.
const QUEUE: usize = 64;

#[tokio::main]
async fn main() {
    let routes = match env::args().nth(1).as_deref() {
        Some("feed") => feed(),
        _ => Router::new().route("/v1/beat", post(async || StatusCode::NO_CONTENT)),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("http://{}", listener.local_addr().expect("it has an address"));
    axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| _ = stream.set_nodelay(true)), routes)
        .await
        .expect("it answers");
}

/// Bytes that are there, passed on to everybody.
fn feed() -> Router {
    let (speaker, _) = broadcast::channel(QUEUE);
    let [joins, leaves] = [(); 2].map(|()| speaker.clone());
    let listen = async move || {
        let events = stream::unfold((Some(SNAPSHOT), speaker.subscribe()), async |(first, mut events)| {
            let event = match first {
                Some(first) => first,
                None => events.recv().await.ok()?,
            };
            Some((Ok::<_, Infallible>(Bytes::from_static(event)), (None, events)))
        });
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
    };
    let join = async move || _ = joins.send(JOIN);
    let leave = async move || {
        let _nobody = leaves.send(LEAVE);
        StatusCode::NO_CONTENT
    };
    Router::new().route("/v1/feed", get(listen)).route("/v1/beat", post(join)).route("/v1/sessions/{id}", delete(leave))
}
