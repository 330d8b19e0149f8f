//! The keys in use, and the file that they are read from again when it changes.
//!
//! **What a key change looks like:** the file is looked at every few seconds, and at once, though not more than once a
//! second, when a token names a key that nobody knows. A file that cannot be used leaves the keys as they are.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use stillhere_engine::time::{Millis, Timestamp};

use super::keys::KeySet;
use crate::limits;

/// The keys in use.
pub(super) struct Keyring {
    keys: RwLock<Arc<KeySet>>,
    generation: AtomicU64,
    file: Option<KeyFile>,
}

struct KeyFile {
    path: PathBuf,
    looked_at: AtomicU64,
    /// What the file looked like when it was read. Held while somebody looks, never across an await.
    stamp: Mutex<Option<Stamp>>,
}

/// What is different when a file is: its place on the disk, its length, and when it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        Some(Self {
            inode: file.ino(),
            bytes: file.len(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        })
    }
}

impl Keyring {
    /// Keys that stay what they are.
    pub(super) fn fixed(keys: KeySet) -> Self {
        Self::with(keys, None)
    }

    /// Keys that were read from this file, which may change.
    pub(super) fn of_file(path: PathBuf, keys: KeySet) -> Self {
        // It may have changed since it was read, so the first look reads it again.
        Self::with(keys, Some(KeyFile { path, looked_at: AtomicU64::new(0), stamp: Mutex::new(None) }))
    }

    fn with(keys: KeySet, file: Option<KeyFile>) -> Self {
        Self { generation: AtomicU64::new(keys.generation), keys: RwLock::new(Arc::new(keys)), file }
    }

    /// Which set is in use, after a look at its file if that is due.
    pub(super) fn generation(&self, now: Timestamp) -> u64 {
        self.look(limits::KEY_FILE_EVERY, now);
        self.generation.load(Ordering::Acquire)
    }

    /// The keys in use.
    pub(super) fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys in use after a look at the file for one that is not among them.
    pub(super) fn look_for_unknown(&self, now: Timestamp) -> Arc<KeySet> {
        self.look(limits::UNKNOWN_KEY_EVERY, now);
        self.keys()
    }

    fn look(&self, every: Millis, now: Timestamp) {
        let Some(file) = &self.file else { return };
        let is_due = || now.since(Timestamp(file.looked_at.load(Ordering::Acquire))) >= every;
        if !is_due() {
            return;
        }
        // Whoever comes meanwhile waits for the file to be read, and then need not look.
        let mut stamp = file.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_due() {
            return;
        }
        // The stamp first: what is written after it will look different the next time.
        let found = Stamp::of(&file.path);
        if found != *stamp {
            self.read_again(&file.path);
            *stamp = found;
        }
        file.looked_at.store(now.0, Ordering::Release);
    }

    fn read_again(&self, path: &Path) {
        match KeySet::read(path) {
            Ok(mut keys) => {
                let mut place = self.keys.write().unwrap_or_else(PoisonError::into_inner);
                keys.generation = place.generation + 1;
                self.generation.store(keys.generation, Ordering::Release);
                *place = Arc::new(keys);
                tracing::info!(path = %path.display(), "read the keys of tokens");
            }
            Err(why) => tracing::warn!(path = %path.display(), why, "the keys of tokens stay as they were: the file"),
        }
    }
}
