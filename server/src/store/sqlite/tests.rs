//! What only SQLite could do badly: go through everything for a little.

use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    Sqlite,
    history::{AUTO_OUTS, BEFORE, BEGUN, LASTING, PUNCHED_OUT, SESSIONS, SPANS},
};

/// How SQLite would go about a statement, a line for each step.
async fn plan(file: &mut SqliteConnection, sql: &'static str) -> Vec<String> {
    let explain = sqlx::AssertSqlSafe(format!("explain query plan {sql}"));
    let query = sqlx::query(explain).bind(1_i64).bind(2_i64).bind("ann").bind(4_i64);
    query.fetch_all(file).await.unwrap().iter().map(|step| step.get("detail")).collect()
}

#[tokio::test]
async fn the_history_of_a_small_range_is_read_from_indexes_however_long_the_past_is() {
    let directory = tempfile::tempdir().unwrap();
    let _store = Sqlite::open(directory.path()).await.unwrap();
    let options = SqliteConnectOptions::new().filename(directory.path().join("stillhere.sqlite"));
    let mut file = SqliteConnection::connect_with(&options).await.unwrap();
    for sql in [LASTING, BEFORE, BEGUN, PUNCHED_OUT, AUTO_OUTS, SESSIONS, SPANS] {
        let steps = plan(&mut file, sql).await;
        for step in &steps {
            // All open sessions are few; what has been read from an index already is no table.
            let is_small = step.contains("sessions_open") || step.starts_with("SCAN (subquery-");
            assert!(is_small || !step.contains("SCAN"), "{sql}\n{steps:#?}");
            // Bounded on one side only, an index leads through all of the past.
            let is_open = step.contains("started_at<?") && !step.contains("started_at>?");
            assert!(!is_open, "{sql}\n{steps:#?}");
        }
        let is_covered = steps.iter().any(|step| step.contains("USING COVERING INDEX sessions_past (started_at>?"));
        assert!(is_covered || ![BEFORE, BEGUN].contains(&sql), "{sql}\n{steps:#?}");
    }
}
