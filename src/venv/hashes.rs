//! SHA-256 of what a scan read, by content: RECORD names files by it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::model::{Digest, RelPath};

/// The hashes that a scan computed while it had the bytes.
#[derive(Debug, Default)]
pub(crate) struct Hashes(Mutex<HashMap<Digest, [u8; 32]>>);

impl Hashes {
    /// Hashes a file that was read. RECORD has no hash of bytecode, so that is left out.
    pub(crate) fn add(&self, path: &RelPath, digest: Digest, bytes: &[u8]) {
        if !path.name().ends_with(b".pyc") {
            let hash = Sha256::digest(bytes).into();
            self.lock().insert(digest, hash);
        }
    }

    /// The hash of some content, if it was read.
    pub(crate) fn get(&self, digest: &Digest) -> Option<[u8; 32]> {
        self.lock().get(digest).copied()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, [u8; 32]>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
