//! A server, one that takes over, and a sentinel that says which of the two it is.

use std::fs;

use crate::{
    PASSWORD, Redis, port,
    process::{self, Process},
    program,
};

/// What the sentinel calls the two.
const SERVICE: &str = "stillhere";

/// Two servers behind a sentinel.
pub struct Watched {
    master: Redis,
    _replica: Redis,
    sentinel: Process,
    port: u16,
}

impl Watched {
    /// Starts all three, and waits until the sentinel knows the two and they know the same.
    ///
    /// # Panics
    /// Redis is not installed, or one of them does not start.
    #[must_use]
    pub fn start() -> Self {
        let master = Redis::start_with(&["--masterauth", PASSWORD, "--repl-diskless-sync-delay", "0"]);
        let of = master.port().to_string();
        let replica = Redis::start_with(&["--masterauth", PASSWORD, "--replicaof", "127.0.0.1", &of]);
        replica.log().wait_for("MASTER <-> REPLICA sync: Finished with success");
        let (port, sentinel) = port::free()
            .find_map(|port| sentinel(port, &of).map(|sentinel| (port, sentinel)))
            .expect("one of the ports is free");
        sentinel.log().wait_for(&format!("+slave slave 127.0.0.1:{}", replica.port()));
        Self { master, _replica: replica, sentinel, port }
    }

    /// The address by which the sentinel is asked, with the password in it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+sentinel://:{PASSWORD}@127.0.0.1:{}/{SERVICE}", self.port)
    }

    /// Waits until the other knows what the server knows.
    ///
    /// # Panics
    /// It does not get to know it.
    pub fn wait_for_replica(&self) {
        self.master.wait_for_replica();
    }

    /// Kills the server and waits until the sentinel names the other.
    ///
    /// # Panics
    /// It does not.
    pub fn fail_over(&mut self) {
        self.master.kill();
        self.sentinel.log().wait_for("+switch-master");
    }
}

fn sentinel(port: u16, master: &str) -> Option<Process> {
    let folder = process::folder();
    // A sentinel writes down in its settings what it has learned.
    let settings = format!(
        "bind 127.0.0.1\nport {port}\nsentinel monitor {SERVICE} 127.0.0.1 {master} 1\n\
         sentinel auth-pass {SERVICE} {PASSWORD}\nsentinel down-after-milliseconds {SERVICE} 1000\n\
         sentinel failover-timeout {SERVICE} 5000\n"
    );
    fs::write(folder.join("sentinel.conf"), settings).expect("the settings can be written");
    Process::start_in(&folder, &program(), &["sentinel.conf".to_owned(), "--sentinel".to_owned()])
}
