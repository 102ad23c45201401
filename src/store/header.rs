//! The header of a store (docs/format.md, "The directory"): what makes a directory a store.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{Error, LostHeader, Newer};
use super::storage::{Area, HEADER, Over, Storage};
use crate::disk::PathError;
use crate::model::Snapshot;

/// No header is longer.
const HEADER_BYTES_MAX: u64 = 64 << 10;

/// What stands in it.
#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    features: Vec<String>,
}

/// Writes the header: the last step of a store's creation.
pub(super) fn put(storage: &dyn Storage, over: Over) -> Result<(), PathError> {
    let header = Header {
        format: Snapshot::FORMAT,
        features: Vec::new(),
    };
    let bytes = serde_json::to_vec_pretty(&header).unwrap_or_default();
    storage.put(Area::Top, HEADER, &bytes, over)
}

/// Checks that there is a store, and that it is one that this version reads.
pub(super) fn check(path: &Path, storage: &dyn Storage) -> Result<(), Error> {
    let lost = |what: LostHeader| Error::Header {
        path: path.to_owned(),
        what,
    };
    if storage.stat(Area::Top, HEADER)?.is_none() {
        return Err(if storage.is_laid_out()? {
            lost(LostHeader::Missing)
        } else {
            Error::NoStore(path.to_owned())
        });
    }
    let text = storage.get(Area::Top, HEADER, HEADER_BYTES_MAX)?;
    let header: Header =
        serde_json::from_slice(&text).map_err(|error| lost(LostHeader::Json(error.to_string())))?;
    let needs = match header.features.into_iter().next() {
        _ if header.format != Snapshot::FORMAT => Newer::Format(header.format),
        Some(feature) => Newer::Feature(feature),
        None => return Ok(()),
    };
    Err(Error::TooNew {
        path: path.to_owned(),
        what: needs,
    })
}
