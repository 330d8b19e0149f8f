//! `cargo xtask screenshots`: every page of the site as it looks on a desk and on a phone, in light and dark. Nobody but a
//! person can say whether it looks right, so it is no test.
#![allow(clippy::expect_used, reason = "what cannot go on says so by failing")]

mod moments;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use stillhere_tests::{browser::Browser, engine::Engine, server::Server};

/// The width of the window, the colours, and how the file is called.
const LOOKS: [(u32, &str, &str); 4] =
    [(1440, "light", "desktop"), (1440, "dark", "desktop-dark"), (390, "light", "phone"), (390, "dark", "phone-dark")];

/// Small pages that stand in the frames of others.
const FRAMED: &str = "person.html";

/// Who watches has been answered, and who has opened tabs of others has them.
const IS_THERE: &str = "document.readyState === 'complete'
    && document.getElementById('line')?.dataset.state !== 'connecting'
    && [...document.querySelectorAll('iframe')].every((frame) => frame.contentDocument?.readyState === 'complete')";

#[tokio::main]
async fn main() {
    let folder = PathBuf::from(env::args().nth(1).expect("the folder for the pictures"));
    fs::create_dir_all(&folder).expect("the folder can be made");
    let server = Server::demo().await;
    let browser = Browser::start(Engine::Chromium).await;
    for path in pages() {
        for (width, scheme, look) in LOOKS {
            browser.look(width, scheme).await;
            browser.open(&server.url(&path)).await;
            browser.until(IS_THERE).await;
            let picture = folder.join(format!("{}-{look}.png", name(&path)));
            fs::write(&picture, browser.picture(width).await).expect("the picture can be written");
        }
        println!("  {path}");
    }
    moments::picture(&folder).await;
}

/// The addresses of all pages, in order.
fn pages() -> Vec<String> {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../www");
    let (mut folders, mut pages) = (vec![site.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the site is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "html") && !path.ends_with(FRAMED) {
                let inside = path.strip_prefix(&site).expect("it is of the site").to_string_lossy().into_owned();
                pages.push(format!("/{}", inside.strip_suffix("index.html").unwrap_or(&inside)));
            }
        }
    }
    pages.sort();
    pages
}

/// What the pictures of a page are called.
fn name(path: &str) -> String {
    let name = path.trim_matches('/').trim_end_matches(".html").replace('/', "-");
    if name.is_empty() { "home".into() } else { name }
}
