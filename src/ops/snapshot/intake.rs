//! Carries what a scan reads into the packs of the store.

use std::sync::{Mutex, PoisonError};

use crate::model::segment::Segments;
use crate::model::{Digest, Followed, RelPath};
use crate::ops::error::Error;
use crate::python::hashes::Hashes;
use crate::store::{self, Packer};
use crate::tree::follow::Follow;
use crate::tree::scan::Scan;
use crate::tree::sink::{Sink, Stopped, digests_of};
use crate::{monitor::Monitor, tree};

/// A sink that packs. Keeps the first error, since a scan only learns that it has to stop.
pub(in crate::ops) struct Intake<'s> {
    pub(in crate::ops) packer: Packer<'s>,
    /// Hashes for the audit, where there will be one.
    pub(in crate::ops) hashes: Option<Hashes>,
    failed: Mutex<Option<store::Error>>,
}

impl<'s> Intake<'s> {
    pub(in crate::ops) fn new(packer: Packer<'s>) -> Self {
        Self {
            packer,
            hashes: None,
            failed: Mutex::new(None),
        }
    }

    /// The same, keeping hashes for an audit.
    pub(in crate::ops) fn with_hashes(packer: Packer<'s>) -> Self {
        Self {
            hashes: Some(Hashes::default()),
            ..Self::new(packer)
        }
    }

    fn keep(&self, result: Result<(), store::Error>) -> Result<(), Stopped> {
        result.map_err(|error| {
            self.failed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(error);
            Stopped
        })
    }

    /// What a scan into this sink came to: an error of the store comes before the scan's own.
    pub(in crate::ops) fn scanned<T>(&self, scan: Result<T, tree::Error>) -> Result<T, Error> {
        match self
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            Some(error) => Err(error.into()),
            None => Ok(scan?),
        }
    }

    /// Puts what links lead to into the packs, and in the places of the links.
    pub(in crate::ops) fn follow(
        &self,
        place: &std::path::Path,
        wants: &dyn Fn(&RelPath) -> bool,
        scan: Scan,
        monitor: &dyn Monitor,
    ) -> Result<(Scan, Followed), Error> {
        let follow = Follow {
            place,
            wants,
            sink: self,
            monitor,
        };
        self.scanned(follow.follow(scan))
    }

    /// Scans a tree into the packs.
    pub(in crate::ops) fn scan(
        &self,
        root: &crate::disk::rooted::Rooted,
        cache: &tree::stat_cache::StatCache,
        monitor: &dyn Monitor,
    ) -> Result<Scan, Error> {
        self.scanned(tree::scan::scan(root, cache, self, monitor))
    }
}

impl Sink for Intake<'_> {
    fn prepare(&self, monitor: &dyn Monitor) -> Result<(), Stopped> {
        self.keep(self.packer.load(monitor))
    }
    fn has(&self, digest: &Digest) -> bool {
        self.packer.has(digest)
    }
    fn wants(&self) -> bool {
        true
    }
    fn digests(&self, files: &[(&RelPath, &[u8])]) -> Vec<Digest> {
        let digests = digests_of(files);
        if let Some(hashes) = &self.hashes {
            hashes.add(files, &digests);
        }
        digests
    }
    fn files(&self, files: Vec<(Digest, Vec<u8>)>) -> Result<(), Stopped> {
        self.keep(self.packer.add_files(files))
    }
    fn segment(&self, value: Digest, number: u32, bytes: &[u8]) -> Result<(), Stopped> {
        self.keep(self.packer.add_segment(value, number, bytes))
    }
    fn segments(&self, segments: Segments) -> Result<(), Stopped> {
        self.keep(self.packer.add_list(&segments))
    }
}
