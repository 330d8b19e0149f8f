//! What a server says, as it says it.

use std::{
    io::{BufRead, BufReader, Read},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

/// Many times what a start or a failover takes on a machine that has other work.
const PATIENCE: Duration = Duration::from_secs(120);

/// Everything that a server has said, and whether it will say more.
#[derive(Clone)]
pub(crate) struct Log(Arc<Shared>);

struct Shared {
    said: Mutex<Said>,
    news: Condvar,
}

#[derive(Default)]
struct Said {
    lines: Vec<String>,
    over: bool,
}

impl Log {
    /// Listens until the server ends: what nobody reads would fill the pipe and stop it.
    pub(crate) fn of(output: impl Read + Send + 'static) -> Self {
        let log = Self(Arc::new(Shared { said: Mutex::default(), news: Condvar::new() }));
        let own = log.clone();
        thread::spawn(move || {
            BufReader::new(output)
                .lines()
                .map_while(Result::ok)
                .for_each(|line| own.note(|said| said.lines.push(line)));
            own.note(|said| said.over = true);
        });
        log
    }

    /// Waits until the server has said `words`, now or before.
    ///
    /// # Panics
    /// It ended without them, or has not said them in two minutes.
    pub(crate) fn wait_for(&self, words: &str) {
        let said = self.0.said.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |said: &mut Said| !said.over && !said.has(words);
        let (said, _) = self.0.news.wait_timeout_while(said, PATIENCE, waits).unwrap_or_else(PoisonError::into_inner);
        assert!(said.has(words), "the server has not said {words:?}, only:\n{}", said.lines.join("\n"));
    }

    /// Waits until it is known whether it runs; says whether the port was somebody else's.
    pub(crate) fn was_too_late(&self) -> bool {
        const READY: [&str; 2] = ["Ready to accept connections", "+monitor"];
        let said = self.0.said.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |said: &mut Said| !said.over && !READY.iter().any(|words| said.has(words));
        let (said, _) = self.0.news.wait_timeout_while(said, PATIENCE, waits).unwrap_or_else(PoisonError::into_inner);
        said.has("Address already in use")
    }

    fn note(&self, change: impl FnOnce(&mut Said)) {
        change(&mut self.0.said.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.news.notify_all();
    }
}

impl Said {
    fn has(&self, words: &str) -> bool {
        self.lines.iter().any(|line| line.contains(words))
    }
}
