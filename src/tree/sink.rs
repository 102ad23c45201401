//! Where the content goes that a scan reads: the seam at which a store is put, which this room does not know.

use sha2::Sha256;

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
    /// Whether it is faster with files of like length together.
    fn likes_like_lengths(&self) -> bool {
        false
    }
    /// The digests of small files that were read together, wanted or not, in their order. It is shown the contents.
    fn digests(&self, files: &[(&RelPath, &[u8])]) -> Vec<Digest> {
        digests_of(files)
    }
    /// What hashes a large file in the place of its digest, where that is all that is wanted.
    fn hasher(&self, _: &RelPath) -> Option<Sha256> {
        None
    }
    /// Takes what such a hasher came to.
    fn hashed(&self, _: &Digest, _: [u8; 32]) {}
    /// Whether an audit alone wants this, which goes by the hashes of RECORD: digests may be stand-ins, and
    /// attributes are not read.
    fn audits_only(&self) -> bool {
        false
    }
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

/// The digest of each content, in their order.
pub(crate) fn digests_of(files: &[(&RelPath, &[u8])]) -> Vec<Digest> {
    let contents = files.iter().map(|(_, content)| content);
    contents.map(|content| Digest::of(content)).collect()
}

/// The sink cannot go on; it knows why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopped;

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
