//! The packed package that every app gets.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

/// Named by `cargo xtask test`.
const NAMED_BY: &str = "STILLHERE_PACKAGE";

/// What `npm pack` has made.
pub(crate) struct Package {
    pub(crate) path: PathBuf,
    /// Another one for other contents.
    pub(crate) print: String,
}

impl Package {
    /// The one that was named, or the last that `cargo xtask pack` has made.
    pub(crate) fn find() -> Self {
        let path = std::env::var_os(NAMED_BY).map(PathBuf::from).or_else(newest);
        let path = path.expect("there is no package to test: run `cargo xtask test`, or `cargo xtask pack` first");
        let bytes = fs::read(&path).unwrap_or_else(|why| panic!("cannot read {}: {why}", path.display()));
        Self { path, print: print_of(&bytes) }
    }
}

/// Short, and another one for other contents.
pub(crate) fn print_of(what: impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Cargo's target folder, in which the test itself lies.
pub(crate) fn target() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows where it is");
    own.ancestors().nth(3).expect("target/<profile>/deps/<test>").to_path_buf()
}

fn newest() -> Option<PathBuf> {
    let files = fs::read_dir(target().join("package")).ok()?.flatten().map(|file| file.path());
    files.filter(|path| path.extension() == Some(Path::new("tgz").as_os_str())).max()
}
