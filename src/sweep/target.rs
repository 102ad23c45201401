//! What may be swept: the files of a venv, with all that a sweeper asks of them.

use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::root::Root;

/// So many entries of a venv are looked at.
const ENTRIES_MAX: usize = 2_000_000;

/// One entry of a venv, or a directory above it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Where it stands for those who sweep.
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    pub(super) size: u64,
    /// Seconds since 1970: last read, changed, and changed in any way.
    pub(super) atime: i64,
    pub(super) mtime: i64,
    pub(super) ctime: i64,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mode: u32,
    /// How many names it has.
    pub(super) links: u64,
    pub(super) inode: u64,
    pub(super) device: u64,
    /// What a link says.
    pub(super) link: Option<Vec<u8>>,
    /// What it is, or what a link leads to; none where that leads nowhere.
    pub(super) leads_to: Option<Kind>,
}

/// What an entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    File,
    Dir,
    Link,
    Other,
}

/// Which time of an entry counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Clock {
    Read,
    Changed,
    AnyChange,
}

impl Target {
    /// Seconds since 1970.
    pub(super) fn time(&self, clock: Clock) -> i64 {
        match clock {
            Clock::Read => self.atime,
            Clock::Changed => self.mtime,
            Clock::AnyChange => self.ctime,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.path.as_os_str().as_bytes()
    }

    pub(super) fn name(&self) -> &[u8] {
        self.path.file_name().unwrap_or_default().as_bytes()
    }

    pub(super) fn is_dir(&self) -> bool {
        self.kind == Kind::Dir
    }

    /// The entry that stands at a path of a machine; none where there is none.
    pub(super) fn at(root: &Root, path: &Path) -> Option<Self> {
        let real = root.real_entry(path).ok()?;
        let meta = fs::symlink_metadata(&real).ok()?;
        Some(Self::of(&real, path.to_owned(), &meta, root))
    }

    /// The entry that stands at `real`, which a machine calls by a path of its own.
    fn of(real: &Path, path: PathBuf, meta: &fs::Metadata, root: &Root) -> Self {
        let kind = Kind::of(meta);
        let link = (kind == Kind::Link).then(|| fs::read_link(real).unwrap_or_default());
        Self {
            leads_to: if kind == Kind::Link {
                root.meta(&path).map(|meta| Kind::of(&meta))
            } else {
                Some(kind)
            },
            path,
            kind,
            size: meta.len(),
            atime: meta.atime(),
            mtime: meta.mtime(),
            ctime: meta.ctime(),
            uid: meta.uid(),
            gid: meta.gid(),
            mode: meta.mode(),
            links: meta.nlink(),
            inode: meta.ino(),
            device: meta.dev(),
            link: link.map(|link| link.into_os_string().into_vec()),
        }
    }
}

impl Kind {
    fn of(meta: &fs::Metadata) -> Self {
        match meta.file_type() {
            kind if kind.is_dir() => Self::Dir,
            kind if kind.is_file() => Self::File,
            kind if kind.is_symlink() => Self::Link,
            _ => Self::Other,
        }
    }
}

/// A venv with everything in it and the directories above it, the outer ones first.
#[derive(Debug)]
pub(crate) struct Venv {
    /// Where it stands for those who sweep.
    pub(crate) path: PathBuf,
    pub(super) targets: Vec<Target>,
    /// The directories above it, the outer ones first: where each is, and how those who sweep call it.
    above: Vec<(PathBuf, PathBuf)>,
    root: Root,
    near: OnceLock<Vec<Target>>,
}

/// Beside a venv so many entries are looked at in each directory.
const NEAR_MAX: usize = 20_000;

impl Venv {
    /// Looks at a venv, of which schedules say `shown`: another path where they belong to another root.
    pub(crate) fn look(root: &Root, real: &Path, shown: &Path) -> Self {
        let pairs = real.ancestors().zip(shown.ancestors()).skip(1);
        let pairs = pairs.map(|(real, shown)| (real.to_owned(), shown.to_owned()));
        let mut above: Vec<(PathBuf, PathBuf)> = pairs.collect();
        above.reverse();
        let mut venv = Self {
            path: shown.to_owned(),
            targets: Vec::new(),
            above,
            root: root.clone(),
            near: OnceLock::new(),
        };
        for (real, shown) in &venv.above {
            if let Ok(meta) = fs::symlink_metadata(real) {
                let target = Target::of(real, shown.clone(), &meta, root);
                venv.targets.push(target);
            }
        }
        venv.add(real, shown.to_owned(), root);
        venv
    }

    /// What stands beside it, and beside the directories above it. Few scripts ask for that, and a directory may have
    /// many entries, so they are looked at when the first one asks.
    pub(super) fn near(&self) -> &[Target] {
        self.near.get_or_init(|| {
            let above = self.above.iter();
            above
                .flat_map(|(real, shown)| self.beside(real, shown))
                .collect()
        })
    }

    /// What stands in a directory above it, without what leads to it.
    fn beside(&self, real: &Path, shown: &Path) -> Vec<Target> {
        let entries = fs::read_dir(real).into_iter().flatten().flatten();
        let entries = entries.take(NEAR_MAX).map(|entry| entry.path());
        let target = |real: PathBuf| {
            let shown = shown.join(real.file_name()?);
            if self.path.starts_with(&shown) {
                return None;
            }
            let meta = fs::symlink_metadata(&real).ok()?;
            Some(Target::of(&real, shown, &meta, &self.root))
        };
        entries.filter_map(target).collect()
    }

    fn add(&mut self, real: &Path, shown: PathBuf, root: &Root) {
        let mut todo = vec![(real.to_owned(), shown)];
        while let Some((real, shown)) = todo.pop() {
            let Ok(meta) = fs::symlink_metadata(&real) else {
                continue;
            };
            if meta.is_dir() {
                let entries = fs::read_dir(&real).into_iter().flatten().flatten();
                let pairs = entries.map(|entry| (entry.path(), shown.join(entry.file_name())));
                todo.extend(pairs);
            }
            self.targets.push(Target::of(&real, shown, &meta, root));
            if self.targets.len() >= ENTRIES_MAX {
                break;
            }
        }
        // A directory comes before what is in it.
        self.targets.sort_by(|a, b| a.path.cmp(&b.path));
    }

    /// The files and links of the venv that are lost where these targets are removed, each with all that is in it.
    pub(super) fn lost<'t>(&'t self, removed: &[&Target]) -> Vec<&'t Path> {
        let leads = |top: &&Path| is_within(top, &self.path) || is_within(&self.path, top);
        let tops = removed.iter().map(|one| one.path.as_path()).filter(leads);
        let mut tops: Vec<&Path> = tops.collect();
        // So it is of nearly all jobs, and each file would be looked at for each of them.
        if tops.is_empty() {
            return Vec::new();
        }
        tops.sort();
        // Both are in the order of paths, in which all that a directory holds follows it.
        let mut tops = tops.into_iter().peekable();
        let mut last: Option<&Path> = None;
        let is_gone = |one: &&Target| {
            while let Some(top) = tops.next_if(|top| *top <= one.path) {
                if !last.is_some_and(|last| is_within(top, last)) {
                    last = Some(top);
                }
            }
            last.is_some_and(|last| is_within(&one.path, last))
        };
        let gone = self.targets.iter().filter(is_gone);
        gone.filter(|one| !one.is_dir() && is_within(&one.path, &self.path))
            .map(|one| one.path.as_path())
            .collect()
    }
}

/// Whether a path is another one or lies below it. Both are as targets have them, without a slash too many, so their
/// bytes tell; a look at each part takes ten times as long.
fn is_within(path: &Path, dir: &Path) -> bool {
    let (path, dir) = (path.as_os_str().as_bytes(), dir.as_os_str().as_bytes());
    let rest = path.strip_prefix(dir);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || dir.ends_with(b"/"))
}
