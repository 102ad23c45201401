//! One difference between what is expected and what is there.

use serde::{Deserialize, Serialize};

use super::entry::Entry;
use super::path::RelPath;

/// How an entry differs, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is gone.
    Missing,
    /// It has no byte left, though it should have some.
    Emptied,
    /// What is left is a true beginning of what should be there.
    Truncated,
    /// From some byte on it holds only NUL.
    ZeroFilled,
    /// Its bytes differ in any other way.
    Altered,
    /// It could not be read, so nothing is known about its content.
    Unreadable,
    /// It is of another type, such as a directory in place of a file.
    Type,
    /// A symbolic link points elsewhere, or a hard link is no longer shared as it was.
    Link,
    /// Its permission bits or extended attributes differ.
    Mode,
    /// Its owner or group differs.
    Owner,
    /// It is there and was not expected.
    Extra,
    /// Only its modification time differs.
    Mtime,
}

impl Kind {
    /// All kinds, worst first.
    pub const ALL: [Self; 12] = [
        Self::Missing,
        Self::Emptied,
        Self::Truncated,
        Self::ZeroFilled,
        Self::Altered,
        Self::Unreadable,
        Self::Type,
        Self::Link,
        Self::Mode,
        Self::Owner,
        Self::Extra,
        Self::Mtime,
    ];

    /// The word in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Emptied => "emptied",
            Self::Truncated => "truncated",
            Self::ZeroFilled => "zero-filled",
            Self::Altered => "altered",
            Self::Unreadable => "unreadable",
            Self::Type => "type",
            Self::Link => "link",
            Self::Mode => "mode",
            Self::Owner => "owner",
            Self::Extra => "extra",
            Self::Mtime => "mtime",
        }
    }
}

/// What a difference means, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Content that is gone or not what it should be.
    Damage,
    /// A legitimate change.
    Drift,
    /// What Python writes by itself.
    Noise,
}

impl Class {
    /// The word in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damage => "damage",
            Self::Drift => "drift",
            Self::Noise => "noise",
        }
    }
}

/// What in normal use changes entries that look damaged all the same. Such a change is drift.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NormalUse {
    /// Configuration was written anew.
    Config,
    /// A source is gone, and its bytecode stands in its place.
    Stripped,
    /// A program fills a cache.
    Cache,
    /// Another package manager keeps what stands there.
    Foreign {
        /// Its list of what belongs there, where there is one.
        lock: Option<RelPath>,
    },
    /// What no distribution lists was written anew.
    Rewritten,
}

impl NormalUse {
    /// The word in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Stripped => "stripped",
            Self::Cache => "cache",
            Self::Foreign { .. } => "foreign",
            Self::Rewritten => "rewritten",
        }
    }
}

/// What more is known of a difference.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Detail {
    /// From where on the content differs, where both contents could be read.
    pub content: Option<ContentDifference>,
    /// Unreadable: why. Mode: which extended attributes differ. Bytecode of other source: that it is.
    pub reason: Option<String>,
    /// Damaged content: who else has it.
    pub sharing: Option<Sharing>,
    /// The cache (lossy) that the content lies in, where a link leads there.
    pub behind: Option<String>,
    /// Which normal use it comes of.
    pub normal_use: Option<NormalUse>,
}

/// From where on two contents differ, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContentDifference {
    /// So many bytes are left, and these are right.
    KeptBytes(u64),
    /// From this byte on there are only NUL bytes.
    NulFrom(u64),
    /// The first byte that differs.
    First(u64),
}

/// The other names of a damaged inode: who has one of them has the damage as well.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sharing {
    /// How many names the inode has.
    pub links: u32,
    /// Another of them (lossy), where one was found: in an installer's cache, or in another venv.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_with: Option<String>,
}

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The entry.
    pub path: RelPath,
    /// How it differs; where several things differ, the worst.
    pub kind: Kind,
    /// What it means.
    pub class: Class,
    /// The distribution that owns it, by its normalized name.
    pub package: Option<String>,
    /// What should be there.
    pub expected: Option<Entry>,
    /// What is there.
    pub actual: Option<Entry>,
    /// What more is known.
    pub detail: Detail,
}
