//! What an audit wants to know of contents, computed while a scan has the bytes: SHA-256, by which RECORD names files, and
//! whether bytecode is whole.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::bytecode::PycHeader;
use super::marshal::is_whole;
use crate::model::{Digest, RelPath};

/// What a scan saw, by content.
#[derive(Debug, Default)]
pub(crate) struct Hashes {
    hashes: Mutex<HashMap<Digest, [u8; 32]>>,
    bytecode: Mutex<HashMap<Digest, bool>>,
}

impl Hashes {
    /// Looks at a file that was read. RECORD has no hash of bytecode.
    pub(crate) fn add(&self, path: &RelPath, digest: Digest, bytes: &[u8]) {
        if path.name().ends_with(b".pyc") {
            let whole = bytes.get(PycHeader::LEN..).is_some_and(is_whole);
            locked(&self.bytecode).insert(digest, whole);
        } else {
            let hash = Sha256::digest(bytes).into();
            locked(&self.hashes).insert(digest, hash);
        }
    }

    /// The hash of some content, if it was read.
    pub(crate) fn get(&self, digest: &Digest) -> Option<[u8; 32]> {
        locked(&self.hashes).get(digest).copied()
    }

    /// Whether bytecode of some content is whole behind its header, if it was read.
    pub(crate) fn whole(&self, digest: &Digest) -> Option<bool> {
        locked(&self.bytecode).get(digest).copied()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
