//! One saved state of one venv.

use std::ffi::OsString;
use std::fmt::{self, Display};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::{BadDigest, Digest};
use super::{Manifest, Node};

/// The name of a snapshot: the BLAKE3 of its file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SnapshotId(pub Digest);

impl SnapshotId {
    /// Parses the full name of 64 hex digits.
    pub fn from_hex(text: &str) -> Result<Self, BadDigest> {
        Digest::from_hex(text).map(Self)
    }

    /// All 64 hex digits.
    pub fn to_hex(self) -> String {
        self.0.to_hex()
    }

    /// The eight digits that people see.
    pub fn short(self) -> String {
        self.to_hex()[..8].to_owned()
    }
}

impl Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl fmt::Debug for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

/// A venv is known by its host and its resolved path, whatever stands there now.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct VenvId {
    /// The machine-id, or the host's name where there is none.
    pub host: String,
    /// The path for people; lossy where it is not UTF-8.
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_b64: Option<String>,
}

impl VenvId {
    /// The venv at a resolved absolute path of a host.
    pub fn new(host: &str, path: &Path) -> Self {
        let bytes = path.as_os_str().as_bytes();
        Self {
            host: host.to_owned(),
            path: String::from_utf8_lossy(bytes).into_owned(),
            path_b64: std::str::from_utf8(bytes)
                .is_err()
                .then(|| BASE64.encode(bytes)),
        }
    }

    /// The path, byte for byte.
    pub fn path(&self) -> PathBuf {
        match self
            .path_b64
            .as_ref()
            .and_then(|text| BASE64.decode(text.as_bytes()).ok())
        {
            Some(bytes) => OsString::from_vec(bytes).into(),
            None => PathBuf::from(&self.path),
        }
    }
}

/// A name that a person gave; many snapshots may carry the same one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

/// The text cannot be a label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a label has 1 to 100 letters, digits, '.', '_', '-', '+', '/' or ':'")]
pub struct BadLabel;

impl Label {
    /// Checks a text.
    pub fn new(text: &str) -> Result<Self, BadLabel> {
        let plain = |c: char| c.is_alphanumeric() || "._-+/:".contains(c);
        if text.is_empty() || text.chars().count() > 100 || !text.chars().all(plain) {
            return Err(BadLabel);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = BadLabel;
    fn try_from(text: String) -> Result<Self, BadLabel> {
        Self::new(&text)
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}

impl std::str::FromStr for Label {
    type Err = BadLabel;
    fn from_str(text: &str) -> Result<Self, BadLabel> {
        Self::new(text)
    }
}

/// Why a snapshot was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Somebody saved a state that they want to come back to.
    #[default]
    Save,
    /// A restore kept what it replaced.
    Incident,
}

/// What a tree holds, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Regular files.
    pub files: u64,
    /// Directories, with the root.
    pub dirs: u64,
    /// Symbolic links.
    pub symlinks: u64,
    /// FIFOs, sockets and devices.
    pub special: u64,
    /// Sum of the sizes of all regular files.
    pub bytes: u64,
}

impl Totals {
    /// Counts what a manifest holds.
    pub(crate) fn count(manifest: &Manifest) -> Self {
        let mut totals = Self::default();
        for entry in manifest.entries() {
            match &entry.node {
                Node::File { size, .. } => {
                    totals.files += 1;
                    totals.bytes += size;
                }
                Node::Dir => totals.dirs += 1,
                Node::Symlink(_) => totals.symlinks += 1,
                Node::Special(_) => totals.special += 1,
                Node::Unreadable(_) => {}
            }
        }
        totals
    }
}

/// The content of a snapshot file (docs/format.md, "Snapshot file"). Immutable once written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// Version of the format of this file.
    pub format: u32,
    /// Names of what a reader must understand; empty in version 1.
    #[serde(default)]
    pub features: Vec<String>,
    /// Why it was taken.
    pub purpose: Purpose,
    /// Of which venv.
    pub venv: VenvId,
    /// When, as the clock of the host said.
    pub created: Timestamp,
    /// Where it stands among the snapshots of its venv, if the clock had gone back: 1 µs after the order of its
    /// parent. The clock is what people read; only this says what came after what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Timestamp>,
    /// The snapshot of the same venv that was the newest before.
    pub parent: Option<SnapshotId>,
    /// A name that a person gave.
    pub label: Option<Label>,
    /// The role of which it is a state: what several hosts have in common.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Label>,
    /// What people call the host; `venv.host` names it by its machine-id, which does not change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_name: Option<String>,
    /// Free text that a person gave.
    pub note: Option<String>,
    /// Whether the venv showed no damage when it was saved.
    pub baseline: bool,
    /// The tree that holds the root directory.
    pub root: Digest,
    /// What the tree holds.
    pub totals: Totals,
    /// The object that holds what is known beyond bytes, as JSON; no reader of trees needs it.
    #[serde(default)]
    pub document: Option<Digest>,
    /// How many findings of damage the audit of a save had.
    #[serde(default)]
    pub damage: u64,
    /// How many other findings it had.
    #[serde(default)]
    pub notices: u64,
    /// Paths (lossy) that could not be read; a baseline has none.
    #[serde(default)]
    pub unreadable: Vec<String>,
    /// Paths (lossy) that changed in every round of reading; a baseline has none.
    #[serde(default)]
    pub unstable: Vec<String>,
    /// For an incident snapshot: what was restored in place of this state.
    #[serde(default)]
    pub replaced_by: Option<SnapshotId>,
    /// For an incident snapshot that adds late changes: the one that it completes.
    #[serde(default)]
    pub completes: Option<SnapshotId>,
    /// Version of the program that wrote it.
    pub writer: String,
}

impl Snapshot {
    /// The version of the format that this program writes, and the only one that it reads.
    pub const FORMAT: u32 = 1;

    /// How many entries its trees hold.
    pub(crate) fn entries(&self) -> u64 {
        let Totals {
            files,
            dirs,
            symlinks,
            special,
            ..
        } = self.totals;
        files
            .saturating_add(dirs)
            .saturating_add(symlinks)
            .saturating_add(special)
            .saturating_add(self.unreadable.len() as u64)
    }

    /// Its place in time among the snapshots of its venv: later than that of its parent, also where the clock went
    /// back.
    pub fn order(&self) -> Timestamp {
        self.order.unwrap_or(self.created)
    }

    /// Whether it is one of the venv's own saves, which `latest` counts.
    pub fn is_save(&self) -> bool {
        self.purpose == Purpose::Save
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_not_utf8_survives() {
        let path = PathBuf::from(OsString::from_vec(b"/srv/\xff/venv".to_vec()));
        let json = serde_json::to_string(&VenvId::new("h", &path)).unwrap();
        let back: VenvId = serde_json::from_str(&json).unwrap();
        assert_eq!(back.path(), path);
    }

    #[test]
    fn a_label_is_plain_text() {
        assert!(Label::new("deploy-2026.11/a:b+c").is_ok());
        for bad in ["", "a b", "a\n", "@x", "x~1"] {
            assert!(Label::new(bad).is_err(), "{bad:?}");
        }
    }
}
