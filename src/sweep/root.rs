//! The files of a machine, below a root: that of this one, or of one that is only looked at.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// Of a schedule or script only so many bytes are read.
const LEN_MAX: u64 = 1 << 20;
/// How a program begins that the processor runs (elf(5)), and how much tells that it is one.
const ELF: &[u8] = b"\x7fELF";
const HEAD_LEN: u64 = 64;
/// Of a directory only so many entries are looked at.
const ENTRIES_MAX: usize = 20_000;
/// A source of a copy that has more entries counts as unknown.
const SOURCE_MAX: usize = 500_000;
/// So many links are followed on the way to a file, as the kernel does (`path_resolution(7)`).
const LINKS_MAX: usize = 40;

/// Where a machine's files lie.
#[derive(Clone, Debug)]
pub(crate) struct Root(pub(crate) PathBuf);

impl Root {
    /// Where a path of that machine lies on this one. Every link on its way is looked up below this root, as if that
    /// machine ran: one that is absolute leads to no file of this machine.
    pub(super) fn real(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(self.below(&self.walked(path, true)?))
    }

    /// The same for an entry itself, which may be a link.
    pub(super) fn real_entry(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(self.below(&self.walked(path, false)?))
    }

    /// Where a path leads on that machine by all links on its way; what is not there stays as it is.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.walked(path, true).unwrap_or_else(|_| path.to_owned())
    }

    /// Whether it is a link.
    pub(super) fn is_link(&self, path: &Path) -> bool {
        self.link(path).is_some()
    }

    /// What a link says.
    pub(super) fn link(&self, path: &Path) -> Option<PathBuf> {
        fs::read_link(self.real_entry(path).ok()?).ok()
    }

    /// Where an entry itself lies on that machine: by all links on its way, which it may be itself.
    pub(crate) fn place(&self, path: &Path) -> PathBuf {
        let place = self.walked(path, false);
        place.unwrap_or_else(|_| path.to_owned())
    }

    /// How that machine calls a path of this one; as it is where it does not lie below this root.
    pub(crate) fn called(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(&self.0) {
            Ok(below) => Path::new("/").join(below),
            Err(_) => path.to_owned(),
        }
    }

    /// Where a path of this machine leads: below this root as that machine follows links, elsewhere as this one does.
    pub(crate) fn led(&self, path: &Path) -> io::Result<PathBuf> {
        let is_own = self.0 == Path::new("/") || !path.starts_with(&self.0);
        if is_own {
            return fs::canonicalize(path);
        }
        let real = self.real(&self.called(path))?;
        fs::symlink_metadata(&real)?;
        Ok(real)
    }

    fn below(&self, path: &Path) -> PathBuf {
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A path part by part, of which the last one may stay a link (as openat2(2) does with `RESOLVE_IN_ROOT`).
    fn walked(&self, path: &Path, follows_last: bool) -> io::Result<PathBuf> {
        let mut at = PathBuf::from("/");
        let mut links = 0;
        let mut todo = parts(path);
        while let Some(part) = todo.pop() {
            if part == ".." {
                at.pop();
                continue;
            }
            let next = at.join(&part);
            let is_asked = follows_last || !todo.is_empty();
            match is_asked.then(|| fs::read_link(self.below(&next))) {
                Some(Ok(_)) if links == LINKS_MAX => {
                    return Err(rustix::io::Errno::LOOP.into());
                }
                Some(Ok(to)) => {
                    links += 1;
                    if to.is_absolute() {
                        at = PathBuf::from("/");
                    }
                    todo.extend(parts(&to));
                }
                _ => at = next,
            }
        }
        Ok(at)
    }

    /// A text; none where there is none or it cannot be read.
    pub(super) fn text(&self, path: &Path) -> Option<String> {
        self.read(path).ok().flatten()
    }

    /// A text; none where there is no such file. The error says why it cannot be read.
    pub(super) fn read(&self, path: &Path) -> Result<Option<String>, String> {
        let read = || {
            // A pipe of that name is no text, and nobody waits for who writes to it.
            let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = rustix::fs::open(self.real(path)?, flags, Mode::empty())?;
            let file = fs::File::from(file);
            if !file.metadata()?.is_file() {
                return Ok(None);
            }
            let mut bytes = Vec::new();
            let mut file = file.take(LEN_MAX);
            (&mut file).take(HEAD_LEN).read_to_end(&mut bytes)?;
            // Of a program no more is wanted than that it is none of text, and many jobs start the same.
            if !bytes.starts_with(ELF) {
                file.read_to_end(&mut bytes)?;
            }
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
        match self.real(dir).and_then(fs::read_dir) {
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

    /// The entries of a directory with what each is; none where it cannot be listed.
    pub(super) fn kinds(&self, dir: &Path) -> Vec<(OsString, fs::FileType)> {
        let entries = self.real(dir).and_then(fs::read_dir);
        let entries = entries.into_iter().flatten().flatten().take(ENTRIES_MAX);
        let mut all: Vec<_> = entries
            .filter_map(|entry| Some((entry.file_name(), entry.file_type().ok()?)))
            .collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// What a path leads to; none where it leads nowhere.
    pub(super) fn meta(&self, path: &Path) -> Option<fs::Metadata> {
        self.real(path).and_then(fs::symlink_metadata).ok()
    }

    /// Whether it is known that no directory has this name.
    pub(super) fn lacks_dir(&self, path: &Path) -> bool {
        use io::ErrorKind::{NotADirectory, NotFound};
        match self.real(path).and_then(fs::symlink_metadata) {
            Ok(meta) => !meta.is_dir(),
            Err(error) => matches!(error.kind(), NotFound | NotADirectory),
        }
    }

    /// Whether it can be run as a program.
    pub(super) fn is_program(&self, path: &Path) -> bool {
        self.meta(path)
            .is_some_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    }

    /// A time of a file, in seconds since 1970: `a` when it was read, `c` when it changed in any way, `B` when it was
    /// made, and else when it changed.
    pub(super) fn time(&self, path: &str, which: char) -> Option<i64> {
        use std::os::unix::fs::MetadataExt;
        let meta = self.meta(Path::new(path))?;
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
        let dir = self.resolve(dir);
        let mut above = dir.ancestors();
        above
            .find(|dir| self.exists(&dir.join(".git")))
            .map(Path::to_owned)
    }

    /// Whether there is anything of this name.
    pub(super) fn exists(&self, path: &Path) -> bool {
        self.real_entry(path).and_then(fs::symlink_metadata).is_ok()
    }

    /// Whether it leads to `/dev/null`, which switches a unit off.
    pub(super) fn is_masked(&self, path: &Path) -> bool {
        self.link(path)
            .is_some_and(|to| to == Path::new("/dev/null"))
    }

    /// All that a directory holds, by paths below it; none where it is not there or too large.
    pub(super) fn contents(&self, dir: &Path) -> Option<HashSet<Vec<u8>>> {
        let top = self.real(dir).ok()?;
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

/// The parts of a path, the last one first.
fn parts(path: &Path) -> Vec<OsString> {
    let part = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    };
    path.components().rev().filter_map(part).collect()
}
