//! Where the content goes that a scan reads: the seam at which a store is put, which this room does not know.

use sha2::Sha256;

use super::hashes::Hashes;
use crate::model::segment::Segments;
use crate::model::{Digest, RelPath};
use crate::monitor::Monitor;

/// Where the content goes that a scan reads. Called from many threads. One that wants no contents takes none.
pub(crate) trait Sink: Sync {
    /// Makes ready, while the tree is walked, for what comes then.
    fn prepare(&self, _: &dyn Monitor) -> Result<(), Stopped> {
        Ok(())
    }
    /// Whether the content is safe already, so that a file known by its state need not be read.
    fn has(&self, digest: &Digest) -> bool;
    /// Whether contents are wanted at all, or only their digests.
    fn wants(&self) -> bool;
    /// Is shown the content of a small file that was read, wanted or not.
    fn seen(&self, _: &RelPath, _: &Digest, _: &[u8]) {}
    /// What hashes a large file while it is read, if this sink wants to know.
    fn hasher(&self, _: &RelPath) -> Option<Sha256> {
        None
    }
    /// Takes a hasher that has seen all of a large file.
    fn hashed(&self, _: &Digest, _: Sha256) {}
    /// Takes the contents of small files that lie near each other.
    fn files(&self, _: Vec<(Digest, Vec<u8>)>) -> Result<(), Stopped> {
        Ok(())
    }
    /// Takes one segment of a large file.
    fn segment(&self, _value: Digest, _number: u32, _: &[u8]) -> Result<(), Stopped> {
        Ok(())
    }
    /// Takes the list of a large file's segments.
    fn segments(&self, _: Segments) -> Result<(), Stopped> {
        Ok(())
    }
}

/// The sink cannot go on; it knows why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopped;

/// Wants digests and, for an audit, the hashes of RECORD.
#[derive(Debug, Default)]
pub(crate) struct HashesOnly(pub(crate) Hashes);

impl Sink for HashesOnly {
    fn has(&self, _: &Digest) -> bool {
        false
    }
    fn wants(&self) -> bool {
        false
    }
    fn seen(&self, path: &RelPath, digest: &Digest, bytes: &[u8]) {
        self.0.add(path, *digest, bytes);
    }
    fn hasher(&self, path: &RelPath) -> Option<Sha256> {
        Hashes::names(path).then(Sha256::default)
    }
    fn hashed(&self, digest: &Digest, hasher: Sha256) {
        self.0.add_hash(*digest, hasher);
    }
}

/// Wants digests only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DigestsOnly;

impl Sink for DigestsOnly {
    fn has(&self, _: &Digest) -> bool {
        true
    }
    fn wants(&self) -> bool {
        false
    }
}
