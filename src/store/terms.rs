//! Whether several hosts may write in a store in a bucket. What was found out of its server stands in the store
//! (docs/format.md, "In a bucket"); where that breaks a promise, one host alone writes.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::location::Location;
use super::storage::probe::Promises;
use super::storage::{Area, Over, Storage};
use crate::disk::atomic::random_name;

/// The file in which it stands.
const RECORD: &str = "promises.json";
/// None is longer.
const RECORD_BYTES_MAX: u64 = 64 << 10;

/// On which terms hosts share a store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// What it was seen to do.
    #[serde(flatten)]
    pub promises: Promises,
    /// The host that alone may write, where a promise is broken.
    pub sole_writer: Option<String>,
}

/// Checks that this host may write in a store in a bucket. A server of which nothing is known yet is tried. Where
/// nothing could be read back, nobody writes.
pub(super) fn admit(location: &Location, storage: &dyn Storage) -> Result<(), Error> {
    let terms = match read(storage)? {
        Some(known) => known,
        None => probe(location, storage)?.0,
    };
    if !terms.promises.ranges {
        return Err(Error::NoRanges(location.name().to_owned()));
    }
    match terms.sole_writer {
        Some(host) if host != location.access().host => Err(Error::SoleWriter {
            store: location.name().to_owned(),
            host,
        }),
        _ => Ok(()),
    }
}

/// Tries the server and writes down what came of it. The host that alone could write stays the one that may.
pub(super) fn probe(location: &Location, storage: &dyn Storage) -> Result<(Terms, i64), Error> {
    let before = read(storage)?.and_then(|known| known.sole_writer);
    let Some(probe) = storage.probe(&random_name()?)? else {
        return Err(Error::InDirectory(location.name().to_owned()));
    };
    let promises = probe.promises;
    let alone = || before.unwrap_or_else(|| location.access().host.clone());
    let terms = Terms {
        promises,
        sole_writer: (!promises.are_kept()).then(alone),
    };
    let bytes = serde_json::to_vec_pretty(&terms).unwrap_or_default();
    storage.put(Area::Top, RECORD, &bytes, Over::Any)?;
    Ok((terms, probe.clock))
}

/// What is known. What cannot be understood is found out anew.
fn read(storage: &dyn Storage) -> Result<Option<Terms>, Error> {
    match storage.get(Area::Top, RECORD, RECORD_BYTES_MAX) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
