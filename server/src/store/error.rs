//! What a store says when it could not.

use std::{error::Error, fmt};

/// The store could not do something. Never the fault of what it was given.
#[derive(Debug)]
pub struct StoreError {
    doing: &'static str,
    why: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    pub(crate) fn new(doing: &'static str, why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing, why: why.into() }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store could not {}: {}", self.doing, self.why)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.why)
    }
}
