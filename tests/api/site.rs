//! The browser's side and the site as browsers get them: packed, named, and for whom.

use std::{path::Path, process::Command};

use reqwest::{Client, Response};
use stillhere_tests::server::{PATIENCE, Server};

/// What the README's table says of a file that a page loads: its bytes plain, by gzip and by brotli.
fn figures(file: &str) -> [u64; 3] {
    let weigh = "const { gzipSync, brotliCompressSync } = require('node:zlib');
        const file = require('node:fs').readFileSync(process.argv[1]);
        console.log(file.length, gzipSync(file, { level: 9 }).length, brotliCompressSync(file).length)";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist").join(file);
    let output = Command::new("node").args(["--eval", weigh]).arg(path).output().expect("Node is there");
    let text = String::from_utf8(output.stdout).expect("Node says text");
    let figures: Vec<u64> = text.split_whitespace().map(|figure| figure.parse().expect("a number")).collect();
    figures.try_into().expect("the client is built: `cargo xtask build --client`")
}

async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Client::new().get(server.url(path)).timeout(PATIENCE);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("the server answers")
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("a header is text"))
}

#[tokio::test]
async fn a_page_downloads_what_the_table_says() {
    let server = Server::preset("demo").await;
    for (file, content_type) in [("index.js", "text/javascript; charset=utf-8"), ("stillhere.wasm", "application/wasm")]
    {
        let path = format!("/client/{file}");
        let offers = [("identity", ""), ("gzip, deflate", "gzip"), ("gzip, deflate, br, zstd", "br")];
        for ((offer, coding), figure) in offers.into_iter().zip(figures(file)) {
            let response = get(&server, &path, &[("accept-encoding", offer)]).await;
            assert_eq!(header(&response, "content-encoding"), coding, "{file}");
            assert_eq!(header(&response, "content-type"), content_type, "{file}");
            assert_eq!(header(&response, "vary"), "accept-encoding", "{file}");
            let promised = response.content_length().expect("it says how long it is");
            let sent = response.bytes().await.expect("it comes whole").len() as u64;
            assert_eq!(sent, promised, "{file}");
            assert!(
                sent.abs_diff(figure) <= figure / 50,
                "{file} by {coding:?}: {sent} bytes, and {figure} are promised"
            );
        }
    }
}

#[tokio::test]
async fn each_packing_has_its_own_tag_and_is_not_sent_to_who_has_it() {
    let server = Server::preset("demo").await;
    for path in ["/client/stillhere.wasm", "/", "/heart.js"] {
        let mut tags = Vec::new();
        for offer in ["identity", "gzip", "br"] {
            let response = get(&server, path, &[("accept-encoding", offer)]).await;
            let tag = header(&response, "etag").to_owned();
            assert!(!tags.contains(&tag), "{path}: {tag} is the tag of another packing");
            let known = get(&server, path, &[("accept-encoding", offer), ("if-none-match", &format!("W/{tag}"))]).await;
            assert_eq!((known.status().as_u16(), header(&known, "vary")), (304, "accept-encoding"), "{path} {offer}");
            assert_eq!(header(&known, "etag"), tag);
            tags.push(tag);
        }
        let other = get(&server, path, &[("accept-encoding", "br"), ("if-none-match", &tags[1])]).await;
        assert_eq!(other.status(), 200, "{path}: what is known is packed in another way");
    }
}

#[tokio::test]
async fn a_head_says_what_a_get_would() {
    let server = Server::preset("demo").await;
    for path in ["/client/stillhere.wasm", "/", "/heart.js", "/favicon.svg"] {
        for offer in ["identity", "br"] {
            let whole = get(&server, path, &[("accept-encoding", offer)]).await;
            let head = Client::new().head(server.url(path)).header("accept-encoding", offer).send().await;
            let head = head.expect("the server answers");
            for name in ["content-length", "content-encoding", "content-type", "etag", "vary"] {
                assert_eq!(header(&head, name), header(&whole, name), "{path} {offer}: {name}");
            }
            assert!(!header(&head, "content-length").is_empty(), "{path} {offer}");
            assert!(head.bytes().await.expect("it ends").is_empty(), "{path}");
        }
    }
}

#[tokio::test]
async fn a_file_that_fits_into_one_packet_comes_as_it_is() {
    let server = Server::preset("demo").await;
    let icon = get(&server, "/favicon.svg", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!([header(&icon, "content-encoding"), header(&icon, "vary")], ["", ""]);
}

#[tokio::test]
async fn pages_of_every_origin_may_load_the_client_and_only_the_client() {
    for settings in ["", "allowed_origins = [\"https://app.example.com\"]\n"] {
        let server = Server::preset_with("demo", settings).await;
        for origin in ["https://blog.example.net", "https://app.example.com"] {
            let client = get(&server, "/client/stillhere.wasm", &[("origin", origin)]).await;
            let whose = header(&client, "access-control-allow-origin");
            assert!(whose == "*" || whose == origin, "{settings}{origin}: {whose:?}");
            assert_eq!(header(&client, "cross-origin-resource-policy"), "cross-origin");
        }
        let site = get(&server, "/heart.js", &[("origin", "https://blog.example.net")]).await;
        assert_eq!(header(&site, "access-control-allow-origin"), "");
        assert_eq!(header(&site, "cross-origin-resource-policy"), "same-origin");
    }
}
