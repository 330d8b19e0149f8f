//! Many rows as one text: a call into SQLite and a visit to its thread for thousands of rows, not for each.
//!
//! Between columns and between rows stand the control characters that were made for it. No name may have one, so nothing
//! has to be escaped, which makes it half the work of JSON on either side.

use std::str::Split;

use sqlx::{Row, SqliteConnection, sqlite::SqliteArguments, sqlite::SqliteRow};
use stillhere_engine::time::Timestamp;

use crate::store::{
    StoreError,
    column::{damaged, from_sql, unreadable},
};

/// `select` and these columns of that subquery, packed. A null among them is not there at all: only the last may be null.
macro_rules! packed {
    ([$($column:literal),+] $from:literal) => {
        concat!("select group_concat(concat_ws(char(31)" $(, ", ", $column)+, "), char(30)) from (", $from, ")")
    };
}
pub(super) use packed;

/// What a statement of [`packed`] has found.
pub(super) struct Packed(SqliteRow);

impl Packed {
    pub(super) async fn fetch(
        query: sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>,
        connection: &mut SqliteConnection,
    ) -> Result<Self, StoreError> {
        query.fetch_one(connection).await.map(Self).map_err(unreadable)
    }

    /// The rows, in the order of the subquery.
    pub(super) fn rows(&self) -> Result<impl DoubleEndedIterator<Item = Columns<'_>>, StoreError> {
        // Of no rows there is no text.
        let text: Option<&str> = self.0.try_get(0).map_err(unreadable)?;
        Ok(text.into_iter().flat_map(|text| text.split('\u{1e}')).map(|row| Columns(row.split('\u{1f}'))))
    }
}

/// A row: each call takes the next column.
pub(super) struct Columns<'a>(Split<'a, char>);

impl<'a> Columns<'a> {
    pub(super) fn maybe_text(&mut self) -> Option<&'a str> {
        self.0.next()
    }

    pub(super) fn text(&mut self, column: &'static str) -> Result<&'a str, StoreError> {
        self.maybe_text().ok_or_else(|| damaged(column))
    }

    pub(super) fn integer(&mut self, column: &'static str) -> Result<i64, StoreError> {
        self.text(column)?.parse().map_err(|_| damaged(column))
    }

    pub(super) fn number(&mut self, column: &'static str) -> Result<u64, StoreError> {
        self.integer(column).map(from_sql)
    }

    pub(super) fn moment(&mut self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.number(column).map(Timestamp)
    }
}
