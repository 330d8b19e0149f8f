//! What a store consists of: every table and column, and the statements that follow from that for either database.

use std::fmt::Write;

use super::row::Row;

/// Every table, each after those that it refers to. A claim holds this list against the schemas of both databases.
pub(in crate::store) const TABLES: [Table; 10] = [
    Table::new("sessions", 1, &SESSIONS).numbered(Numbers::Counted),
    Table::new("spans", 2, &SPANS),
    Table::new("views", 2, &VIEWS),
    Table::new("visits", 2, &VISITS),
    Table::new("punches", 1, &PUNCHES).numbered(Numbers::Counted),
    Table::new("punch_marks", 1, &PUNCH_MARKS),
    Table::new("stays", 1, &STAYS),
    Table::new("news", 1, &NEWS),
    Table::new("letters", 1, &LETTERS).numbered(Numbers::UsedOnce),
    Table::new("meta", 1, &META),
];

const SESSIONS: [Column; 20] = [
    integer("id"),
    bytes("session"),
    text("user_id"),
    text("channel"),
    text("page"),
    text("state"),
    integer("seq"),
    integer("started_at"),
    integer("last_seen_at"),
    integer("last_active_at"),
    integer("lease_until_at"),
    integer("visible_ms"),
    integer("visible_until_ms"),
    integer("active_ms"),
    flag("recovered"),
    integer("ended_at"),
    integer("detected_at"),
    text("reason"),
    integer("error_bound_ms"),
    integer("punch_epoch"),
];

const SPANS: [Column; 5] =
    [integer("session_id"), integer("start_ms"), integer("end_ms"), integer("start_at"), integer("end_at")];

const VIEWS: [Column; 5] = [integer("session_id"), integer("seq"), text("channel"), text("page"), integer("until_at")];

const VISITS: [Column; 4] = [text("channel"), text("user_id"), integer("first_at"), integer("last_at")];

const PUNCHES: [Column; 11] = [
    integer("id"),
    text("user_id"),
    integer("epoch"),
    text("kind"),
    integer("at"),
    integer("detected_at"),
    text("reason"),
    integer("error_bound_ms"),
    bytes("salt"),
    bytes("person"),
    bytes("chain"),
];

const PUNCH_MARKS: [Column; 5] = [text("name"), integer("id"), integer("count"), bytes("chain"), integer("at")];

const STAYS: [Column; 3] = [text("user_id"), integer("epoch"), integer("at")];

const NEWS: [Column; 8] = [
    integer("id"),
    integer("epoch"),
    integer("offset"),
    integer("at"),
    text("name"),
    text("channel"),
    text("user_id"),
    text("json"),
];

const LETTERS: [Column; 12] = [
    integer("id"),
    text("message"),
    text("hook"),
    text("event"),
    text("user_id"),
    text("body"),
    integer("made_at"),
    integer("attempts"),
    integer("due_at"),
    integer("failed_at"),
    integer("sent_at"),
    text("why"),
];

const META: [Column; 2] = [text("name"), integer("value")];

/// A table. The first of its columns are its key.
pub(in crate::store) struct Table {
    pub(in crate::store) name: &'static str,
    pub(super) keys: usize,
    pub(in crate::store) columns: &'static [Column],
    pub(super) numbers: Numbers,
}

/// Who numbers the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Whoever writes them, or they have none.
    Brought,
    /// The database, on from the greatest.
    Counted,
    /// The database, and a number is never used again, even if its row is gone.
    UsedOnce,
}

/// A column.
pub(in crate::store) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// What lies in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    /// Yes or no, which is 1 or 0 in SQLite.
    Flag,
    Text,
    Bytes,
}

const fn integer(name: &'static str) -> Column {
    Column { name, kind: Kind::Integer }
}

const fn flag(name: &'static str) -> Column {
    Column { name, kind: Kind::Flag }
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

const fn bytes(name: &'static str) -> Column {
    Column { name, kind: Kind::Bytes }
}

/// Whose SQL it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Dialect {
    Sqlite,
    Postgres,
}

impl Column {
    /// What the database calls it. A bare `user` is a word of PostgreSQL's language.
    pub(in crate::store) fn name_in(&self, dialect: Dialect) -> &'static str {
        match (dialect, self.name) {
            (Dialect::Sqlite, "user_id") => "user",
            (_, name) => name,
        }
    }

    fn quoted(&self, dialect: Dialect) -> String {
        format!("\"{}\"", self.name_in(dialect))
    }

    /// As it is read: the same in both databases.
    fn read(&self, dialect: Dialect) -> String {
        let cast = if dialect == Dialect::Postgres && self.kind == Kind::Flag { "::int::bigint" } else { "" };
        self.quoted(dialect) + cast
    }

    /// As rows are ordered by it: byte by byte, as SQLite does, whatever language the database is in.
    fn ordered(&self, dialect: Dialect) -> String {
        let order = if dialect == Dialect::Postgres && self.kind == Kind::Text { " collate \"C\"" } else { "" };
        self.quoted(dialect) + order
    }

    /// How a whole column of rows is called in PostgreSQL.
    pub(super) fn array(&self) -> &'static str {
        match self.kind {
            Kind::Integer => "bigint[]",
            Kind::Flag => "boolean[]",
            Kind::Text => "text[]",
            Kind::Bytes => "bytea[]",
        }
    }
}

impl Table {
    const fn new(name: &'static str, keys: usize, columns: &'static [Column]) -> Self {
        Self { name, keys, columns, numbers: Numbers::Brought }
    }

    const fn numbered(mut self, numbers: Numbers) -> Self {
        self.numbers = numbers;
        self
    }

    /// The statement for a page of rows in the order of their keys: from the first one on, or after the one whose key is
    /// bound. The last place is the page's length.
    pub(super) fn select(&self, dialect: Dialect, after: Option<&Row>) -> String {
        let list = |form: &dyn Fn(&Column) -> String, columns: &[Column]| {
            columns.iter().map(form).collect::<Vec<_>>().join(", ")
        };
        let sign = if dialect == Dialect::Sqlite { '?' } else { '$' };
        let keys = list(&|column| column.ordered(dialect), &self.columns[..self.keys]);
        let mut sql = format!("select {} from {}", list(&|column| column.read(dialect), self.columns), self.name);
        let mut places = 0;
        if after.is_some() {
            let bound: Vec<_> = (1..=self.keys).map(|place| format!("{sign}{place}")).collect();
            // Writing into a text cannot fail.
            let _ = write!(sql, " where ({keys}) > ({})", bound.join(", "));
            places = self.keys;
        }
        let _ = write!(sql, " order by {keys} limit {sign}{}", places + 1);
        sql
    }

    /// The beginning of the statement that adds rows.
    pub(super) fn insert(&self, dialect: Dialect) -> String {
        let columns: Vec<_> = self.columns.iter().map(|column| column.quoted(dialect)).collect();
        format!("insert into {} ({})", self.name, columns.join(", "))
    }
}
