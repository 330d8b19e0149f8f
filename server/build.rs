//! A release holds the site and the browser's side inside: it is made again when one of their files comes or goes.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A debug build reads them from the disk while it runs.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../www");
        println!("cargo::rerun-if-changed=../dist");
    }
}
