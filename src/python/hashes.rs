//! What an audit wants to know of contents, computed while a scan has the bytes: SHA-256, by which RECORD names
//! files, and whether bytecode is whole, and what modules import.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::bytecode::Glimpse;
use super::imports::{Import, textual};
use crate::model::{Digest, RelPath};
use crate::tree::sink::Sink;

/// What a scan saw, by content.
#[derive(Debug, Default)]
pub(crate) struct Hashes {
    sha256: Mutex<HashMap<Digest, [u8; 32]>>,
    bytecode: Mutex<HashMap<Digest, Glimpse>>,
    imports: Mutex<HashMap<Digest, Arc<[Import]>>>,
}

impl Hashes {
    /// Whether RECORD has the hash of such a file: it has none of bytecode.
    pub(crate) fn names(path: &RelPath) -> bool {
        !path.name().ends_with(b".pyc")
    }

    /// Takes the hash of some content.
    pub(crate) fn add_hash(&self, digest: Digest, hash: [u8; 32]) {
        locked(&self.sha256).insert(digest, hash);
    }

    /// Looks at a file that was read.
    pub(crate) fn add(&self, path: &RelPath, digest: Digest, bytes: &[u8]) {
        if Self::names(path) {
            self.add_hash(digest, Sha256::digest(bytes).into());
        }
        self.look(path, digest, bytes);
    }

    /// Looks at a file that was read and has no digest. Returns what stands in its place: the hash, or of what has
    /// none the path.
    pub(crate) fn add_by_hash(&self, path: &RelPath, bytes: &[u8]) -> Digest {
        let digest = if Self::names(path) {
            let hash = Sha256::digest(bytes).into();
            self.add_hash(Digest::from_bytes(hash), hash);
            Digest::from_bytes(hash)
        } else {
            Digest::of(path.as_bytes())
        };
        self.look(path, digest, bytes);
        digest
    }

    fn look(&self, path: &RelPath, digest: Digest, bytes: &[u8]) {
        if !Self::names(path) {
            locked(&self.bytecode).insert(digest, Glimpse::of(bytes));
        }
        if path.name().ends_with(b".py") {
            let imports = textual(bytes).collect();
            locked(&self.imports).insert(digest, imports);
        }
    }

    /// The imports that some content shows, if it was read.
    pub(crate) fn imports(&self, digest: &Digest) -> Option<Arc<[Import]>> {
        locked(&self.imports).get(digest).cloned()
    }

    /// The hash of some content, if it was read.
    pub(crate) fn get(&self, digest: &Digest) -> Option<[u8; 32]> {
        locked(&self.sha256).get(digest).copied()
    }

    /// What was seen of bytecode of some content, if it was read.
    pub(crate) fn glimpse(&self, digest: &Digest) -> Option<Glimpse> {
        locked(&self.bytecode).get(digest).copied()
    }
}

/// Wants, for an audit, the hashes of RECORD. In the manifest of such a scan they stand in the place of digests; for
/// bytecode, of which RECORD has none, stands the digest of its path: nothing may be looked for in a store by them,
/// and no two scans be compared.
#[derive(Debug, Default)]
pub(crate) struct HashesOnly(pub(crate) Hashes);

impl Sink for HashesOnly {
    fn has(&self, _: &Digest) -> bool {
        false
    }
    fn wants(&self) -> bool {
        false
    }
    fn audits_only(&self) -> bool {
        true
    }
    fn digest(&self, path: &RelPath, content: &[u8]) -> Digest {
        self.0.add_by_hash(path, content)
    }
    fn hasher(&self, path: &RelPath) -> Option<Sha256> {
        Hashes::names(path).then(Sha256::default)
    }
    fn hashed(&self, digest: &Digest, hash: [u8; 32]) {
        self.0.add_hash(*digest, hash);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
