//! The site whose pages are measured: the built client and its twin, never cached, and beats passed on to a real server.

use std::{fs, path::Path, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{Path as Asked, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use tokio::net::TcpListener;

const MEASURE: &str = include_str!("measure.js");

const PAGE: &str = "<!doctype html><title>cost</title><script type=module src=/measure.js></script>";

pub(crate) struct Site {
    address: String,
}

impl Site {
    /// A site whose beats are for the server at `beats`.
    pub(crate) async fn open(beats: String) -> Self {
        let routes = Router::new()
            .route("/", get(|| async { Html(PAGE) }))
            .route("/measure.js", get(|| async { module(MEASURE) }))
            .route("/twin.js", get(|| async { file("tests/weight/twin.js") }))
            .route("/client/{name}", get(|Asked(name): Asked<String>| async move { file(&format!("dist/{name}")) }))
            .route("/v1/beat", post(pass_on))
            .layer(axum::middleware::map_response(mark))
            .with_state(Arc::new((reqwest::Client::new(), beats)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has one").to_string();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address }
    }

    pub(crate) fn page(&self, way: &str, visit: &str) -> String {
        format!("http://{}/?way={way}&visit={visit}", self.address)
    }
}

fn module(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/javascript")], text).into_response()
}

fn file(path: &str) -> Response {
    let content_type = if path.ends_with(".wasm") { "application/wasm" } else { "text/javascript" };
    match fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)) {
        Ok(bytes) => ([(header::CONTENT_TYPE, content_type)], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn pass_on(State(to): State<Arc<(reqwest::Client, String)>>, beat: Bytes) -> Response {
    let (client, beats) = &*to;
    let answer = client.post(beats).header(header::CONTENT_TYPE, "text/plain").body(beat).send().await;
    let answer = answer.expect("the server answers");
    let status = answer.status();
    (status, [(header::CONTENT_TYPE, "application/json")], answer.bytes().await.expect("whole")).into_response()
}

/// Every visit is a first one; and a page that is isolated from others has a clock of five microseconds, not of a hundred.
async fn mark(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-embedder-policy", HeaderValue::from_static("require-corp"));
    response
}
