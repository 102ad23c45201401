//! One thing in a tree, as kept in a snapshot and as found on disk, and the sorted list of them.

use std::fmt;

use super::digest::Digest;
use super::path::RelPath;

/// A point in time as the file system keeps it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Time {
    /// Seconds since the epoch; may be negative.
    pub secs: i64,
    /// Nanoseconds, below 10⁹.
    pub nanos: u32,
}

/// What every entry carries beside its content.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Meta {
    /// Permission bits with setuid, setgid and sticky: the lower 12 bits of `st_mode`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Modification time; Python ignores bytecode whose source's time changed.
    pub mtime: Time,
    /// Extended attributes by name, sorted.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Meta {
    /// What an attribute counts for where memory is limited: its bytes, and what it takes to keep them.
    pub(crate) fn attribute_len(name: &[u8], value: &[u8]) -> usize {
        name.len() + value.len() + 64
    }

    /// The attributes that count where two entries are compared. The label of a security module (`SELinux`, SMACK) does
    /// not: it follows the place and the policy of the host, and a kernel may refuse to set it.
    pub(crate) fn counting_xattrs(&self) -> impl Iterator<Item = &(Vec<u8>, Vec<u8>)> {
        self.xattrs.iter().filter(|(name, _)| !Self::is_label(name))
    }

    /// Whether an attribute is the label that a security module gives a file.
    pub(crate) fn is_label(name: &[u8]) -> bool {
        name == b"security.selinux" || name.starts_with(b"security.SMACK64")
    }

    /// Whether Linux has no handler for the name of an attribute, on whatever file system (xattr(7)).
    pub(crate) fn is_foreign(name: &[u8]) -> bool {
        let spaces: [&[u8]; 5] = [
            b"user.",
            b"trusted.",
            b"security.",
            b"system.posix_acl_access",
            b"system.posix_acl_default",
        ];
        !spaces.iter().any(|space| name.starts_with(space))
    }

    /// Whether nothing differs that counts.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        (self.mode, self.uid, self.gid, self.mtime)
            == (other.mode, other.uid, other.gid, other.mtime)
            && self.counting_xattrs().eq(other.counting_xattrs())
    }

    /// Whether Linux has such attributes at all (`XATTR_NAME_MAX`, `XATTR_SIZE_MAX`).
    pub(crate) fn is_attribute(name: &[u8], value: &[u8]) -> bool {
        (1..=255).contains(&name.len()) && !name.contains(&0) && value.len() <= 64 << 10
    }
}

/// Files that have no content to keep. They are recorded and never opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Special {
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
    /// A character device with its number.
    CharDevice(u64),
    /// A block device with its number.
    BlockDevice(u64),
}

/// What an entry is, with its content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    /// A directory; what it holds follows in the manifest.
    Dir,
    /// A regular file.
    File {
        /// Length in bytes.
        size: u64,
        /// The name of the content.
        digest: Digest,
        /// For all but the first of a group of hard links: the path of the first.
        link_to: Option<RelPath>,
    },
    /// A symbolic link with its text, which is kept as it is and never followed.
    Symlink(Vec<u8>),
    /// FIFO, socket or device.
    Special(Special),
    /// Something that was there but could not be read, with the reason.
    Unreadable(String),
}

impl Node {
    /// The reason where an entry changed in every round of reading: it is readable, but never held still.
    pub const RESTLESS: &str = "it changed while it was read";
    /// The reason where something is mounted over an entry: that is never looked at, and stays as it stands.
    pub const MOUNTED: &str = "something is mounted there";

    /// Whether something is mounted there.
    pub(crate) fn is_mounted(&self) -> bool {
        matches!(self, Self::Unreadable(reason) if reason == Self::MOUNTED)
    }

    /// One word for people and JSON.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Dir => "directory",
            Self::File { .. } => "file",
            Self::Symlink(_) => "symlink",
            Self::Special(Special::Fifo) => "fifo",
            Self::Special(Special::Socket) => "socket",
            Self::Special(Special::CharDevice(_)) => "character device",
            Self::Special(Special::BlockDevice(_)) => "block device",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

/// One thing in a tree.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands, from the root of the tree.
    pub path: RelPath,
    /// Mode, owner, time, attributes.
    pub meta: Meta,
    /// Type and content.
    pub node: Node,
}

impl Entry {
    /// The size of a regular file, else none.
    pub fn size(&self) -> Option<u64> {
        match self.node {
            Node::File { size, .. } => Some(size),
            _ => None,
        }
    }

    /// The content of a regular file, else none.
    pub fn digest(&self) -> Option<Digest> {
        match self.node {
            Node::File { digest, .. } => Some(digest),
            _ => None,
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:o} {:?}", self.path, self.meta.mode, self.node)
    }
}

/// A whole tree: every entry, sorted by path, the root directory first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Manifest {
    entries: Vec<Entry>,
}

impl Manifest {
    /// Sorts the entries. No two of them have one path: a walk gives none, and the decoder of trees refuses them.
    pub fn new(mut entries: Vec<Entry>) -> Self {
        // The stable sort would take half as much memory again.
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Self { entries }
    }

    /// Lets equal paths of both manifests share their bytes. Two states of one venv have nearly all paths in common,
    /// which then are not in memory twice.
    pub(crate) fn share_paths(&mut self, other: &Self) {
        let mut rest = other.entries.iter().peekable();
        for entry in &mut self.entries {
            while rest.next_if(|known| known.path < entry.path).is_some() {}
            if let Some(known) = rest.next_if(|known| known.path == entry.path) {
                entry.path = known.path.clone();
            }
        }
    }

    /// All entries in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries by value.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// The entry at a path.
    pub fn get(&self, path: &RelPath) -> Option<&Entry> {
        self.entries.get(self.position(path)?)
    }

    /// Whether a path lies in a directory that could not be read, so that nobody knows what is there.
    pub(crate) fn hides(&self, path: &RelPath) -> bool {
        let above = std::iter::successors(path.parent(), RelPath::parent);
        above
            .filter_map(|dir| self.get(&dir))
            .any(|entry| matches!(entry.node, Node::Unreadable(_)))
    }

    /// What could not be read.
    pub(crate) fn unreadable(&self) -> Vec<RelPath> {
        let unreadable = |entry: &&Entry| matches!(entry.node, Node::Unreadable(_));
        let entries = self.entries.iter().filter(unreadable);
        entries.map(|entry| entry.path.clone()).collect()
    }

    /// Where something is mounted.
    pub(crate) fn mounts(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.node.is_mounted())
    }

    /// Which of the entries is at a path.
    pub fn position(&self, path: &RelPath) -> Option<usize> {
        self.entries
            .binary_search_by(|entry| entry.path.cmp(path))
            .ok()
    }
}
