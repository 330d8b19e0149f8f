//! Somebody's web server: files from a folder, and a policy for what pages may do.

use std::{collections::HashMap, fs, net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, task::JoinHandle};
use url::form_urlencoded;

/// Runs before a page's own scripts and notes what goes wrong.
const LISTEN: &str = include_str!("listen.js");

/// A running site. Dropping it closes its port.
pub(crate) struct Site {
    /// Scheme, host and port.
    pub(crate) origin: String,
    task: JoinHandle<()>,
}

struct Content {
    folder: PathBuf,
    policy: Option<&'static str>,
}

impl Site {
    /// Serves a folder; `policy` is the Content-Security-Policy of everything in it.
    pub(crate) async fn open(folder: PathBuf, policy: Option<&'static str>) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let routes = Router::new().fallback(answer).with_state(Arc::new(Content { folder, policy }));
        let task = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
        Self { origin: format!("http://{address}"), task }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(content): State<Arc<Content>>, uri: Uri) -> Response {
    let name = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let body = if name == "listen.js" { Ok(LISTEN.into()) } else { fs::read(content.folder.join(name)) };
    let Ok(mut body) = body else { return StatusCode::NOT_FOUND.into_response() };
    if name.ends_with(".html") {
        body = fill_in(&String::from_utf8_lossy(&body), uri.query().unwrap_or_default()).into();
    }
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type(name).parse().expect("a header's value"));
    if let Some(policy) = content.policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy.parse().expect("a header's value"));
    }
    response
}

/// `{name}` in a page is what the address says that it is: for what only markup can say.
fn fill_in(page: &str, query: &str) -> String {
    let given: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).collect();
    given.iter().fold(page.to_owned(), |page, (name, value)| page.replace(&format!("{{{name}}}"), value))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "text/plain; charset=utf-8",
    }
}
