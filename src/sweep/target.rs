//! What may be swept: the files of a venv, with all that a sweeper asks of them.

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// So many entries of a venv are looked at.
const ENTRIES_MAX: usize = 2_000_000;
/// So many bytes of a `.gitignore` are read.
const GITIGNORE_MAX: u64 = 64 << 10;

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
    pub(super) device: u64,
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

    fn of(path: PathBuf, meta: &fs::Metadata) -> Self {
        let kind = match meta.file_type() {
            kind if kind.is_dir() => Kind::Dir,
            kind if kind.is_file() => Kind::File,
            kind if kind.is_symlink() => Kind::Link,
            _ => Kind::Other,
        };
        Self {
            path,
            kind,
            size: meta.len(),
            atime: meta.atime(),
            mtime: meta.mtime(),
            ctime: meta.ctime(),
            uid: meta.uid(),
            device: meta.dev(),
        }
    }
}

/// A venv with everything in it and the directories above it, the outer ones first.
#[derive(Debug, Default)]
pub(crate) struct Venv {
    /// Where it stands for those who sweep.
    pub(crate) path: PathBuf,
    pub(super) targets: Vec<Target>,
    /// Whether its own `.gitignore` keeps all of it from git.
    pub(super) ignores_itself: bool,
}

impl Venv {
    /// Looks at a venv, of which schedules say `shown`: another path where they belong to another root.
    pub(crate) fn look(real: &Path, shown: &Path) -> Self {
        let mut venv = Self {
            path: shown.to_owned(),
            targets: Vec::new(),
            ignores_itself: ignores_all(&real.join(".gitignore")),
        };
        let mut above: Vec<(PathBuf, PathBuf)> = Vec::new();
        let pairs = real.ancestors().zip(shown.ancestors()).skip(1);
        above.extend(pairs.map(|(real, shown)| (real.to_owned(), shown.to_owned())));
        above.reverse();
        for (real, shown) in above {
            if let Ok(meta) = fs::symlink_metadata(&real) {
                venv.targets.push(Target::of(shown, &meta));
            }
        }
        venv.add(real, shown.to_owned());
        venv
    }

    fn add(&mut self, real: &Path, shown: PathBuf) {
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
            self.targets.push(Target::of(shown, &meta));
            if self.targets.len() >= ENTRIES_MAX {
                break;
            }
        }
        // A directory comes before what is in it.
        self.targets.sort_by(|a, b| a.path.cmp(&b.path));
    }

    /// The files and links of the venv that are lost where these targets are removed, each with all that is in it.
    pub(super) fn lost<'t>(&'t self, removed: &[&Target]) -> Vec<&'t Path> {
        let own = self
            .targets
            .iter()
            .filter(|one| one.path.starts_with(&self.path) && !one.is_dir());
        let mut tops: Vec<&Path> = removed.iter().map(|one| one.path.as_path()).collect();
        tops.sort();
        let is_gone = |path: &Path| {
            path.ancestors()
                .any(|above| tops.binary_search(&above).is_ok())
        };
        own.map(|one| one.path.as_path())
            .filter(|path| is_gone(path))
            .collect()
    }
}

/// Whether a `.gitignore` names everything beside it, and nothing that is to stay (gitignore(5)). uv writes a line with
/// `*`; virtualenv and Python since 3.13 write a comment before it.
fn ignores_all(path: &Path) -> bool {
    let Ok(file) = fs::File::open(path) else {
        return false;
    };
    let mut text = Vec::new();
    if file.take(GITIGNORE_MAX).read_to_end(&mut text).is_err() {
        return false;
    }
    let lines = || {
        text.split(|&byte| byte == b'\n')
            .map(<[u8]>::trim_ascii_end)
    };
    lines().any(|line| matches!(line, b"*" | b"/*" | b"**"))
        && !lines().any(|line| line.starts_with(b"!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_installers_write_keeps_all_of_a_venv_from_git() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".gitignore");
        assert!(!ignores_all(&path), "there is none");
        for (text, is_so) in [
            ("*", true),
            ("*\n", true),
            ("# created by virtualenv automatically\n*\n", true),
            (
                "# Created by venv; see https://docs.python.org/3/library/venv.html\n*\n",
                true,
            ),
            ("*\r\n", true),
            ("/*\n", true),
            ("", false),
            ("# *\n", false),
            ("*.pyc\n", false),
            ("*\n!bin/\n", false),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(ignores_all(&path), is_so, "{text:?}");
        }
    }
}
