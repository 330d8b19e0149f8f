//! Pages that browsers load as they are written, and pages that a bundler has made.

use crate::{app::App, beats_until_it_is_left, site::Site};

/// Every one of these pages of an app beats.
async fn beats(name: &'static str, pages: &[&str]) {
    let app = App::build(name).await;
    let site = Site::open(app.pages(), None).await;
    for page in pages {
        beats_until_it_is_left(&site.origin, page).await;
    }
}

#[tokio::test]
async fn a_page_without_a_bundler_beats_by_import_map_by_path_and_with_the_wasm_beside_the_module() {
    beats("no-bundler", &["index.html", "relative.html", "slim.html"]).await;
}

#[tokio::test]
async fn an_app_of_vite_in_strict_typescript_beats() {
    beats("vite-ts", &["index.html"]).await;
}

#[tokio::test]
async fn an_app_of_vite_that_brings_the_wasm_as_a_file_of_its_own_beats() {
    beats("slim-vite", &["index.html"]).await;
}

#[tokio::test]
async fn an_app_of_webpack_beats_with_the_wasm_inside_and_beside() {
    beats("webpack", &["index.html", "slim.html"]).await;
}
