//! The files of a machine, below a root: that of this one, or of one that is only looked at.

use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Of a schedule or script only so many bytes are read.
const LEN_MAX: u64 = 1 << 20;
/// Of a directory only so many entries are looked at.
const ENTRIES_MAX: usize = 20_000;
/// A source of a copy that has more entries counts as unknown.
const SOURCE_MAX: usize = 500_000;

/// Where a machine's files lie.
#[derive(Clone, Debug)]
pub(crate) struct Root(pub(crate) PathBuf);

impl Root {
    /// Where a path of that machine lies on this one.
    pub(super) fn real(&self, path: &Path) -> PathBuf {
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A text; none where there is none or it cannot be read.
    pub(super) fn text(&self, path: &Path) -> Option<String> {
        self.read(path).ok().flatten()
    }

    /// A text; none where there is no such file. The error says why it cannot be read.
    pub(super) fn read(&self, path: &Path) -> Result<Option<String>, String> {
        let real = self.real(path);
        let read = || {
            let file = fs::File::open(&real)?;
            if !file.metadata()?.is_file() {
                return Ok(None);
            }
            let mut bytes = Vec::new();
            file.take(LEN_MAX).read_to_end(&mut bytes)?;
            Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
        };
        match read() {
            Ok(text) => Ok(text),
            Err(error) => match std::io::Error::kind(&error) {
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Ok(None),
                _ => Err(error.to_string()),
            },
        }
    }

    /// The entries of a directory by name, as that machine calls them. The error says why it cannot be listed.
    pub(super) fn list(&self, dir: &Path) -> Result<Vec<PathBuf>, String> {
        match fs::read_dir(self.real(dir)) {
            Ok(entries) => {
                let entries = entries.flatten().take(ENTRIES_MAX);
                let mut names: Vec<PathBuf> =
                    entries.map(|entry| dir.join(entry.file_name())).collect();
                names.sort();
                Ok(names)
            }
            Err(error) => match error.kind() {
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Ok(Vec::new()),
                _ => Err(error.to_string()),
            },
        }
    }

    /// Whether it can be run as a program.
    pub(super) fn is_program(&self, path: &Path) -> bool {
        fs::metadata(self.real(path))
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    }

    /// A time of a file, in seconds since 1970: `a` when it was read, `c` when it changed in any way, `B` when it was
    /// made, and else when it changed.
    pub(super) fn time(&self, path: &str, which: char) -> Option<i64> {
        use std::os::unix::fs::MetadataExt;
        let meta = fs::metadata(self.real(Path::new(path))).ok()?;
        Some(match which {
            'a' => meta.atime(),
            'c' => meta.ctime(),
            'B' => {
                let made = meta.created().ok()?;
                made.duration_since(std::time::UNIX_EPOCH)
                    .ok()?
                    .as_secs()
                    .try_into()
                    .ok()?
            }
            _ => meta.mtime(),
        })
    }

    /// The top of the work tree of git that holds a directory.
    pub(super) fn tree_of(&self, dir: &Path) -> Option<PathBuf> {
        let mut above = dir.ancestors();
        above
            .find(|dir| self.exists(&dir.join(".git")))
            .map(Path::to_owned)
    }

    /// Whether there is anything of this name.
    pub(super) fn exists(&self, path: &Path) -> bool {
        fs::symlink_metadata(self.real(path)).is_ok()
    }

    /// Whether it leads to `/dev/null`, which switches a unit off.
    pub(super) fn is_masked(&self, path: &Path) -> bool {
        fs::read_link(self.real(path)).is_ok_and(|to| to == Path::new("/dev/null"))
    }

    /// All that a directory holds, by paths below it; none where it is not there or too large.
    pub(super) fn contents(&self, dir: &Path) -> Option<HashSet<Vec<u8>>> {
        let top = self.real(dir);
        fs::read_dir(&top).ok()?;
        let mut found = HashSet::new();
        let mut todo = vec![top.clone()];
        while let Some(dir) = todo.pop() {
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                let path = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    todo.push(path.clone());
                }
                let below = path.strip_prefix(&top).ok()?;
                found.insert(below.as_os_str().as_bytes().to_vec());
                if found.len() > SOURCE_MAX {
                    return None;
                }
            }
        }
        Some(found)
    }
}
