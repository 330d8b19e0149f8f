//! Open sessions as a start reads them back: in pieces, each of which is read while the one before is taken in.

use std::fmt;

use stillhere_engine::tracker::SessionRow;

use super::StoreError;

/// A piece of the open sessions.
#[derive(Debug)]
pub struct OpenSessions {
    /// The sessions.
    pub rows: ReadRows,
    /// Where the next piece begins; `None`: that was all.
    pub next: Option<Place>,
}

/// Rows as they were read. To make sessions of them takes nearly as long as reading did: whoever wants them does it while the
/// next ones are read.
pub struct ReadRows(Box<dyn FnOnce() -> Result<Vec<SessionRow>, StoreError> + Send>);

impl ReadRows {
    /// What this makes.
    pub fn new(make: impl FnOnce() -> Result<Vec<SessionRow>, StoreError> + Send + 'static) -> Self {
        Self(Box::new(make))
    }

    /// The sessions.
    ///
    /// # Errors
    /// A row is damaged.
    pub fn make(self) -> Result<Vec<SessionRow>, StoreError> {
        (self.0)()
    }
}

impl fmt::Debug for ReadRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadRows")
    }
}

/// A place in the store's own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub(super) i64);
