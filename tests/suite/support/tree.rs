//! An independent eye: walks a tree with the standard library alone and remembers everything about it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Everything about one entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    pub(crate) kind: &'static str,
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    pub(crate) mtime: (i64, i64),
    pub(crate) content: Vec<u8>,
    pub(crate) link: Option<OsString>,
    /// The first path of the group of hard links that it belongs to.
    pub(crate) group: Option<PathBuf>,
    pub(crate) xattrs: Vec<(OsString, Vec<u8>)>,
}

/// A whole tree by path.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tree(pub(crate) BTreeMap<PathBuf, Record>);

impl Tree {
    pub(crate) fn of(root: &Path) -> Self {
        let mut tree = Self::default();
        let mut paths = Vec::new();
        collect(root, Path::new(""), &mut paths);
        paths.sort();
        let mut groups = BTreeMap::new();
        for path in paths {
            let whole = if path.as_os_str().is_empty() {
                root.to_owned()
            } else {
                root.join(&path)
            };
            tree.0
                .insert(path.clone(), record(&whole, &path, &mut groups));
        }
        tree
    }

    /// Without bytecode, which Python may write at any time, and without the times of directories that it touches by
    /// that.
    pub(crate) fn without_bytecode(mut self) -> Self {
        self.0
            .retain(|path, _| !path.iter().any(|part| part == "__pycache__"));
        for record in self
            .0
            .values_mut()
            .filter(|record| record.kind == "directory")
        {
            record.mtime = (0, 0);
        }
        self
    }

    /// Without the hard links that lead out of the tree, as a restore that was interrupted leaves them to its staging,
    /// and as a file system in user space may tell them for a while.
    pub(crate) fn by_itself(mut self) -> Self {
        let mut members: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for group in self.0.values().filter_map(|record| record.group.clone()) {
            *members.entry(group).or_default() += 1;
        }
        for record in self.0.values_mut() {
            record.group.take_if(|group| members[group] < 2);
        }
        self
    }

    #[track_caller]
    pub(crate) fn assert_same(&self, other: &Self, what: &str) {
        let mut wrong = Vec::new();
        for path in self
            .0
            .keys()
            .chain(other.0.keys())
            .collect::<std::collections::BTreeSet<_>>()
        {
            let (a, b) = (self.0.get(path), other.0.get(path));
            if a != b {
                wrong.push(format!("{}: {} | {}", path.display(), brief(a), brief(b)));
            }
        }
        assert!(
            wrong.is_empty(),
            "{what}: {} entries differ\n{}",
            wrong.len(),
            wrong[..wrong.len().min(10)].join("\n")
        );
    }
}

fn brief(record: Option<&Record>) -> String {
    record.map_or_else(
        || "nothing".to_owned(),
        |r| {
            let content =
                String::from_utf8_lossy(&r.content[..r.content.len().min(20)]).into_owned();
            format!(
                "{} {:o} {:?} {:?} {} bytes {content:?} {:?} {:?} {:?}",
                r.kind,
                r.mode,
                r.owner,
                r.mtime,
                r.content.len(),
                r.link,
                r.group,
                r.xattrs
            )
        },
    )
}

fn collect(root: &Path, path: &Path, paths: &mut Vec<PathBuf>) {
    paths.push(path.to_owned());
    let whole = if path.as_os_str().is_empty() {
        root.to_owned()
    } else {
        root.join(path)
    };
    if fs::symlink_metadata(&whole).unwrap().is_dir() {
        for entry in fs::read_dir(&whole).unwrap() {
            collect(root, &path.join(entry.unwrap().file_name()), paths);
        }
    }
}

fn record(whole: &Path, path: &Path, groups: &mut BTreeMap<(u64, u64), PathBuf>) -> Record {
    let meta = fs::symlink_metadata(whole).unwrap();
    let kind = meta.file_type();
    let name = match () {
        () if kind.is_dir() => "directory",
        () if kind.is_file() => "file",
        () if kind.is_symlink() => "symlink",
        () if kind.is_fifo() => "fifo",
        () if kind.is_socket() => "socket",
        () => "device",
    };
    let group = (kind.is_file() && meta.nlink() > 1).then(|| {
        groups
            .entry((meta.dev(), meta.ino()))
            .or_insert_with(|| path.to_owned())
            .clone()
    });
    Record {
        kind: name,
        mode: meta.mode() & 0o7777,
        owner: (meta.uid(), meta.gid()),
        mtime: (meta.mtime(), meta.mtime_nsec()),
        content: if kind.is_file() {
            fs::read(whole).unwrap()
        } else {
            Vec::new()
        },
        link: kind
            .is_symlink()
            .then(|| fs::read_link(whole).unwrap().into_os_string()),
        group,
        xattrs: if kind.is_symlink() {
            Vec::new()
        } else {
            xattrs(whole)
        },
    }
}

fn xattrs(path: &Path) -> Vec<(OsString, Vec<u8>)> {
    let mut names = vec![0_u8; 4096];
    let Ok(len) = rustix::fs::llistxattr(path, &mut names) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for name in names[..len]
        .split(|&b| b == 0)
        .filter(|name| !name.is_empty())
    {
        let mut value = vec![0_u8; 4096];
        let len = rustix::fs::lgetxattr(path, name, &mut value).unwrap();
        found.push((OsString::from_vec(name.to_vec()), value[..len].to_vec()));
    }
    found.sort();
    found
}
