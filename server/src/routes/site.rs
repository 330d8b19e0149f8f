//! The demo site and the browser's side, built into the binary.

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

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

/// The first page.
pub(super) async fn index(headers: HeaderMap) -> Result<Response, Rejection> {
    file_of_site("index.html", &headers)
}

/// Whatever is no other route: a file of the site, or nothing. A folder stands for its `index.html`.
pub(super) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Result<Response, Rejection> {
    if method != Method::GET && method != Method::HEAD {
        return Err(Rejection::Unknown);
    }
    let file = uri.path().trim_start_matches('/');
    if file.ends_with('/') {
        file_of_site(&format!("{file}index.html"), &headers)
    } else {
        file_of_site(file, &headers)
    }
}

fn file_of_site(name: &str, headers: &HeaderMap) -> Result<Response, Rejection> {
    let mut response = answer(name, Www::get(name), headers).ok_or(Rejection::Unknown)?;
    // The browser's side may be loaded by other origins; these pages are for nobody's page but their own.
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    response.headers_mut().insert(policy, HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// A file of the browser's side.
pub(super) async fn client(Path(file): Path<String>, headers: HeaderMap) -> Result<Response, Rejection> {
    let is_built = Client::iter().next().is_some();
    let missing = if is_built { Rejection::Unknown } else { Rejection::ClientUnbuilt };
    answer(&file, Client::get(&file), &headers).ok_or(missing)
}

fn answer(name: &str, file: Option<EmbeddedFile>, asked: &HeaderMap) -> Option<Response> {
    let file = file?;
    let etag = etag(&file);
    let is_known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known == etag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(file.data).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    // Asked for each time and seldom sent again, so that page and client are always of one version.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    Some(response)
}

fn etag(file: &EmbeddedFile) -> HeaderValue {
    let hash = file.metadata.sha256_hash();
    let short = hash.iter().take(12).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    // Hexadecimal digits and quotes are always a header's value.
    HeaderValue::from_str(&format!("\"{short}\"")).unwrap_or(HeaderValue::from_static("\"\""))
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
