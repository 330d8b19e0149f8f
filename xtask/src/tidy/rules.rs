//! The table of rules: what may not be written, where it may, and why.

/// One rule. A line that holds one of the patterns breaks it, outside of the places where it may be.
pub(super) struct Rule {
    /// What is looked for, as it is.
    pub(super) patterns: &'static [&'static str],
    /// How the names of the files end that are looked at.
    files: &'static str,
    /// Where the files are that are looked at; all without an entry.
    only_in: &'static [&'static str],
    /// Where it is allowed: a folder, or a file without its ending.
    allowed_in: &'static [&'static str],
    /// What to do instead.
    pub(super) why: &'static str,
}

pub(super) const RULES: [Rule; 7] = [
    Rule {
        patterns: &["Instant::now", "SystemTime::now", "UtcDateTime::now", "Timestamp::now"],
        files: ".rs",
        only_in: &[],
        allowed_in: &["server/src/driver", "tests", "xtask"],
        why: "only the server's driver reads a clock; take the time as an argument",
    },
    Rule {
        patterns: &["Date::now", "Date.now", "performance.now", "performance_now"],
        files: ".rs",
        only_in: &[],
        allowed_in: &["client-wasm/src/runner", "tests", "xtask"],
        why: "only the client's runner reads the page's clock; take the time as an argument",
    },
    Rule {
        patterns: &[
            "SELECT ",
            "INSERT INTO",
            "INSERT OR",
            "UPDATE OR",
            "DELETE FROM",
            "CREATE TABLE",
            "PRAGMA ",
            "sqlx::query",
        ],
        files: ".rs",
        only_in: &[],
        // The crash runs look at a store as a stranger does, past its own code.
        allowed_in: &["server/src/store", "tests/crash/src/stored", "xtask/src/tidy"],
        why: "only the store knows SQL; give its trait what you need",
    },
    Rule {
        patterns: &[" redis::", "(redis::", "<redis::", "EVALSHA", "HSCAN", "XADD", "ZADD", "redis.call"],
        files: ".rs",
        only_in: &[],
        allowed_in: &["server/src/presence/redis", "tests/redis", "xtask/src/tidy"],
        why: "only server/src/presence/redis knows Redis; give it what you need",
    },
    Rule {
        patterns: &["redis.call"],
        files: ".lua",
        only_in: &[],
        allowed_in: &["server/src/presence/redis"],
        why: "only server/src/presence/redis knows Redis; its scripts lie there",
    },
    Rule {
        // The import, where the call is only `sleep(...)`: that is a fair name for other things too.
        patterns: &["thread::sleep", "time::sleep", "{sleep,", " sleep,", " sleep}"],
        files: ".rs",
        only_in: &[],
        // Two have nothing to wait for: a listener out of file descriptors, and the tests' harness
        // that asks a process again and again.
        allowed_in: &["server/src/driver", "server/src/connections", "tests/src", "xtask/src/tidy"],
        why: "wait for what is to happen, not for time",
    },
    Rule {
        patterns: &["StatusCode"],
        files: ".rs",
        only_in: &["server/src"],
        // A file that has not changed is no error, and has a code all the same.
        allowed_in: &["server/src/error", "server/src/routes/site"],
        why: "only the error module knows status codes; return an error that says what happened",
    },
];

impl Rule {
    /// Whether a file must keep this rule.
    pub(super) fn applies_to(&self, path: &str) -> bool {
        let is_in = |places: &[&str]| places.iter().any(|place| is_within(path, place));
        path.ends_with(self.files) && (self.only_in.is_empty() || is_in(self.only_in)) && !is_in(self.allowed_in)
    }
}

/// `a/b` holds `a/b.rs` and `a/b/c.rs`, and not `a/bc.rs`.
fn is_within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.starts_with(['/', '.']))
}
