//! Real Redis servers that a test starts for itself: one alone, a cluster, or two behind a sentinel. Each has a folder and a
//! port of its own, keeps nothing on disk, and is gone when the test's process is, however that ends.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]

mod cluster;
mod line;
mod log;
mod port;
mod process;
mod sentinel;

use std::path::PathBuf;

pub use cluster::Cluster;
pub use line::Reply;
pub use sentinel::Watched;

use line::Line;
use process::Process;

/// What everybody logs in with. A test that finds it in a log or an error has found a leak.
pub const PASSWORD: &str = "correct-horse-5e2a";

/// A server that runs, or has been killed and may run again.
pub struct Redis {
    program: PathBuf,
    options: Vec<String>,
    port: u16,
    process: Process,
}

impl Redis {
    /// Starts a server alone.
    ///
    /// # Panics
    /// Redis is not installed, or does not start; the sentence says what to do.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further options, such as `--maxmemory 2mb`, each word for itself.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        let program = program();
        let options: Vec<_> = options.iter().map(|&word| word.to_owned()).collect();
        // Another test's process may have taken the port between the look at it and the start.
        let (port, process) = port::free()
            .find_map(|port| Process::start(&program, &words(port, &options)).map(|process| (port, process)))
            .expect("one of the ports is free");
        process.log().wait_for("Ready to accept connections");
        Self { program, options, port, process }
    }

    /// Its address, with the password in it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://:{PASSWORD}@{}", self.address())
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it as a crash would. Whoever comes is turned away at once.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again where it was, empty.
    ///
    /// # Panics
    /// It still runs, or does not start.
    pub fn start_again(&mut self) {
        self.process = Process::start(&self.program, &words(self.port, &self.options)).expect("its port is free");
        self.process.log().wait_for("Ready to accept connections");
    }

    /// Stops it in the middle of whatever it does: connections stay, and nothing is answered.
    pub fn pause(&mut self) {
        self.process.order("pause");
    }

    /// Lets it go on.
    pub fn resume(&mut self) {
        self.process.order("resume");
    }

    /// Lets it take nothing more from now on: it has all the memory that it may have.
    pub fn fill(&self) {
        self.tell(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
        self.tell(&["CONFIG", "SET", "maxmemory", "1"]);
    }

    /// Lets it take what there is to take.
    pub fn empty_out(&self) {
        self.tell(&["CONFIG", "SET", "maxmemory", "0"]);
    }

    /// Sends one command and gives the answer.
    ///
    /// # Panics
    /// It is refused, or the server cannot be reached.
    #[expect(clippy::must_use_candidate, reason = "most commands are sent for what they do")]
    pub fn tell(&self, words: &[&str]) -> Reply {
        match self.ask(words) {
            Reply::Refused(why) => panic!("{words:?}: {why}"),
            reply => reply,
        }
    }

    pub(crate) fn ask(&self, words: &[&str]) -> Reply {
        Line::open(self.port).ask(words)
    }

    /// Waits until a replica knows everything that was written so far.
    pub(crate) fn wait_for_replica(&self) {
        let mut line = Line::open(self.port);
        // It waits for what was written before this line's newest command, which was to log in.
        assert_eq!(line.ask(&["WAIT", "1", "20000"]), Reply::Number(1), "the replica has fallen behind");
    }

    pub(crate) fn log(&self) -> &log::Log {
        self.process.log()
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}

fn words(port: u16, options: &[String]) -> Vec<String> {
    let port = port.to_string();
    let own = ["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no", "--requirepass", PASSWORD];
    own.iter().map(|&word| word.to_owned()).chain(options.iter().cloned()).collect()
}

/// Redis' server, or Valkey's, which is the same in everything that tests need.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = |name: &str| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    named("redis-server").or_else(|| named("valkey-server")).expect(
        "Redis is not installed, and this test starts one: `apt-get install redis-server`, or `cargo xtask test`; \
         `cargo xtask test --fast` does without",
    )
}
