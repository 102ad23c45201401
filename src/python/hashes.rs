//! What an audit wants to know of contents, computed while a scan has the bytes: SHA-256, by which RECORD names
//! files, and whether bytecode is whole, and what modules import.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::Sha256;

use super::bytecode::Glimpse;
use super::imports::{Import, textual};
use super::sha256;
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

    /// Looks at files that were read, of these digests.
    pub(crate) fn add(&self, files: &[(&RelPath, &[u8])], digests: &[Digest]) {
        self.take(files, digests, of_named(files));
    }

    /// Looks at files that were read and have no digests. Returns what stands in the place of each: the hash, or of
    /// what has none the digest of its path.
    pub(crate) fn add_by_hash(&self, files: &[(&RelPath, &[u8])]) -> Vec<Digest> {
        let hashes = of_named(files);
        let stand_ins = hashes.iter().zip(files).map(|(hash, (path, _))| {
            hash.map_or_else(|| Digest::of(path.as_bytes()), Digest::from_bytes)
        });
        let stand_ins: Vec<Digest> = stand_ins.collect();
        self.take(files, &stand_ins, hashes);
        stand_ins
    }

    fn take(&self, files: &[(&RelPath, &[u8])], digests: &[Digest], hashes: Vec<Option<[u8; 32]>>) {
        for ((digest, hash), (path, bytes)) in digests.iter().zip(hashes).zip(files) {
            if let Some(hash) = hash {
                self.add_hash(*digest, hash);
            }
            self.look(path, *digest, bytes);
        }
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
/// bytecode, of which RECORD has none, the digest of its path does. So nothing may be looked for in a store by them,
/// and no two such scans be compared.
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
    fn likes_like_lengths(&self) -> bool {
        sha256::has_lanes()
    }
    fn digests(&self, files: &[(&RelPath, &[u8])]) -> Vec<Digest> {
        self.0.add_by_hash(files)
    }
    fn hasher(&self, path: &RelPath) -> Option<Sha256> {
        Hashes::names(path).then(Sha256::default)
    }
    fn hashed(&self, digest: &Digest, hash: [u8; 32]) {
        self.0.add_hash(*digest, hash);
    }
}

/// The SHA-256 of those files that RECORD may have one of.
fn of_named(files: &[(&RelPath, &[u8])]) -> Vec<Option<[u8; 32]>> {
    let is_named = |(path, _): &&(&RelPath, &[u8])| Hashes::names(path);
    let named: Vec<&[u8]> = files
        .iter()
        .filter(is_named)
        .map(|(_, bytes)| *bytes)
        .collect();
    let mut hashes = sha256::of_each(&named).into_iter();
    let of = |file| is_named(&file).then(|| hashes.next()).flatten();
    files.iter().map(of).collect()
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
