//! The steps of a replacement file by file, as a journal has them.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::model::{Entry, RelPath};

/// One change of an in-place restore. Each may be done twice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    /// Remove what stands there, a directory with all it holds.
    Remove(PathText),
    /// Make a directory.
    Mkdir(PathText),
    /// Move the staged file of the same path here.
    Place(PathText),
    /// Set owner, mode, time and attributes of a directory.
    #[serde(rename = "settle")]
    Attributes {
        /// The directory.
        path: PathText,
        /// Permission bits.
        mode: u32,
        /// Owner.
        uid: u32,
        /// Group.
        gid: u32,
        /// Seconds of the modification time.
        secs: i64,
        /// Nanoseconds of the modification time.
        nanos: u32,
        /// The extended attributes that it shall have, of those that steps set; none where an older version wrote this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        xattrs: Option<Vec<XattrText>>,
        /// Whether the directory is no part of what is replaced: then only its time is set, which moved with what was
        /// replaced in it, and whatever else others made of it since stays.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stays: bool,
    },
}

/// An extended attribute in JSON: base64 of its name and of its value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct XattrText(String, String);

impl XattrText {
    fn new((name, value): &(Vec<u8>, Vec<u8>)) -> Self {
        Self(BASE64.encode(name), BASE64.encode(value))
    }

    /// Name and value, if steps set such an attribute at all.
    pub(crate) fn xattr(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let (name, value) = (self.0.as_bytes(), self.1.as_bytes());
        let name = BASE64.decode(name).ok()?;
        Step::sets(&name).then_some(())?;
        Some((name, BASE64.decode(value).ok()?))
    }
}

/// A path in JSON: base64 of its bytes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PathText(String);

impl PathText {
    pub(crate) fn new(path: &RelPath) -> Self {
        Self(BASE64.encode(path.as_bytes()))
    }

    /// A text that stands for no path.
    #[cfg(test)]
    pub(super) fn of_length(bytes: usize) -> Self {
        Self("A".repeat(bytes))
    }

    /// The path, if it is a normal one.
    pub(crate) fn path(&self) -> Option<RelPath> {
        RelPath::new(&BASE64.decode(self.0.as_bytes()).ok()?).ok()
    }
}

impl Step {
    /// The step that gives a directory its attributes, once all in it is done; only its time where it `stays`.
    pub(crate) fn attributes(entry: &Entry, stays: bool) -> Self {
        let meta = &entry.meta;
        let (secs, nanos) = (meta.mtime.secs, meta.mtime.nanos);
        let path = PathText::new(&entry.path);
        let xattrs = meta.xattrs.iter().filter(|(name, _)| Self::sets(name));
        Self::Attributes {
            path,
            mode: meta.mode,
            uid: meta.uid,
            gid: meta.gid,
            secs,
            nanos,
            xattrs: Some(xattrs.map(XattrText::new).collect()),
            stays,
        }
    }

    /// Whether steps set an attribute of directories: what a user may set. Whoever wrote the journal shall not get
    /// more.
    pub(crate) fn sets(name: &[u8]) -> bool {
        name.starts_with(b"user.") || name.starts_with(b"system.posix_acl_")
    }
}
