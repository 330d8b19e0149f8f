//! By which way the store answers a question: what it was really asked, as the server logs it, explained by SQLite itself.

use std::{fmt::Write, path::Path};

use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use stillhere_tests::{server::Server, token::ENVIRONMENT};

use crate::program::ROOMY;

/// Each question's plans, as Markdown.
///
/// # Errors
/// A sentence: the server does not say what it asks, or SQLite does not explain it.
pub(crate) async fn of(folder: &Path, questions: &[(&str, &str)], admin: &str) -> Result<String, String> {
    let data = folder.display().to_string();
    let environment = [&ENVIRONMENT[..], &[("STILLHERE_LOG_FORMAT", "json")]].concat();
    let mut server = Server::start_logged(&["--data", &data], ROOMY, &environment).await;
    let bearer = format!("Bearer {admin}");
    let mut asked = Vec::new();
    for (what, path) in questions {
        let before = server.log().len();
        server.send(reqwest::Method::GET, path, None, &[("authorization", &bearer)]).await;
        asked.push((*what, *path, statements(&server.log()[before..])));
    }
    server.kill().await;
    let options = SqliteConnectOptions::new().filename(folder.join("stillhere.sqlite"));
    let mut store = options.connect().await.map_err(|why| why.to_string())?;
    let mut text = String::from(
        "### How the store goes about it\n\n`explain query plan` of what each question was seen to ask:\n",
    );
    if asked.iter().all(|(.., statements)| statements.is_empty()) {
        return Err("the log does not say what the server asks its store".to_owned());
    }
    for (what, path, statements) in asked {
        // Writing to a String does not fail.
        let _ok = write!(text, "\n**{what}** (`{}`)\n\n```\n", path.split('?').next().unwrap_or_default());
        if statements.is_empty() {
            text.push_str("nothing: it is in memory\n");
        }
        for statement in statements {
            explain(&mut store, &statement, &mut text).await?;
        }
        text.push_str("```\n");
    }
    Ok(text)
}

/// What is read in these lines of a log, each once.
fn statements(log: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in log.lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        let fields = line.get("fields").unwrap_or(&line);
        let whole = fields["db.statement"].as_str().filter(|text| !text.trim().is_empty());
        let Some(statement) = whole.or_else(|| fields["summary"].as_str()) else { continue };
        let statement = statement.trim().to_owned();
        let is_read = ["select", "with"].iter().any(|word| statement.starts_with(word));
        if is_read && !found.contains(&statement) {
            found.push(statement);
        }
    }
    found
}

async fn explain(store: &mut SqliteConnection, statement: &str, text: &mut String) -> Result<(), String> {
    let asked = sqlx::raw_sql(AssertSqlSafe(format!("explain query plan {statement}"))).fetch_all(store).await;
    let rows = asked.map_err(|why| format!("{statement}: {why}"))?;
    for row in rows {
        let (parent, detail): (i64, String) = (row.get("parent"), row.get("detail"));
        let _ok = writeln!(text, "{}{detail}", if parent == 0 { "" } else { "  " });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_taken_from_the_log_whole_and_once() {
        let line = |whole: &str| format!(r#"{{"fields":{{"summary":"select 1 …","db.statement":"{whole}"}}}}"#);
        let log =
            [line("\\n\\nselect 1\\n"), line("select 1"), line(""), line("insert 1"), "no JSON".to_owned()].join("\n");
        assert_eq!(statements(&log), ["select 1", "select 1 …"]);
    }
}
