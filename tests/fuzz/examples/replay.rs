//! One input once more, without libFuzzer: `cargo xtask fuzz <target> --input <file>`. When a claim is broken, the
//! story that the bytes tell is printed too.

use std::{env, fs, process::ExitCode};

use stillhere_fuzz::TARGETS;

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let (Some(name), Some(path)) = (words.next(), words.next()) else {
        eprintln!("which target, and which file?");
        return ExitCode::FAILURE;
    };
    let Some((_, check)) = TARGETS.into_iter().find(|(known, _)| *known == name) else {
        eprintln!("no target `{name}`: there are {}", TARGETS.map(|(name, _)| name).join(", "));
        return ExitCode::FAILURE;
    };
    match fs::read(&path) {
        Ok(bytes) => check(&bytes),
        Err(why) => {
            eprintln!("{path}: {why}");
            return ExitCode::FAILURE;
        }
    }
    println!("{name} keeps every claim with {path}");
    ExitCode::SUCCESS
}
