//! What a check of caches tells: each entry, how it was judged, and what could not be looked at.

use std::path::PathBuf;

use crate::model::{Installer, RelPath};

/// One entry of a cache: what an installer takes or leaves as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Whose cache.
    pub installer: Installer,
    /// The directory of the whole cache.
    pub cache: PathBuf,
    /// The file or directory that holds the content, below the cache.
    pub path: RelPath,
    /// All files and directories that make the entry, below the cache, in the order in which they are taken away: what
    /// an installer asks for first comes first.
    pub parts: Vec<RelPath>,
    /// Device and inode of each part, as they were read.
    pub(crate) inodes: Vec<(u64, u64)>,
    /// The normalized name of the distribution, where anything tells it.
    pub package: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Bytes of content.
    pub size: u64,
    /// What came of it.
    pub verdict: Verdict,
}

impl Entry {
    /// What is wrong with it.
    pub fn faults(&self) -> &[Fault] {
        match &self.verdict {
            Verdict::Bad(faults) => faults,
            _ => &[],
        }
    }

    /// Where it is.
    pub fn place(&self) -> PathBuf {
        self.cache.join(self.path.as_path())
    }
}

/// How an entry was judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Every byte is what something else says it should be.
    Good(Proof),
    /// There is nothing to hold it against.
    Unproved(Lacking),
    /// Something is wrong with it.
    Bad(Vec<Fault>),
}

/// What an entry was held against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    /// The hash that a cached page of an index gives.
    Index,
    /// The hashes of its own RECORD.
    Record,
}

/// What is lacking for a proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lacking {
    /// A page of an index, a source archive, metadata: no cached page gives its hash.
    Hash,
    /// RECORD does not give the hashes of all files.
    RecordHashes,
    /// It is of a form that is not known here.
    Form,
    /// Some members are packed in a way that is not known here.
    Packing,
    /// It changes all the time.
    Rest,
}

impl Lacking {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::RecordHashes => "record-hashes",
            Self::Form => "form",
            Self::Packing => "packing",
            Self::Rest => "rest",
        }
    }
}

/// One thing that is wrong with an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// In which of its files; none where the entry as a whole is meant.
    pub member: Option<Vec<u8>>,
    /// How many bytes there should be, where that is known.
    pub expected_size: Option<u64>,
    /// How many bytes there are.
    pub size: Option<u64>,
}

impl Fault {
    pub(super) fn of_whole(kind: FaultKind) -> Self {
        Self {
            kind,
            member: None,
            expected_size: None,
            size: None,
        }
    }

    pub(super) fn of_member(kind: FaultKind, member: &[u8]) -> Self {
        Self {
            member: Some(member.to_vec()),
            ..Self::of_whole(kind)
        }
    }

    pub(super) fn sized(self, expected: impl Into<Option<u64>>, size: u64) -> Self {
        Self {
            expected_size: expected.into(),
            size: Some(size),
            ..self
        }
    }
}

/// What can be wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FaultKind {
    /// It is not as long as its headers say.
    Length,
    /// It has another hash than a cached page of the index gives.
    Hash,
    /// The headers beside or before it are cut or make no sense.
    Headers,
    /// A compressed stream or a document is cut or damaged.
    Cut,
    /// The directory of a zip is gone or makes no sense.
    Directory,
    /// A zip has members of one name twice.
    Twice,
    /// Members of a zip lie in one another.
    Overlap,
    /// A member has another checksum than the directory of its zip says.
    Checksum,
    /// A member has another length than the directory of its zip says.
    MemberSize,
    /// There is no `.dist-info`.
    Metadata,
    /// RECORD is missing, or lists nothing.
    Record,
    /// A file that RECORD does not list.
    Unlisted,
    /// A file that RECORD lists is not there.
    Missing,
    /// It is there and has no bytes.
    Emptied,
    /// All its bytes are NUL.
    ZeroFilled,
    /// It is shorter than RECORD says.
    Truncated,
    /// Its bytes are others than those of RECORD.
    Altered,
    /// It is no regular file.
    Type,
}

impl FaultKind {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Hash => "hash",
            Self::Headers => "headers",
            Self::Cut => "cut",
            Self::Directory => "directory",
            Self::Twice => "twice",
            Self::Overlap => "overlap",
            Self::Checksum => "checksum",
            Self::MemberSize => "member-size",
            Self::Metadata => "metadata",
            Self::Record => "record",
            Self::Unlisted => "unlisted",
            Self::Missing => "missing",
            Self::Emptied => "emptied",
            Self::ZeroFilled => "zero-filled",
            Self::Truncated => "truncated",
            Self::Altered => "altered",
            Self::Type => "type",
        }
    }
}

/// All that was found in some caches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The entries, by cache and path.
    pub entries: Vec<Entry>,
    /// Bad entries of which nothing tells the distribution, where only some distributions were asked for.
    pub nameless: u64,
    /// Halves of pairs and temporary files, which installers pass over.
    pub leftovers: u64,
    /// Directories of a name that is not known here, and links; they were not looked into.
    pub unknown: Vec<PathBuf>,
    /// What could not be looked at.
    pub unread: Vec<Unlisted>,
}

/// Something that could not be looked at, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unlisted {
    /// What could not be looked at.
    pub path: PathBuf,
    /// What the system said.
    pub reason: String,
}
