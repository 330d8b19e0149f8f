//! A person's live state and a change as bytes, which every node has to understand.

use serde::{Serialize, de::DeserializeOwned};
use stillhere_engine::{
    time::Timestamp,
    tracker::{Change, Holding},
};

use crate::presence::redis::RedisError;

/// The first byte of everything. A node that finds another one leaves it alone: it is older than whoever wrote that.
const VERSION: u8 = 1;

/// A person's live state.
pub(super) fn of_holding(holding: &Holding) -> Result<Vec<u8>, RedisError> {
    write(holding)
}

pub(super) fn to_holding(bytes: &[u8]) -> Result<Holding, RedisError> {
    read(bytes)
}

/// A change, and when it was decided.
pub(super) fn of_change(at: Timestamp, change: &Change) -> Result<Vec<u8>, RedisError> {
    write(&(at, change))
}

pub(super) fn to_change(bytes: &[u8]) -> Result<(Timestamp, Change), RedisError> {
    read(bytes)
}

fn write(what: &impl Serialize) -> Result<Vec<u8>, RedisError> {
    postcard::to_extend(what, vec![VERSION]).map_err(|_| RedisError::strange("something that cannot be written"))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RedisError> {
    let rest = bytes.strip_prefix(&[VERSION]).ok_or_else(|| RedisError::strange("a record of another version"))?;
    postcard::from_bytes(rest).map_err(|_| RedisError::strange("a record that cannot be read"))
}
