//! What is being done, in one line that is written over where somebody looks on.

use std::io::{self, IsTerminal, Write};

/// Says what is being done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    noun: &'static str,
    is_seen: bool,
}

impl Progress {
    /// For the measurement of this noun.
    pub(crate) fn of(noun: &'static str) -> Self {
        Self { noun, is_seen: io::stderr().is_terminal() }
    }

    /// The next thing.
    pub(crate) fn say(&self, what: &str) {
        let Self { noun, is_seen } = self;
        let mut stderr = io::stderr();
        // Nobody is worse off who does not see it.
        let _unseen = if *is_seen {
            write!(stderr, "\r\x1b[K▸ {noun}: {what} ").and_then(|()| stderr.flush())
        } else {
            writeln!(stderr, "▸ {noun}: {what}")
        };
    }

    /// The line is over.
    pub(crate) fn clear(&self) {
        if self.is_seen {
            let _unseen = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
