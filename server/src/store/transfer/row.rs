//! A row as it is in no database: what is carried, and what is compared.

use std::{cmp::Ordering, fmt};

use serde::ser::{Serialize, Serializer};

use super::{TransferError, table::Table};

/// The cells of a row, in the order of the table's columns.
pub(super) type Row = Vec<Cell>;

/// What lies in a cell. Texts are ordered byte by byte, as keys are in both databases.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    Nothing,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<Option<i64>> for Cell {
    fn from(integer: Option<i64>) -> Self {
        integer.map_or(Self::Nothing, Self::Integer)
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }
}

impl From<Option<Vec<u8>>> for Cell {
    fn from(bytes: Option<Vec<u8>>) -> Self {
        bytes.map_or(Self::Nothing, Self::Bytes)
    }
}

impl Cell {
    pub(super) fn integer(&self) -> Option<i64> {
        if let Self::Integer(integer) = self { Some(*integer) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Integer(integer) => integer.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

/// For SQLite, which takes a whole page as one JSON text. JSON has no bytes, so these are in hexadecimal.
impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => to.serialize_none(),
            Self::Integer(integer) => to.serialize_i64(*integer),
            Self::Text(text) => to.serialize_str(text),
            Self::Bytes(_) => to.collect_str(self),
        }
    }
}

/// A place where the target is not what the source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub table: &'static str,
    /// The row's key.
    pub key: String,
    /// What is wrong with it there.
    pub what: Unlike,
}

/// How a row can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlike {
    /// In this column it says something else.
    Column(&'static str),
    /// The source has it, and the target has not.
    Missing,
    /// The target has it, and the source has not.
    Added,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, key, what } = self;
        match what {
            Unlike::Column(column) => {
                write!(f, "in the table {table}, the row {key} does not say the same in the column {column}")
            }
            Unlike::Missing => write!(f, "in the table {table}, the row {key} has not arrived"),
            Unlike::Added => write!(f, "in the table {table}, there is a row {key} that the source does not have"),
        }
    }
}

impl From<Difference> for TransferError {
    fn from(difference: Difference) -> Self {
        Self::Differs(difference)
    }
}

impl Table {
    /// The key of a row.
    pub(super) fn key<'a>(&self, row: &'a Row) -> &'a [Cell] {
        &row[..self.keys]
    }

    /// The first difference between two pages that begin at the same key.
    pub(super) fn compare(&self, source: &[Row], target: &[Row]) -> Result<(), Difference> {
        let unlike = |row: &Row, what| {
            let key: Vec<_> = self.key(row).iter().map(ToString::to_string).collect();
            Err(Difference { table: self.name, key: key.join(", "), what })
        };
        for place in 0..source.len().max(target.len()) {
            let (here, there) = match (source.get(place), target.get(place)) {
                (Some(here), Some(there)) => (here, there),
                (Some(here), None) => return unlike(here, Unlike::Missing),
                (None, Some(there)) => return unlike(there, Unlike::Added),
                (None, None) => break,
            };
            match self.key(here).cmp(self.key(there)) {
                Ordering::Less => return unlike(here, Unlike::Missing),
                Ordering::Greater => return unlike(there, Unlike::Added),
                Ordering::Equal => {}
            }
            if let Some(column) = (0..self.columns.len()).find(|&column| here[column] != there[column]) {
                return unlike(here, Unlike::Column(self.columns[column].name));
            }
        }
        Ok(())
    }
}
