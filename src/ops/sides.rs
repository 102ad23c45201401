//! The two sides of a comparison: what differs between them, and what kind of difference it is.

use std::collections::BTreeMap;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};
use rustix::fs::OFlags;

use super::contents::{Actual, Contents, TEXT_MAX};
use super::error::Error;
use crate::diagnose::classify;
use crate::disk::rooted::Rooted;
use crate::model::compare::{Difference, compare};
use crate::model::{Change, Class, Detail, Entry, Kind, Manifest, Node, RelPath};
use crate::python::bytecode::{PycHeader, is_bytecode, is_whole, source_of};
use crate::python::path_files::keeps_from_starting;
use crate::store::Store;
use crate::tree::hash::read_file;

/// How far differences are looked into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Depth {
    /// Both contents are compared, so that also where they begin to differ is known.
    Full,
    /// As far as the kind needs: a file is only read again where its length and its last byte leave a doubt.
    Kind,
}

/// Two sides with the means to read both.
pub(super) struct Sides<'a> {
    pub(super) store: &'a Store,
    pub(super) expected: &'a Manifest,
    pub(super) actual: &'a Manifest,
    /// The live tree; without one the actual side is in the store as well.
    pub(super) live: Option<&'a Rooted>,
    /// Contents of the expected side that were adapted to the place of the live tree, and so are in no store.
    pub(super) adapted: &'a BTreeMap<RelPath, Vec<u8>>,
}

/// Where nothing was adapted.
pub(super) static AS_SAVED: BTreeMap<RelPath, Vec<u8>> = BTreeMap::new();

impl Sides<'_> {
    /// All differences, each with its class.
    pub(super) fn changes(&self, depth: Depth) -> Result<Vec<Change>, Error> {
        compare(self.expected, self.actual)
            .into_par_iter()
            .map(|difference| self.change(&difference, depth))
            .collect()
    }

    fn change(&self, difference: &Difference<'_>, depth: Depth) -> Result<Change, Error> {
        let Difference {
            expected, actual, ..
        } = *difference;
        let path = expected
            .or(actual)
            .map(|entry| entry.path.clone())
            .unwrap_or_default();
        let mut detail = Detail {
            reason: difference.reason.clone(),
            ..Detail::default()
        };
        if let Some(Node::Unreadable(reason)) = actual.map(|entry| &entry.node) {
            detail.reason.get_or_insert_with(|| reason.clone());
        }
        let mut kind = difference.kind;
        let mut fails = false;
        let bytecode = is_bytecode(&path);
        if kind == Kind::Altered
            && let Some(contents) = self.contents(difference)
            && (depth == Depth::Full || bytecode || contents.may_be_cut())
        {
            kind = contents.kind(&mut detail)?;
        }
        let may_fail = !matches!(kind, Kind::Missing | Kind::Emptied | Kind::Mtime);
        if let Some(actual) = actual.filter(|_| bytecode && may_fail) {
            fails = self.would_fail(actual)?;
        }
        let mut class = classify(&path, kind, expected, actual, fails);
        // An extra file is nobody's, but no Python starts beside some of them.
        if let Some(actual) = actual.filter(|_| kind == Kind::Extra) {
            let bytes = || self.read(actual).ok().flatten();
            if keeps_from_starting(&path, bytes) {
                class = Class::Damage;
                detail.reason =
                    Some("no Python of this venv starts with it: it is not UTF-8".to_owned());
            }
        }
        Ok(Change {
            path,
            kind,
            class,
            package: None,
            expected: expected.cloned(),
            actual: actual.cloned(),
            detail,
        })
    }

    fn contents<'b>(&'b self, difference: &Difference<'b>) -> Option<Contents<'b>> {
        let (Some(a), Some(b)) = (difference.expected, difference.actual) else {
            return None;
        };
        let (Some(digest), Some(size), Some(actual_size)) = (a.digest(), a.size(), b.size()) else {
            return None;
        };
        // What was adapted to another place was never in the store.
        if !self.store.objects.has(&digest) {
            return None;
        }
        let actual = match (self.live, b.digest()) {
            (Some(root), _) => match root.open_below(&b.path, OFlags::RDONLY) {
                Ok(fd) => Actual::Live(fd.into()),
                // It went away since it was scanned; that it was altered then stays true.
                Err(_) => return None,
            },
            (None, Some(digest)) => Actual::Stored(digest),
            (None, None) => return None,
        };
        Some(Contents {
            store: self.store,
            digest,
            size,
            actual,
            actual_size,
        })
    }

    /// Whether Python would load a bytecode file of the actual side for the source that stands beside it, and fail.
    fn would_fail(&self, bytecode: &Entry) -> Result<bool, Error> {
        let source = source_of(&bytecode.path).and_then(|source| self.actual.get(&source));
        let Some(source) = source.filter(|_| bytecode.size().is_some()) else {
            return Ok(false);
        };
        let Some(content) = self.read(bytecode)?.filter(|content| !is_whole(content)) else {
            return Ok(false);
        };
        let Some(header) = PycHeader::read(&content) else {
            return Ok(false);
        };
        let bytes = self.read(source)?;
        Ok(header.fits(&bytecode.path, source, || bytes))
    }

    /// The content of a file of the actual side; none where it cannot be read, or is too long for what Python and
    /// installers write.
    fn read(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Error> {
        if let Some(root) = self.live {
            return Ok(read_file(root, &entry.path, TEXT_MAX));
        }
        let is_text = entry.size().is_some_and(|size| size <= TEXT_MAX);
        let digest = entry
            .digest()
            .filter(|digest| is_text && self.store.objects.has(digest));
        Ok(digest
            .map(|digest| self.store.objects.read(&digest))
            .transpose()?)
    }
}
