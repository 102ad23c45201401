//! The record of a box in quarantine: where what lies in it was, and why it was moved (docs/format.md, "Displaced
//! entries").

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cache::Entry;
use crate::model::{Installer, RelPath};

/// An entry in quarantine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quarantined {
    /// The name of its box.
    pub id: String,
    /// When it was moved.
    pub time: Timestamp,
    /// Whose it is.
    pub installer: Installer,
    /// The cache in which it was.
    pub cache: PathBuf,
    /// The normalized name of the distribution, where anything told it.
    pub package: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The words for what was wrong; none where it was moved to make room for another.
    pub faults: Vec<String>,
    /// Where its parts were, below the cache; each lies in the box under its number.
    pub parts: Vec<RelPath>,
}

/// The file itself.
#[derive(Serialize, Deserialize)]
struct Record {
    format: u32,
    time: Timestamp,
    installer: Installer,
    cache: Name,
    package: Option<String>,
    version: Option<String>,
    faults: Vec<String>,
    parts: Vec<Name>,
}

/// A path as text, and its bytes where they are no text.
#[derive(Serialize, Deserialize)]
struct Name {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_b64: Option<String>,
}

impl Name {
    fn new(bytes: &[u8]) -> Self {
        let is_text = std::str::from_utf8(bytes).is_ok();
        Self {
            path: String::from_utf8_lossy(bytes).into_owned(),
            path_b64: (!is_text).then(|| BASE64.encode(bytes)),
        }
    }

    fn bytes(self) -> Option<Vec<u8>> {
        match self.path_b64 {
            Some(text) => BASE64.decode(text.as_bytes()).ok(),
            None => Some(self.path.into_bytes()),
        }
    }
}

/// What is written of an entry that is to be moved.
pub(super) fn of_entry(entry: &Entry, now: Timestamp) -> Quarantined {
    let mut faults: Vec<String> = entry
        .faults()
        .iter()
        .map(|fault| fault.kind.as_str().to_owned())
        .collect();
    faults.sort_unstable();
    faults.dedup();
    Quarantined {
        id: String::new(),
        time: now,
        installer: entry.installer,
        cache: entry.cache.clone(),
        package: entry.package.clone(),
        version: entry.version.clone(),
        faults,
        parts: entry.parts.clone(),
    }
}

/// The bytes of a record.
pub(super) fn encode(one: &Quarantined) -> Vec<u8> {
    let record = Record {
        format: 1,
        time: one.time,
        installer: one.installer,
        cache: Name::new(one.cache.as_os_str().as_bytes()),
        package: one.package.clone(),
        version: one.version.clone(),
        faults: one.faults.clone(),
        parts: one
            .parts
            .iter()
            .map(|part| Name::new(part.as_bytes()))
            .collect(),
    };
    // Nothing in it can fail to be written.
    serde_json::to_vec(&record).unwrap_or_default()
}

/// Reads a record back; none where it makes no sense.
pub(super) fn decode(id: &str, bytes: &[u8]) -> Option<Quarantined> {
    let record: Record = serde_json::from_slice(bytes)
        .ok()
        .filter(|record: &Record| record.format == 1)?;
    let cache = PathBuf::from(OsStr::from_bytes(&record.cache.bytes()?));
    let part = |name: Name| {
        let path = RelPath::new(&name.bytes()?).ok()?;
        (!path.is_root()).then_some(path)
    };
    Some(Quarantined {
        id: id.to_owned(),
        time: record.time,
        installer: record.installer,
        cache: Some(cache).filter(|cache| cache.is_absolute())?,
        package: record.package,
        version: record.version,
        faults: record.faults,
        parts: record.parts.into_iter().map(part).collect::<Option<_>>()?,
    })
}
