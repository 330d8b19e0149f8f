//! What Axum itself costs: a handler that only answers 204. It says where it listens, as the server does.
#![allow(clippy::expect_used, reason = "a measurement that cannot go on says so by failing")]

use axum::{Router, http::StatusCode, routing::post};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() {
    let routes = Router::new().route("/v1/beat", post(async || StatusCode::NO_CONTENT));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("http://{}", listener.local_addr().expect("it has an address"));
    axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| _ = stream.set_nodelay(true)), routes)
        .await
        .expect("it answers");
}
