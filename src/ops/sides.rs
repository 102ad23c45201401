//! The two sides of a comparison: what differs between them, and what kind of difference it is.

use rayon::prelude::{IntoParallelIterator, ParallelIterator};
use rustix::fs::OFlags;

use super::contents::{Actual, Contents, TEXT_MAX};
use super::error::Error;
use crate::diagnose::classify;
use crate::disk::rooted::Rooted;
use crate::model::compare::{Difference, compare};
use crate::model::{Change, Detail, Kind, Manifest, Node, RelPath};
use crate::python::bytecode::{PycHeader, is_bytecode, is_whole, source_of};
use crate::store::Store;

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
}

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
            fails = bytecode && self.would_fail(&path, &contents)?;
        }
        let class = classify(&path, kind, expected, actual, fails);
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
        if !self.store.has(&digest) {
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

    /// Whether Python would load a changed bytecode file for the source that stands beside it, and fail.
    fn would_fail(&self, path: &RelPath, contents: &Contents<'_>) -> Result<bool, Error> {
        let Some(source) = source_of(path).and_then(|source| self.actual.get(&source)) else {
            return Ok(false);
        };
        let head = contents.actual_piece(0)?;
        let header = PycHeader::read(&head[..head.len().min(PycHeader::LEN)]);
        if contents.actual_size > TEXT_MAX || !header.is_some_and(|header| header.fits(source)) {
            return Ok(false);
        }
        let mut content = head;
        for piece in 1..contents.actual_size.div_ceil(Store::PIECE_LEN) {
            content.extend(contents.actual_piece(piece)?);
        }
        Ok(!is_whole(&content))
    }
}
