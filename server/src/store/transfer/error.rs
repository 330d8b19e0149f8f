//! Why nothing was carried over.

use std::{error::Error, fmt};

use super::row::Difference;
use crate::store::StoreError;

/// Why nothing was carried over. Whatever it is, the target is as it was before.
#[derive(Debug)]
pub enum TransferError {
    /// The source cannot be used.
    Source(StoreError),
    /// The target cannot be used.
    Target(StoreError),
    /// No table of the source has a row: it is not the one that was meant.
    Nothing,
    /// The target's table of this name has rows.
    NotEmpty(&'static str),
    /// What has arrived is not what was sent.
    Differs(Difference),
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(why) => write!(f, "at the source, {why}"),
            Self::Target(why) => write!(f, "at the target, {why}"),
            Self::Nothing => f.write_str("the source holds nothing: is it the right one?"),
            Self::NotEmpty(table) => write!(
                f,
                "the target is in use: there is something in its table {table}, and two pasts are never mixed. Name an \
                 empty database or a new directory; or, if an earlier migration has brought this here, start a server on \
                 it: a migration is there whole or not at all"
            ),
            Self::Differs(difference) => write!(
                f,
                "what has arrived is not what was sent: {difference}. So nothing was kept, and the target is as empty as \
                 before. Something there changes what is written; when it is gone, begin again"
            ),
        }
    }
}

impl Error for TransferError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Source(why) | Self::Target(why) => Some(why),
            Self::Nothing | Self::NotEmpty(_) | Self::Differs(_) => None,
        }
    }
}
