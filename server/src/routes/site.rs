//! The demo site and the browser's side, built into the binary.

use std::io;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::{
    App,
    packed::{self, Coding},
};
use crate::error::Rejection;

/// The pages. A debug build reads them from the disk each time, so that a change is seen at once.
#[derive(RustEmbed)]
#[folder = "../www"]
struct Www;

/// What `cargo xtask build` makes. It may not be there.
#[derive(RustEmbed)]
#[folder = "../dist"]
#[allow_missing = true]
struct Client;

/// What pages may do: run what comes from here, and nothing that was slipped into them. WebAssembly needs its own word.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; frame-ancestors 'self'",
);

/// Whose pages may load an answer.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The first page.
pub(super) async fn index(State(app): State<App>, headers: HeaderMap) -> Result<Response, Rejection> {
    file_of_site(&app, "index.html", &headers).await
}

/// Whatever is no other route: a file of the site, or nothing. A folder stands for its `index.html`.
pub(super) async fn page(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    if method != Method::GET && method != Method::HEAD {
        return Err(Rejection::Unknown);
    }
    let file = uri.path().trim_start_matches('/');
    if file.ends_with('/') {
        file_of_site(&app, &format!("{file}index.html"), &headers).await
    } else {
        file_of_site(&app, file, &headers).await
    }
}

async fn file_of_site(app: &App, name: &str, headers: &HeaderMap) -> Result<Response, Rejection> {
    let file = Www::get(name).ok_or(Rejection::Unknown)?;
    let mut response = answer(app, name, file, headers).await;
    // The browser's side may be loaded by other origins; these pages are for nobody's page but their own.
    response.headers_mut().insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// A file of the browser's side.
pub(super) async fn client(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let is_built = Client::iter().next().is_some();
    let missing = if is_built { Rejection::Unknown } else { Rejection::ClientUnbuilt };
    let file = Client::get(&name).ok_or(missing)?;
    let mut response = answer(&app, &name, file, &headers).await;
    // For every page, whoever serves it: modules and scripts with a hash are loaded so, and nobody's secret is in them.
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    Ok(response)
}

async fn answer(app: &App, name: &str, file: EmbeddedFile, asked: &HeaderMap) -> Response {
    let content_type = content_type(name);
    let can_be_packed = packed::is_worth_packing(content_type, file.data.len());
    let coding = if can_be_packed { Coding::wanted(asked) } else { None };
    let etag = etag(&file, coding);
    let mut response = if packed::is_known(asked, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = match body(app, file, coding).await {
            Ok(body) => body.into_response(),
            Err(why) => {
                tracing::error!(%why, name, "a file cannot be packed");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    if can_be_packed {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    // Asked for each time and seldom sent again, so that page and client are always of one version.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

async fn body(app: &App, file: EmbeddedFile, coding: Option<Coding>) -> io::Result<Body> {
    Ok(match coding {
        Some(coding) => app.inner.packed.file(file, coding).await?.into(),
        None => file.data.into(),
    })
}

/// Of the bytes as they go out: the same file packed is another answer.
fn etag(file: &EmbeddedFile, coding: Option<Coding>) -> HeaderValue {
    let hash = file.metadata.sha256_hash();
    let short = hash.iter().take(12).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let packed = coding.map_or(String::new(), |coding| format!("-{}", coding.name()));
    // Letters, digits and quotes are always a header's value.
    HeaderValue::from_str(&format!("\"{short}{packed}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        // A browser compiles it while it arrives, if it is called so.
        "wasm" => "application/wasm",
        "txt" | "md" | "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
