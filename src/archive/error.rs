//! Why a tar is not taken.

use std::io;

use crate::model::extent::TooMuch;
use crate::model::{RelPath, Shown};

/// A tar that could not be read, or that is not taken as it is. Nothing of it is ever set right in silence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The system could not read it.
    #[error("cannot read it")]
    Read(#[source] io::Error),
    /// It is cut short, damaged, hostile, or holds something that no snapshot can.
    #[error(transparent)]
    Refused(#[from] RefusedTar),
}

/// What is wrong with a tar. Sections of POSIX.1-2024 are those of `pax`, "Extended Description".
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RefusedTar {
    /// It has no member.
    #[error("it is empty")]
    Empty,
    /// It ends before it should.
    #[error("it is cut short")]
    CutShort,
    /// It does not decompress, as the decompressor says.
    #[error("{0}")]
    Undecompressed(String),
    /// It is compressed in a way that is not read.
    #[error("it is compressed with {0}")]
    Compressed(&'static str),
    /// It decompresses to more than this many times its length.
    #[error("it unpacks to more than {0} times its length")]
    Bomb(u64),
    /// It is a zip file.
    #[error("it is a zip file and no tar")]
    Zip,
    /// The checksum of a header is no number.
    #[error("the checksum of a header is no number")]
    NoChecksum,
    /// The checksum of a header is another one.
    #[error("the checksum of a header is wrong")]
    Checksum,
    /// The magic of a header is unknown.
    #[error("a header is of an unknown format")]
    UnknownFormat,
    /// A field of a header is no number.
    #[error("a header holds something that is no number")]
    NoNumber,
    /// Nothing follows an extended header.
    #[error("an extended header has no entry")]
    NoEntry,
    /// The end is marked by two blocks of zeros; there is one.
    #[error("a lone block of zeros stands in the middle of it")]
    LoneZeros,
    /// Something follows the blocks that end it.
    #[error("something follows its end")]
    Trailing,
    /// An extended header claims more than any needs.
    #[error("an extended header is too long")]
    LongExtended,
    /// There are two extended headers of one kind before an entry.
    #[error("an extended header comes twice")]
    TwoExtended,
    /// The records of an extended header do not have their form.
    #[error("an extended header is malformed")]
    Records,
    /// A record comes twice: some readers take the first value, others the last.
    #[error("an extended header says one thing twice")]
    TwoValues,
    /// The value of the record with this key cannot be.
    #[error("an extended header has an impossible {0}")]
    Value(String),
    /// An attribute has a name or a value that no file system takes.
    #[error("an extended attribute is impossible")]
    Xattr,
    /// Holes are told by records of GNU tar.
    #[error("it is a sparse entry")]
    SparseRecords,
    /// A long name of GNU tar does not end with its NUL, or is none.
    #[error("a long name is malformed")]
    LongName,
    /// A global header would change entries, which not all readers let it do.
    #[error("a global header changes what all entries say")]
    Global,
    /// The comment that says of which snapshot it is comes after an entry.
    #[error("it says in its middle where it comes from")]
    LateOrigin,
    /// The comment that says of which snapshot it is has another form.
    #[error("what it says of its snapshot makes no sense")]
    Origin,
    /// It holds more than a snapshot may.
    #[error("{0}")]
    TooMuch(&'static str),
    /// A file has more segments than a list can name.
    #[error("a file is too large")]
    LargeFile,
    /// A path below the root is none.
    #[error("a path below its root is impossible")]
    Path,
    /// No path in it is the mark of such a tree.
    #[error("there is no {tree} in it: no '{mark}'")]
    NoRoot {
        /// What the tree is called.
        tree: &'static str,
        /// The path that only such trees have.
        mark: &'static str,
    },
    /// An entry is refused.
    #[error("'{}': {what}", brief(name))]
    Entry {
        /// Its name.
        name: Vec<u8>,
        /// What is wrong with it.
        what: RefusedEntry,
    },
}

/// What is wrong with one entry of a tar.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RefusedEntry {
    /// GNU tar and POSIX each give it a long name.
    #[error("it has two long names")]
    TwoLongNames,
    /// Header and extended header differ.
    #[error("its two headers say two lengths")]
    TwoLengths,
    /// Its length is negative, or more than a file can have.
    #[error("its length is impossible")]
    Length,
    /// Its name cannot be a path.
    #[error("{0}")]
    Name(#[from] RefusedName),
    /// The path that it is a hard link to cannot be one.
    #[error("its hard link: {0}")]
    LinkName(RefusedName),
    /// Its text is empty, has a NUL, or is too long.
    #[error("the text of a symbolic link is impossible")]
    SymlinkText,
    /// It is a device.
    #[error("it is a device")]
    Device,
    /// It has holes that are told in its header.
    #[error("it is a sparse entry")]
    Sparse,
    /// Its type is none that is known.
    #[error("its type '{}' is unknown", .0.escape_ascii())]
    Type(u8),
    /// Only files have content.
    #[error("it is no file and has a length")]
    Content,
    /// Its mode has other bits, or the type of another entry.
    #[error("its mode is impossible")]
    Mode,
    /// Its user has no number that a system knows.
    #[error("its owner is impossible")]
    Owner,
    /// Its group has no number that a system knows.
    #[error("its group is impossible")]
    Group,
    /// Its time is not within the years 1 to 9999.
    #[error("its time is out of range")]
    Time,
    /// Another entry has the same path.
    #[error("it comes twice")]
    Twice,
    /// What it links to is no file, or comes later.
    #[error("it is a hard link to what is no file, or did not come before it")]
    Link,
    /// It lies outside of the tree whose root was found.
    #[error("it lies beside the {tree} '{root}'")]
    Beside {
        /// What the tree is called.
        tree: &'static str,
        /// Its root.
        root: RelPath,
    },
    /// It lies below something that is no directory.
    #[error("it lies below '{0}', which is no directory")]
    Below(RelPath),
}

/// Why a name in a tar is no path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RefusedName {
    /// It is longer than any path.
    #[error("its name is too long")]
    Long,
    /// It is empty.
    #[error("it has no name")]
    Empty,
    /// It leads out of the archive, or has parts that are none.
    #[error("its name is no plain path below the root of the archive")]
    Leads,
}

impl RefusedEntry {
    /// The same with the name of the entry.
    pub(super) fn at_entry(self, name: &[u8]) -> Error {
        let name = name.to_vec();
        Error::Refused(RefusedTar::Entry { name, what: self })
    }
}

impl From<TooMuch> for RefusedTar {
    fn from(TooMuch(what): TooMuch) -> Self {
        Self::TooMuch(what)
    }
}

impl From<io::Error> for Error {
    /// What a decompressor finds wrong comes as an error that no system call had.
    fn from(error: io::Error) -> Self {
        if error.raw_os_error().is_some() {
            return Self::Read(error);
        }
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Refused(RefusedTar::CutShort);
        }
        let text = error.to_string();
        let ours = error.into_inner().and_then(|inner| inner.downcast().ok());
        let ours = ours.map(|refused: Box<RefusedTar>| *refused);
        Self::Refused(ours.unwrap_or(RefusedTar::Undecompressed(text)))
    }
}

/// A name as it may be shown: an endless one is cut.
fn brief(name: &[u8]) -> String {
    const MAX: usize = 200;
    match name.get(..MAX) {
        Some(head) if name.len() > MAX => format!("{}…", Shown(head)),
        _ => Shown(name).to_string(),
    }
}
