//! Carrying everything that a store knows over into another one, of the other kind.
//!
//! **It is one transaction.** Rows are written, read again and compared with those of the source before anything of it is a
//! fact. Whoever is killed in the middle leaves an empty target behind, and begins again; no server can start on half of it.

mod error;
mod postgres;
mod row;
mod side;
mod sqlite;
mod table;

use super::StorePlace;
pub use error::TransferError;
use row::Row;
pub use row::{Difference, Unlike};
use side::{Purpose, Side};
#[cfg(test)]
pub(super) use table::Dialect;
pub(super) use table::TABLES;
use table::{Numbers, Table};

/// Tables that have rows before anybody has ever come: the schema's own, and what a server says of itself when it has started.
const FROM_THE_BEGINNING: [&str; 2] = ["punch_marks", "meta"];

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done with the rows.
    pub act: Act,
    /// Of which table.
    pub table: &'static str,
    /// How many are behind.
    pub done: i64,
    /// Of how many.
    pub all: i64,
}

/// What is done with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// They are read from the source and written into the target.
    Carry,
    /// They are read from both and compared.
    Compare,
}

/// How many rows a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Its name.
    pub table: &'static str,
    /// The number.
    pub rows: i64,
}

/// Says how much there is to carry over, and whether the target would take it. Changes nothing and takes no lock, so a
/// server may run.
///
/// # Errors
/// One of them cannot be read, the source is not there or the target is not empty.
pub async fn survey(from: &StorePlace, to: &StorePlace) -> Result<Vec<Count>, TransferError> {
    let mut source = Side::beside(from).await.map_err(TransferError::Source)?.ok_or(TransferError::Nothing)?;
    let counts = count(&mut source).await;
    source.close().await;
    if let Some(mut target) = Side::beside(to).await.map_err(TransferError::Target)? {
        let empty = is_empty(&mut target).await;
        target.close().await;
        empty?;
    }
    counts
}

/// Carries everything over and compares it. The source stays as it is, but for the steps of its schema that a server of this
/// version would take too.
///
/// # Errors
/// Nothing was carried over, and the error says why.
pub async fn transfer(
    from: &StorePlace,
    to: &StorePlace,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<Count>, TransferError> {
    let mut source = Side::source(from).await.map_err(TransferError::Source)?;
    let carried = match Side::target(to).await {
        Ok(mut target) => {
            let carried = carry_all(&mut source, &mut target, progress).await;
            target.close().await;
            carried
        }
        Err(why) => Err(TransferError::Target(why)),
    };
    source.close().await;
    carried
}

async fn carry_all(
    source: &mut Side,
    target: &mut Side,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<Count>, TransferError> {
    source.begin(Purpose::Read).await.map_err(TransferError::Source)?;
    target.begin(Purpose::Write).await.map_err(TransferError::Target)?;
    is_empty(target).await?;
    let counts = count(source).await?;
    for sql in ["delete from meta", "delete from punch_marks"] {
        target.write(sql).await.map_err(TransferError::Target)?;
    }
    for act in [Act::Carry, Act::Compare] {
        for (table, count) in TABLES.iter().zip(&counts) {
            let mut told = |done| progress(Progress { act, table: table.name, done, all: count.rows });
            match act {
                Act::Carry => carry(source, target, table, &mut told).await?,
                Act::Compare => compare(source, target, table, &mut told).await?,
            }
        }
    }
    target.learn().await.map_err(TransferError::Target)?;
    target.commit().await.map_err(TransferError::Target)?;
    Ok(counts)
}

async fn carry(
    source: &mut Side,
    target: &mut Side,
    table: &Table,
    told: &mut (dyn FnMut(i64) + Send),
) -> Result<(), TransferError> {
    let (mut last, mut done): (Option<Row>, i64) = (None, 0);
    loop {
        let mut rows = source.page(table, last.as_ref()).await.map_err(TransferError::Source)?;
        if rows.is_empty() {
            break;
        }
        target.add(table, &rows).await.map_err(TransferError::Target)?;
        done += rows.len() as i64;
        told(done);
        last = rows.pop();
    }
    let number = source.last_number(table).await.map_err(TransferError::Source)?;
    target.number_on(table, number).await.map_err(TransferError::Target)
}

async fn compare(
    source: &mut Side,
    target: &mut Side,
    table: &Table,
    told: &mut (dyn FnMut(i64) + Send),
) -> Result<(), TransferError> {
    let (mut last, mut done): (Option<Row>, i64) = (None, 0);
    loop {
        let mut sent = source.page(table, last.as_ref()).await.map_err(TransferError::Source)?;
        let arrived = target.page(table, last.as_ref()).await.map_err(TransferError::Target)?;
        table.compare(&sent, &arrived)?;
        if sent.is_empty() {
            break;
        }
        done += sent.len() as i64;
        told(done);
        last = sent.pop();
    }
    let numbers = (
        source.last_number(table).await.map_err(TransferError::Source)?,
        target.last_number(table).await.map_err(TransferError::Target)?,
    );
    if table.numbers == Numbers::UsedOnce && numbers.0 != numbers.1 {
        let key = format!("after {}", numbers.0);
        return Err(Difference { table: table.name, key, what: Unlike::Column("id") }.into());
    }
    Ok(())
}

/// How much the source has, table by table.
async fn count(source: &mut Side) -> Result<Vec<Count>, TransferError> {
    let mut counts = Vec::with_capacity(TABLES.len());
    for table in &TABLES {
        let rows = source.count(table).await.map_err(TransferError::Source)?;
        counts.push(Count { table: table.name, rows });
    }
    if counts.iter().all(|count| count.rows == 0 || FROM_THE_BEGINNING.contains(&count.table)) {
        return Err(TransferError::Nothing);
    }
    Ok(counts)
}

/// Refuses a target that knows anything of anybody.
async fn is_empty(target: &mut Side) -> Result<(), TransferError> {
    for table in TABLES.iter().filter(|table| !FROM_THE_BEGINNING.contains(&table.name)) {
        if target.count(table).await.map_err(TransferError::Target)? > 0 {
            return Err(TransferError::NotEmpty(table.name));
        }
    }
    Ok(())
}
