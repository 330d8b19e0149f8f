//! `cargo xtask tidy`: the rules of this project that no other tool knows.

mod claims;
mod rules;

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::docs;
use crate::project::Project;
use rules::RULES;

/// A file longer than this hides at least two things.
const MAX_LINES: usize = 400;

/// Where nothing of ours is: made by programs, or by other projects.
const NOT_OURS: [&str; 5] = ["target", "dist", "node_modules", "vendor", "proptest-regressions"];

/// A kind of file, by how its name ends.
const OURS: [&str; 8] = ["rs", "js", "mjs", "ts", "css", "html", "sql", "lua"];

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Check every file, and print what is wrong with where it is.
pub(crate) fn run(project: &Project) -> Result<()> {
    let mut files = Vec::new();
    collect(&project.root, "", &mut files)?;
    let mut findings = Vec::new();
    for (path, text) in &files {
        findings.extend(check_length(path, text));
        findings.extend(check_rules(path, text));
    }
    let table =
        fs::read_to_string(project.root.join(claims::FILE)).with_context(|| format!("cannot read {}", claims::FILE))?;
    findings.extend(claims::check(&table, |path| fs::read_to_string(project.root.join(path)).ok()));
    findings.extend(docs::stale(project)?.into_iter().map(|path| Finding {
        path,
        line: 1,
        what: "not as it is made: `cargo xtask docs --write` makes it".to_owned(),
    }));
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} places are not tidy", findings.len());
    }
    println!("▸ tidy: {} files", files.len());
    Ok(())
}

/// Every file of ours below `folder`, with its path from the root.
fn collect(root: &Path, folder: &str, files: &mut Vec<(String, String)>) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(root.join(folder))?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if name.starts_with('.') || NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else if OURS.contains(&extension(&path)) {
            let text = fs::read_to_string(entry.path()).with_context(|| format!("cannot read {path}"))?;
            files.push((path, text));
        }
    }
    Ok(())
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn check_length(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    (lines > MAX_LINES).then(|| Finding {
        path: path.to_owned(),
        line: MAX_LINES + 1,
        what: format!("{lines} lines, and {MAX_LINES} is the most: split it by what it is about"),
    })
}

fn check_rules(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.applies_to(path)) {
        for (index, line) in text.lines().enumerate() {
            // Words about a thing are not the thing.
            if is_comment(line) {
                continue;
            }
            if let Some(pattern) = rule.patterns.iter().find(|pattern| line.contains(**pattern)) {
                findings.push(Finding {
                    path: path.to_owned(),
                    line: index + 1,
                    what: format!("`{}`: {}", pattern.trim(), rule.why),
                });
            }
        }
    }
    findings
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") || line.starts_with("/*") || line.starts_with("* ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: [usize; 0] = [];

    /// The lines of `text` that break a rule, were it the file at `path`.
    fn lines(path: &str, text: &str) -> Vec<usize> {
        check_rules(path, text).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_file_of_400_lines_is_tidy_and_one_more_is_not() {
        assert_eq!(check_length("a.rs", &"\n".repeat(400)), None);
        let finding = check_length("a.rs", &"\n".repeat(401)).unwrap();
        assert!(finding.to_string().starts_with("a.rs:401: 401 lines"), "{finding}");
    }

    #[test]
    fn a_clock_is_read_in_the_driver_only() {
        let text = "fn a() {}\nlet now = Instant::now();\n";
        assert_eq!(lines("server/src/routes/beat.rs", text), [2]);
        assert_eq!(lines("server/src/driver.rs", text), NOWHERE);
        assert_eq!(lines("server/src/driver/clock.rs", text), NOWHERE);
        assert_eq!(lines("server/src/drivers_of_cars.rs", text), [2]);
    }

    #[test]
    fn a_comment_may_name_what_code_may_not_do() {
        assert_eq!(lines("engine/src/lib.rs", "/// Never `SystemTime::now`.\n  // Instant::now\n"), NOWHERE);
    }

    #[test]
    fn sql_is_in_the_store_only() {
        let text = "let rows = query(\"SELECT 1\");";
        assert_eq!(lines("server/src/routes/admin.rs", text), [1]);
        assert_eq!(lines("server/src/store/sqlite/read.rs", text), NOWHERE);
        assert_eq!(lines("tests/api/main.rs", text), [1]);
    }

    #[test]
    fn redis_is_in_its_own_folder_only() {
        for text in ["let found = redis::cmd(\"GET\");", "use redis::Client;", "ask(\"EVALSHA\")"] {
            assert_eq!(lines("server/src/driver/task.rs", text), [1], "{text}");
            assert_eq!(lines("server/src/presence/node.rs", text), [1], "{text}");
            assert_eq!(lines("server/src/presence/redis/line.rs", text), NOWHERE);
        }
        assert_eq!(lines("server/src/lib.rs", "pub(crate) use presence::redis::Shards;"), NOWHERE);
        assert_eq!(lines("server/src/scripts/a.lua", "return redis.call('TIME')"), [1]);
        assert_eq!(lines("server/src/presence/redis/scripts/a.lua", "return redis.call('TIME')"), NOWHERE);
    }

    #[test]
    fn tests_wait_for_events_and_not_for_time() {
        let text = "tokio::time::sleep(SECOND).await;";
        assert_eq!(lines("tests/api/restart.rs", text), [1]);
        assert_eq!(lines("tests/api/restart.rs", "use tokio::time::{Sleep, sleep, timeout};"), [1]);
        assert_eq!(lines("tests/simulation/machine.rs", "fn sleep(&mut self) {}"), NOWHERE);
        assert_eq!(lines("tests/src/server.rs", text), NOWHERE);
        assert_eq!(lines("server/src/driver/task.rs", text), NOWHERE);
    }

    #[test]
    fn a_status_code_is_named_where_errors_become_answers() {
        let text = "StatusCode::NOT_FOUND";
        assert_eq!(lines("server/src/routes/beat.rs", text), [1]);
        assert_eq!(lines("server/src/error.rs", text), NOWHERE);
        assert_eq!(lines("tests/api/main.rs", text), NOWHERE);
    }

    #[test]
    fn a_rule_looks_only_at_its_kind_of_file() {
        assert_eq!(lines("www/trace.js", "performance.now()"), NOWHERE);
        assert_eq!(lines("engine/src/lib.rs", "js(\"performance.now()\")"), [1]);
    }
}
